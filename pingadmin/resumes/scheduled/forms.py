from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from pingadmin.resumes.forms import ResumeForm
from pingadmin.web.local_time import from_local

# Days from today, by what the form sends.
DAYS = {"at": 0, "tomorrow": 1}
MINUTES = (5, 15, 30, 60)
CHOICES = [
    *((str(minutes), f"in {minutes} minutes") for minutes in MINUTES),
    ("at", "at this time today"),
    ("tomorrow", "at this time tomorrow"),
]
_PASSED = (
    "That time has passed. Write a later one of today, or choose tomorrow or in how many minutes."
)
_BOTH = "You chose minutes and wrote a time. Choose today or tomorrow, or clear the time."


class ScheduleForm(ResumeForm):
    """The form of a resume, with when to send it: in minutes, or at a time of today or tomorrow.

    A valid one has the moment as `due_at`. Times are in the viewer's zone.
    """

    when = forms.ChoiceField(
        choices=CHOICES,
        initial="15",
        error_messages={
            "required": "Choose when to resume it.",
            "invalid_choice": "Choose one of these: in minutes, or at a time of today or tomorrow.",
        },
    )
    at = forms.TimeField(
        required=False, error_messages={"invalid": "Write the time as hours and minutes: 14:35."}
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        when, now = data.get("when"), timezone.now()
        if when in DAYS and "at" in data:
            self._clean_time(data, now)
        elif when and data.get("at"):
            self.add_error("at", _BOTH)
        elif when and when not in DAYS:
            data["due_at"] = now + timedelta(minutes=int(when))
        return data

    def _clean_time(self, data: dict[str, Any], now: datetime) -> None:
        if data["at"] is None:
            self.add_error("at", "Write the time as hours and minutes: 14:35.")
            return
        day = timezone.localtime(now).date() + timedelta(days=DAYS[data["when"]])
        local = datetime.combine(day, data["at"])
        # Of a time that the clocks show twice that day, the first that is still to come.
        moments = (from_local(local, is_end=is_end) for is_end in (False, True))
        due_at = next((moment for moment in moments if moment > now), None)
        if due_at is None:
            self.add_error("at", _PASSED)
        else:
            data["due_at"] = due_at
