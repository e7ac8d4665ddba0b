"""The alarm at the top of every page: which accounts are disconnected, and since when."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from pingadmin.collector import health
from pingadmin.notifications import delivery_status
from pingadmin.web.notices import Notice


@dataclass(frozen=True)
class AlarmNotice:
    """alarms: empty while everything is received; the notice then shows nothing and keeps polling.

    version: what a poll compares. undelivered: how many messages to the team were given up, which
    administrators alone see.
    """

    alarms: list[health.Alarm]
    version: str
    undelivered: int


TEMPLATE = "collector/_alarm.html"


def alarm_notice(request: HttpRequest) -> AlarmNotice | None:
    """The alarm for whoever is signed in; None where no upstream account is configured."""
    if not settings.UPSTREAMS:
        return None
    alarms = health.find_alarms()
    undelivered = delivery_status.count_given_up() if request.user.is_staff else 0
    return AlarmNotice(alarms, health.version_of(alarms), undelivered)


def notices(request: HttpRequest) -> list[Notice]:
    """The alarm as a notice of every page."""
    notice = alarm_notice(request)
    return [Notice(TEMPLATE, notice)] if notice else []
