"""`{% load time_strip %}`: positions on the strip that draws the newest 24 hours, one unit a
minute.
"""

from datetime import datetime

from django import template

register = template.Library()


@register.filter
def minutes_into(moment: datetime, begin: datetime) -> int:
    """Whole minutes from one moment to another, at least 0."""
    return max(0, int((moment - begin).total_seconds() // 60))


@register.filter
def minus(number: int, other: int) -> int:
    return number - other
