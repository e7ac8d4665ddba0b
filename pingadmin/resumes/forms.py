import re

from django import forms
from django.conf import settings

# Line breaks and tabs became spaces before; what is left of these cannot be seen, nor typed on purpose.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_reason(text: str) -> str:
    """A reason as one line of plain text. Raises ValidationError naming the character that is refused."""
    text = " ".join(text.split())
    unwanted = _UNWANTED.search(text)
    if unwanted:
        raise forms.ValidationError(f"Remove the invisible character U+{ord(unwanted[0]):04X}.")
    return text


class ResumeForm(forms.Form):
    """Why a session is resumed or paused. `press` is the signed memory of what the page showed (see press.py)."""

    reason = forms.CharField(
        max_length=500,
        error_messages={
            "required": "Say why, in a few words: it is written to the audit log.",
            "max_length": "Keep the reason under 500 characters (it has %(show_value)s).",
        },
    )
    ticket = forms.CharField(max_length=64, required=False)
    press = forms.CharField(required=False, max_length=4000)

    def clean_reason(self):
        return clean_reason(self.cleaned_data["reason"])

    def clean_ticket(self):
        ticket = self.cleaned_data["ticket"]
        if not ticket and settings.TICKET_REQUIRED:
            raise forms.ValidationError("Give the ticket that this belongs to.")
        if ticket and not re.fullmatch(settings.TICKET_PATTERN, ticket):
            raise forms.ValidationError(
                "This does not look like a ticket: write it as in INC-4412."
            )
        return ticket


class CloseForm(forms.Form):
    """Why a person ends an unknown outcome."""

    note = forms.CharField(
        max_length=500,
        error_messages={"required": "Say how you know, or why the question may be closed."},
    )

    def clean_note(self):
        return clean_reason(self.cleaned_data["note"])
