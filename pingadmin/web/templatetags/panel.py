"""`{% load panel %}`: the words of web/wording.py as elements that also carry the exact value."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html

from pingadmin.web import wording

register = template.Library()


@register.filter
def moment(when: datetime | None):
    """A time in the viewer's zone, zone printed; UTC in its title."""
    if when is None:
        return wording.NOT_KNOWN
    words = wording.moment(when, now=timezone.now(), zone=timezone.get_current_timezone())
    return _time(when, words)


@register.filter
def age(when: datetime | None):
    """How long ago, as `12 s ago`; the script keeps it current from `data-age` (seconds)."""
    if when is None:
        return wording.NOT_KNOWN
    seconds = (timezone.now() - when).total_seconds()
    return format_html(
        '<time datetime="{}" title="{}" data-age="{}">{}</time>',
        wording.iso_utc(when),
        wording.full_utc(when),
        int(seconds),
        wording.age(seconds),
    )


@register.filter
def duration(seconds):
    """Seconds, or a timedelta, as `1 h 12 min`."""
    return wording.duration(
        seconds.total_seconds() if hasattr(seconds, "total_seconds") else seconds
    )


@register.filter
def bytes_human(count: int | None):
    """A size as `310 MB`, the exact number of bytes in its title."""
    if count is None:
        return wording.NOT_KNOWN
    element = '<data value="{}" title="{} bytes">{}</data>'
    return format_html(element, count, f"{count:,}", wording.size(count))


@register.filter
def visible(text):
    """Foreign text with its invisible characters shown; the template still escapes it."""
    return wording.visible(text)


@register.simple_tag
def viewer_zone() -> str:
    """`Europe/Madrid (UTC+1)`, for the foot of the page."""
    return wording.zone_long(timezone.localtime())


@register.filter
def initials(name) -> str:
    """Two letters that stand for a person; a number at the end tells people of one name apart."""
    words = str(name).split()
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    first, second, *rest = str(name).strip().ljust(2)
    return (first + (rest[-1] if rest and rest[-1].isdigit() else second)).strip().upper()


def _time(when: datetime, words: str):
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        wording.iso_utc(when),
        wording.full_utc(when),
        words,
    )
