from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from pingadmin.resumes.forms import ResumeForm
from pingadmin.web.local_time import from_local

AT = "at"
MINUTES = (5, 15, 30, 60)
CHOICES = [
    *((str(minutes), f"in {minutes} minutes") for minutes in MINUTES),
    (AT, "at this time today"),
]
_PASSED = "That time has passed. Write a later one of today, or choose in how many minutes."
_BOTH = "You chose minutes and wrote a time. Choose “at this time today”, or clear the time."


class ScheduleForm(ResumeForm):
    """The form of a resume, with when to send it: in some minutes, or at a time of today.

    A valid one has the moment as `due_at`. Times are in the viewer's zone.
    """

    when = forms.ChoiceField(
        choices=CHOICES,
        initial="15",
        error_messages={
            "required": "Choose when to resume it.",
            "invalid_choice": "Choose one of these: in some minutes, or at a time of today.",
        },
    )
    at = forms.TimeField(
        required=False, error_messages={"invalid": "Write the time as hours and minutes: 14:35."}
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        when, now = data.get("when"), timezone.now()
        if when == AT and "at" in data:
            self._clean_time(data, now)
        elif when and data.get("at"):
            self.add_error("at", _BOTH)
        elif when and when != AT:
            data["due_at"] = now + timedelta(minutes=int(when))
        return data

    def _clean_time(self, data: dict[str, Any], now: datetime) -> None:
        if data["at"] is None:
            self.add_error("at", "Write the time as hours and minutes: 14:35.")
            return
        local = datetime.combine(timezone.localtime(now).date(), data["at"])
        # Of a time that the clocks show twice today, the first that is still to come.
        moments = (from_local(local, is_end=is_end) for is_end in (False, True))
        due_at = next((moment for moment in moments if moment > now), None)
        if due_at is None:
            self.add_error("at", _PASSED)
        else:
            data["due_at"] = due_at
