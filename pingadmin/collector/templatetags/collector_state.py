from django import template
from django.conf import settings

from pingadmin.collector import health
from pingadmin.notifications import delivery_status

register = template.Library()


@register.inclusion_tag("collector/_alarm.html", takes_context=True)
def collector_alarm(context):
    """The notice on every page for signed-in people: what is not heard, since when, and what that means."""
    found = health.alarms()
    return {
        "alarms": found,
        "is_asked": bool(settings.UPSTREAMS),
        "version": health.version_of(found),
        "given_up": delivery_status.given_up() if context["user"].is_staff else 0,
        "perms": context["perms"],
    }


@register.filter
def minutes_into(moment, begin) -> int:
    """Whole minutes from one moment to another, at least 0: a place on a strip of 1,440."""
    return max(0, int((moment - begin).total_seconds() // 60))


@register.filter
def minus(number: int, other: int) -> int:
    return number - other
