from typing import Any

from django import forms
from django.contrib.auth.models import AbstractUser
from django.db import models

from pingadmin.oversight.team import assignment
from pingadmin.web.plain_text import refuse_control_characters

MAX_LENGTH = 2000
CANNOT_TAKE_PART = "This person can no longer take part or sign in. Choose somebody else."


class MultilineField(forms.CharField):
    """Plain text with line breaks, up to 2,000 characters. Refuses control characters by name."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        too_long = f"Keep it under {MAX_LENGTH:,} characters (it has %(show_value)s)."
        errors = {"max_length": too_long} | options.pop("error_messages", {})
        super().__init__(max_length=MAX_LENGTH, error_messages=errors, **options)

    def to_python(self, value: object) -> str:
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
        return super().to_python(text) or ""

    def validate(self, value: str) -> None:
        super().validate(value)
        refuse_control_characters(value, allowed="\n")


class NoteForm(forms.Form):
    """A note. `form` is the id of the form, good for one note."""

    text = MultilineField(error_messages={"required": "Write something first."})
    form = forms.UUIDField(required=False)


class AssignAction(models.TextChoices):
    """What the buttons of the assignment do; the value is the button's."""

    TAKE = "take"
    RELEASE = "release"
    ASSIGN = "assign"
    HANDOVER = "handover"


class AssignForm(forms.Form):
    """Whose the session becomes. `seen` is the version of the assignment that its page showed."""

    act = forms.ChoiceField(choices=AssignAction.choices)
    to = forms.ModelChoiceField(
        queryset=assignment.assignable_people(),
        required=False,
        error_messages={"invalid_choice": CANNOT_TAKE_PART},
    )
    summary = MultilineField(required=False)
    seen = forms.CharField(required=False, max_length=40)
    form = forms.UUIDField(required=False)

    def __init__(self, *args: Any, person: AbstractUser, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person = person

    def clean(self) -> dict[str, Any]:
        super().clean()
        act = self.cleaned_data.get("act")
        is_to_missing = not self.cleaned_data.get("to") and "to" not in self.errors
        if act in (AssignAction.ASSIGN, AssignAction.HANDOVER) and is_to_missing:
            self.add_error("to", "Choose a person.")
        # A text is never thrown away: with one, assigning is handing over.
        if act == AssignAction.ASSIGN and self.cleaned_data.get("summary"):
            act = self.cleaned_data["act"] = AssignAction.HANDOVER
        if act == AssignAction.HANDOVER:
            check_handover(self, self.person)
        return self.cleaned_data


class HandoverForm(forms.Form):
    """Several sessions to one person, with one summary."""

    to = forms.ModelChoiceField(
        queryset=assignment.assignable_people(),
        error_messages={"required": "Choose a person.", "invalid_choice": CANNOT_TAKE_PART},
    )
    summary = MultilineField(required=False)
    form = forms.UUIDField(required=False)

    def __init__(self, *args: Any, person: AbstractUser, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person = person

    @property
    def people(self) -> list[AbstractUser]:
        """Whom the sessions can be handed to: everybody else."""
        return list(assignment.assignable_people().exclude(pk=self.person.pk))

    def clean(self) -> dict[str, Any]:
        super().clean()
        check_handover(self, self.person)
        return self.cleaned_data


def check_handover(form: AssignForm | HandoverForm, person: AbstractUser) -> None:
    """Add an error for a missing summary, and for a handover to oneself."""
    if not form.cleaned_data.get("summary") and "summary" not in form.errors:
        form.add_error(
            "summary", "Write a summary: it stays on the session’s page until they take it up."
        )
    if form.cleaned_data.get("to") == person:
        form.add_error("to", "Choose a colleague. To keep it yourself, click “Assign to me”.")
