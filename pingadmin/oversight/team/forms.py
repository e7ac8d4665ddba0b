import re

from django import forms

from pingadmin.oversight.team import assignment

LONGEST = 2000
# What is left of these after tabs and line breaks cannot be seen, nor typed on purpose.
_UNWANTED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class LinesField(forms.CharField):
    """Plain text with line breaks. Refuses control characters by name, and more than 2,000 characters."""

    widget = forms.Textarea

    def __init__(self, **options):
        longest = f"Keep it under {LONGEST:,} characters (it has %(show_value)s)."
        errors = {"max_length": longest} | options.pop("error_messages", {})
        super().__init__(max_length=LONGEST, error_messages=errors, **options)

    def to_python(self, value):
        value = str(value or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
        return super().to_python(value)

    def validate(self, value):
        super().validate(value)
        unwanted = _UNWANTED.search(value)
        if unwanted:
            raise forms.ValidationError(f"Remove the invisible character U+{ord(unwanted[0]):04X}.")


class NoteForm(forms.Form):
    """A note. `form` is the number of the form, good for one note."""

    text = LinesField(error_messages={"required": "Write something first."})
    form = forms.UUIDField(required=False)


class AssignForm(forms.Form):
    """Whose the session becomes. `seen` is the assignment that the form was drawn from."""

    act = forms.ChoiceField(
        choices=[(act, act) for act in ("take", "release", "assign", "handover")]
    )
    to = forms.ModelChoiceField(
        queryset=None,
        required=False,
        error_messages={
            "invalid_choice": "They may not take part, or not sign in any more: choose somebody else."
        },
    )
    summary = LinesField(required=False)
    seen = forms.CharField(required=False, max_length=40)
    form = forms.UUIDField(required=False)

    def __init__(self, *args, person, **options):
        super().__init__(*args, **options)
        self.person = person
        self.fields["to"].queryset = assignment.people()

    def clean(self):
        given = super().clean()
        if given.get("act") in ("assign", "handover") and not (
            given.get("to") or "to" in self.errors
        ):
            self.add_error("to", "Choose to whom.")
        if given.get("act") == "handover":
            require_summary(self, given)
        return given


class HandoverForm(forms.Form):
    """Several sessions to one person, with one summary."""

    to = forms.ModelChoiceField(
        queryset=None,
        error_messages={
            "required": "Choose to whom.",
            "invalid_choice": "They may not take part, or not sign in any more: choose somebody else.",
        },
    )
    summary = LinesField(required=False)
    form = forms.UUIDField(required=False)

    def __init__(self, *args, person, **options):
        super().__init__(*args, **options)
        self.person = person
        self.fields["to"].queryset = assignment.people().exclude(pk=person.pk)

    def clean(self):
        given = super().clean()
        require_summary(self, given)
        return given


def require_summary(form, given: dict) -> None:
    """A handover tells somebody else something."""
    if not given.get("summary") and "summary" not in form.errors:
        form.add_error(
            "summary",
            "Say what they must know: it stands on the session’s page until they take it up.",
        )
    if given.get("to") == form.person:
        form.add_error("to", "Hand it over to somebody else; to keep it, press “Take it”.")
