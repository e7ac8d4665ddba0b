"""Times of events in whole seconds, computed by the database.

Django's own functions would make SQLite call Python for each row.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Case, Expression, Func, Value, When
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

DAY = 86_400
# No event is older.
_FIRST = datetime(2020, 1, 1, tzinfo=UTC)


class Epoch(Func):
    """Whole seconds since 1970 in UTC."""

    template = "CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s)) AS bigint)"
    output_field = BigIntegerField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        # SQLite rounds a fraction, so it is cut off. Templates and parameters each halve the `%`.
        template = "CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) AS integer)"
        return self.as_sql(compiler, connection, template=template, **context)


def second_of_day(zone: ZoneInfo) -> Expression:
    """Seconds since midnight on the zone's clock when an event happened."""
    return _local(zone) % DAY


def day_of_week(zone: ZoneInfo) -> Expression:
    """The day of the week in that zone when an event happened; Monday is 0."""
    # The first day of 1970 was a Thursday.
    return (_local(zone) / DAY + 3) % 7


def _local(zone: ZoneInfo) -> Expression:
    *earlier, (_, last) = _offsets(zone, timezone.now().date())
    cases = [When(at__lt=until, then=Value(seconds)) for until, seconds in earlier]
    return Epoch("at") + Case(*cases, default=Value(last), output_field=BigIntegerField())


@cache
def _offsets(zone: ZoneInfo, today: date) -> list[tuple[datetime | None, int]]:
    """The zone's offsets from UTC in seconds, each with the moment at which it ends or None."""
    days = [_FIRST + timedelta(days=number) for number in range((today - _FIRST.date()).days + 3)]
    changes = [day for day in days if _offset(zone, day) != _offset(zone, day + timedelta(days=1))]
    offsets = [(_change(zone, day), _offset(zone, day)) for day in changes]
    return [*offsets, (None, _offset(zone, days[-1] + timedelta(days=1)))]


def _change(zone: ZoneInfo, day: datetime) -> datetime:
    """The minute, within a day from there, from which another offset holds."""
    return next(
        moment
        for minute in range(1, 24 * 60 + 1)
        if _offset(zone, moment := day + timedelta(minutes=minute)) != _offset(zone, day)
    )


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None, "a zone always has an offset"
    return int(offset.total_seconds())
