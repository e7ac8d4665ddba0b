"""Which stretch of time a history is asked for: a range that ends now, or from and until."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django import forms
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession

RANGES = {
    "15m": ("15 min", timedelta(minutes=15)),
    "90m": ("90 min", timedelta(minutes=90)),
    "6h": ("6 h", timedelta(hours=6)),
    "24h": ("24 h", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "all": ("All", None),
}
USUAL = "90m"
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stretch:
    """From when until when. name: a key of RANGES, empty where both ends were given."""

    from_at: datetime
    until_at: datetime
    name: str = ""


class RangeForm(forms.Form):
    """?range=90m, or ?from=…&to=…: times in the viewer's zone, or with a zone of their own."""

    range = forms.ChoiceField(
        choices=[(name, label) for name, (label, _) in RANGES.items()], required=False
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for name, label in {"from": "From", "to": "To"}.items():
            widget = forms.DateTimeInput(
                attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
            )
            self.fields[name] = forms.DateTimeField(
                label=label,
                required=False,
                widget=widget,
                error_messages={"invalid": "Write it as 2026-11-22T14:02."},
            )

    def clean(self):
        asked = super().clean()
        begin, end = asked.get("from"), asked.get("to")
        for name, moment in (("from", begin), ("to", end)):
            if moment and not EARLIEST <= moment <= LATEST:
                self.add_error(name, "Choose a time between the years 2000 and 2200.")
        if begin and end and begin >= end:
            self.add_error("to", "Choose an end that is later than the beginning.")
        return asked

    def stretch(self, session: RemoteSession, *, usual: str = USUAL) -> Stretch:
        """What was asked for, of a valid form; an end that was left open is the session's first snapshot, or now."""
        asked, now = self.cleaned_data, timezone.now()
        name = asked["range"] or usual
        if asked["from"] or asked["to"]:
            begin = asked["from"] or min(
                first_seen(session) or now, asked["to"] - timedelta(minutes=1)
            )
            return Stretch(begin, asked["to"] or max(now, begin + timedelta(minutes=1)))
        length = RANGES[name][1]
        begin = now - length if length else first_seen(session) or now - timedelta(minutes=15)
        return Stretch(min(begin, now - timedelta(minutes=1)), now, name)


def first_seen(session: RemoteSession) -> datetime | None:
    """When the session's history begins."""
    return session.snapshots.order_by("first_at", "id").values_list("first_at", flat=True).first()
