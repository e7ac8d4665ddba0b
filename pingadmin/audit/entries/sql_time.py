"""Times of events as whole seconds, reckoned by the database itself: SQLite would call Python for each row."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Case, Expression, Func, Value, When
from django.utils import timezone

DAY = 86_400
_FIRST = datetime(2020, 1, 1, tzinfo=UTC)  # no event is older


class Epoch(Func):
    """Whole seconds since 1970 in UTC."""

    template = "CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s)) AS bigint)"
    output_field = BigIntegerField()

    def as_sqlite(self, compiler, connection, **context):
        # Without its fraction, which SQLite rounds. Templates and parameters each halve the signs of percent.
        template = "CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) AS integer)"
        return self.as_sql(compiler, connection, template=template, **context)


def second_of_day(zone: ZoneInfo) -> Expression:
    """How far the zone's clock had gone from midnight when an event happened."""
    return _local(zone) % DAY


def day_of_week(zone: ZoneInfo) -> Expression:
    """The day in that zone; Monday is 0. The first day of 1970 was a Thursday."""
    return (_local(zone) / DAY + 3) % 7


def _local(zone: ZoneInfo) -> Expression:
    *earlier, (_, last) = _offsets(zone, timezone.now().date())
    cases = [When(at__lt=until, then=Value(seconds)) for until, seconds in earlier]
    return Epoch("at") + Case(*cases, default=Value(last), output_field=BigIntegerField())


@cache
def _offsets(zone: ZoneInfo, today) -> list[tuple[datetime | None, int]]:
    """The zone's distances from UTC in seconds, each with the moment at which it ends; the last has none."""
    days = [_FIRST + timedelta(days=number) for number in range((today - _FIRST.date()).days + 3)]
    changes = [day for day in days if _offset(zone, day) != _offset(zone, day + timedelta(days=1))]
    found = [(_change(zone, day), _offset(zone, day)) for day in changes]
    return [*found, (None, _offset(zone, days[-1] + timedelta(days=1)))]


def _change(zone: ZoneInfo, day: datetime) -> datetime:
    """The minute, within a day from there, from which another distance holds."""
    return next(
        moment
        for minute in range(1, 24 * 60 + 1)
        if _offset(zone, moment := day + timedelta(minutes=minute)) != _offset(zone, day)
    )


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    return int(moment.astimezone(zone).utcoffset().total_seconds())
