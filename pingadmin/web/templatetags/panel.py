"""`{% load panel %}`: the words of web/wording.py as elements that also carry the exact value."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html

from pingadmin.web import wording

register = template.Library()


@register.filter
def moment(when: datetime | None) -> str:
    """A time in the viewer's zone, which the page names once; UTC stands in its title."""
    if when is None:
        return wording.NOT_KNOWN
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        wording.iso_utc(when),
        wording.full_utc(when),
        wording.moment(when, now=timezone.now(), zone=timezone.get_current_timezone()),
    )


@register.filter
def age(when: datetime | None) -> str:
    """How long ago, as `12 s ago`. The script keeps it current from `data-age` (seconds)."""
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
def countdown(when: datetime) -> str:
    """How long until then, as `in 12 min`; `due now` once it came. The script keeps it current."""
    seconds = (when - timezone.now()).total_seconds()
    return format_html(
        '<time datetime="{}" title="{}" data-until="{}">{}</time>',
        wording.iso_utc(when),
        wording.full_utc(when),
        int(seconds),
        wording.countdown(seconds),
    )


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    """Seconds, or a timedelta, as `1 h 12 min`."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    return wording.duration(seconds)


@register.filter
def bytes_human(count: int | None) -> str:
    """A size as `310 MB`, with the exact number of bytes in its title."""
    if count is None:
        return wording.NOT_KNOWN
    element = '<data value="{}" title="{} bytes">{}</data>'
    return format_html(element, count, f"{count:,}", wording.size(count))


@register.filter
def visible(text: object) -> str:
    """Foreign text with its invisible characters spelled out. The template still escapes it."""
    return wording.visible(text)


@register.simple_tag
def viewer_zone() -> str:
    """`Europe/Madrid (UTC+1)`, for the foot of the page."""
    return wording.zone_long(timezone.localtime())


@register.filter
def initials(name: object) -> str:
    """Two letters that stand for a person; a final digit tells people of one name apart."""
    words = str(name).split()
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    letters = str(name).strip()
    second = letters[-1:] if letters[2:] and letters[-1:].isdigit() else letters[1:2]
    return (letters[:1] + second).upper()
