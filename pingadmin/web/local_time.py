"""Times that people type in their own zone, where clocks are changed.

Of an hour that happens twice, a beginning means the earlier one and an end the later one, so that a
range leaves nothing out. A time that the clocks skip means the moment so long after the change.
"""

import zoneinfo
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone


@cache
def zone_names() -> frozenset[str]:
    """The names of all time zones that this machine knows."""
    return frozenset(zoneinfo.available_timezones())


def from_local(moment: datetime, *, is_end: bool) -> datetime:
    """The moment, in UTC, of a time without a zone; one with a zone stays what it is."""
    if timezone.is_aware(moment):
        return moment
    zone = timezone.get_current_timezone()
    found = moment.replace(tzinfo=zone, fold=int(is_end)).astimezone(UTC)
    is_skipped = found.astimezone(zone).replace(tzinfo=None) != moment
    return moment.replace(tzinfo=zone).astimezone(UTC) if is_skipped else found


class LocalDateTimeField(forms.DateTimeField):
    """A time as browsers send it, in the viewer's zone. is_end: it ends a range."""

    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._is_end = is_end

    def to_python(self, value: Any) -> datetime | None:
        try:
            moment: datetime | None = super().to_python(value)
        except ValidationError as error:
            # Django refuses what a clock shows twice or never.
            if error.code != "ambiguous_timezone":
                raise
            moment = None
        try:
            # Django would have taken the earlier one for an end too.
            return from_local(datetime.fromisoformat(str(value)), is_end=self._is_end)
        except ValueError:
            return moment
