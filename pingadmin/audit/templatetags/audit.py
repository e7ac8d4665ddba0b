"""`{% load audit %}`: what audit templates, and templates that speak of tickets, need beyond `panel`."""

import json
from datetime import datetime
from urllib.parse import quote

from django import template
from django.conf import settings

from pingadmin.audit import words

register = template.Library()


@register.filter
def ticket_address(ticket: str) -> str:
    """Where the ticket can be read, by TICKET_URL; '' where that is not set."""
    return settings.TICKET_URL.replace("{ticket}", quote(ticket, safe="")) if settings.TICKET_URL else ""


@register.filter
def moment_heading(event) -> str:
    return words.of_moment(event)[0]


@register.filter
def moment_meaning(event) -> str:
    return words.of_moment(event)[1]


@register.filter
def facts(stored: str) -> list[tuple[str, object]]:
    """Stored JSON as (label, value) pairs for people; times as datetimes. What is no JSON object is one pair."""
    try:
        content = json.loads(stored) if stored else {}
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return [("Unreadable", stored)]
    return [
        (words.of_action(name), _fact(value)) for name, value in content.items() if value not in ("", None)
    ]


@register.filter
def is_time(value) -> bool:
    return isinstance(value, datetime)


def _fact(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and "T" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment if moment.tzinfo else value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
