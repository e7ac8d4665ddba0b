"""The range of time that a history is shown for: one that ends now, or from and until."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.web.local_time import LocalDateTimeField

# The name in the address -> the label on the page, and the length (None: all history).
RANGES: dict[str, tuple[str, timedelta | None]] = {
    "15m": ("15 min", timedelta(minutes=15)),
    "90m": ("90 min", timedelta(minutes=90)),
    "6h": ("6 h", timedelta(hours=6)),
    "24h": ("24 h", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "all": ("All", None),
}
LONGEST_DEFAULT_RANGE = "90m"
SHORTEST = timedelta(minutes=1)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TimeRange:
    """From when until when. name: a key of RANGES, empty where either end was typed."""

    from_at: datetime
    until_at: datetime
    name: str = ""


class RangeForm(forms.Form):
    """Reads ?range=90m, or ?from=…&to=…: times in the viewer's zone, or with their own zone."""

    range = forms.ChoiceField(
        choices=[(name, label) for name, (label, _) in RANGES.items()], required=False
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **({"label_suffix": ""} | kwargs))
        # `from` is a keyword of Python and cannot be declared like `range`.
        for name, label in {"from": "From", "to": "To"}.items():
            widget = forms.DateTimeInput(
                attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
            )
            self.fields[name] = LocalDateTimeField(
                label=label,
                is_end=name == "to",
                required=False,
                widget=widget,
                error_messages={"invalid": "Use the form 2026-11-22T14:02."},
            )

    def clean(self) -> dict[str, Any]:
        super().clean()
        from_at, until_at = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        for name, at in (("from", from_at), ("to", until_at)):
            if at and not EARLIEST <= at <= LATEST:
                self.add_error(name, "Choose a time between the years 2000 and 2200.")
        if from_at and until_at and from_at >= until_at:
            self.add_error("to", "Choose an end that is later than the start.")
        return self.cleaned_data

    def time_range_for(self, session: RemoteSession, *, default: str = "") -> TimeRange:
        """Returns the requested range of a valid form.

        default: a key of RANGES; empty for one that fits what is known. An open start is the
        session's first snapshot, an open end is now.
        """
        now = timezone.now()
        from_at, until_at = self.cleaned_data["from"], self.cleaned_data["to"]
        if from_at:
            return TimeRange(from_at, until_at or max(now, from_at + SHORTEST))
        if until_at:
            first_at = find_first_snapshot_at(session) or now
            return TimeRange(min(first_at, until_at - SHORTEST), until_at)
        name = self.cleaned_data["range"] or default or _fitting_range(session, now)
        length = RANGES[name][1]
        if length:
            return TimeRange(now - length, now, name)
        first_at = find_first_snapshot_at(session) or now - timedelta(minutes=15)
        return TimeRange(min(first_at, now - SHORTEST), now, name)


def _fitting_range(session: RemoteSession, now: datetime) -> str:
    """All history where that is short, so that a fresh session's chart isn't mostly empty."""
    longest = RANGES[LONGEST_DEFAULT_RANGE][1]
    first_at = find_first_snapshot_at(session)
    is_short = first_at and longest and now - first_at < longest
    return "all" if is_short else LONGEST_DEFAULT_RANGE


def find_first_snapshot_at(session: RemoteSession) -> datetime | None:
    """When the session's history begins, None where it has none."""
    return session.snapshots.oldest_first().values_list("first_at", flat=True).first()
