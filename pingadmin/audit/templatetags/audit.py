"""`{% load audit %}`: what templates about audit events and tickets need beyond `panel`."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django import template
from django.conf import settings

from pingadmin.audit.actions import Description, action_named, field_label
from pingadmin.audit.entries import labels, stored_json
from pingadmin.audit.models import AuditEvent

register = template.Library()


@register.filter
def ticket_address(ticket: str) -> str:
    """Where the ticket can be read, by TICKET_URL; "" where that is not set."""
    if not settings.TICKET_URL:
        return ""
    return settings.TICKET_URL.replace("{ticket}", quote(ticket, safe=""))


@register.filter
def event_heading(event: AuditEvent) -> str:
    return labels.event_heading(event).text


@register.filter
def event_tone(event: AuditEvent) -> str:
    """The name of the colour of an event's dot."""
    return labels.event_heading(event).tone


@register.filter
def upstream_message(event: AuditEvent) -> str:
    """The upstream's own words in an event's detail."""
    return stored_json.upstream_message(event)


@register.filter
def description(event: AuditEvent) -> Description:
    """What an event stores, in the sentences of its feature."""
    return action_named(event.action).describe(event)


@register.filter
def labelled(stored: str, said: frozenset[str] = frozenset()) -> list[tuple[str, object]]:
    """Stored JSON as (label, value) pairs for people, with times as datetimes.

    said: the names that sentences have told already. What cannot be read is shown as it is, as one
    pair.
    """
    content = stored_json.read_stored(stored)
    if content is None:
        return [("Unreadable", stored)]
    return [
        (field_label(name), _readable(value))
        for name, value in content.items()
        if name != "message" and name not in said and value not in ("", None)
    ]


@register.filter
def is_time(value: object) -> bool:
    return isinstance(value, datetime)


def _readable(value: Any) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return _parse_time(value) or value


def _parse_time(value: Any) -> datetime | None:
    """The time that a text states with its zone, where every zone can show it."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo and 1970 <= moment.year < 3000 else None
