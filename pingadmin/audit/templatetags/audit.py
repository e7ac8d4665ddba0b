"""`{% load audit %}`: what audit templates, and templates that speak of tickets, need beyond `panel`."""

import json
from datetime import datetime
from urllib.parse import quote

from django import template
from django.conf import settings

from pingadmin.audit.entries import labels

register = template.Library()


@register.filter
def ticket_address(ticket: str) -> str:
    """Where the ticket can be read, by TICKET_URL; '' where that is not set."""
    return (
        settings.TICKET_URL.replace("{ticket}", quote(ticket, safe=""))
        if settings.TICKET_URL
        else ""
    )


@register.filter
def moment_heading(event) -> str:
    return labels.of_moment(event)[0]


@register.filter
def moment_meaning(event) -> str:
    return labels.of_moment(event)[1]


@register.filter
def facts(stored: str, left_out: str = "") -> list[tuple[str, object]]:
    """Stored JSON as (label, value) pairs for people; times as datetimes. What cannot be read is one pair."""
    content = _content(stored)
    if content is None:
        return [("Unreadable", stored)]
    names = [
        name for name, value in content.items() if name != left_out and value not in ("", None)
    ]
    return [(labels.of_fact(name), _fact(content[name])) for name in names]


@register.filter
def message(stored: str) -> str:
    """The upstream's own words in a stored detail."""
    return (_content(stored) or {}).get("message") or ""


@register.filter
def is_time(value) -> bool:
    return isinstance(value, datetime)


def _content(stored: str) -> dict | None:
    try:
        content = json.loads(stored) if stored else {}
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _fact(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return _moment(value) or value


def _moment(value) -> datetime | None:
    """The time that a text states with its zone, unless other zones have no such time."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo and 1970 <= moment.year < 3000 else None
