import re
from typing import Any

from django import forms
from django.conf import settings

from pingadmin.web.plain_text import OneLineField


class ReasonForm(forms.Form):
    """Why somebody acts, and the ticket that it belongs to."""

    reason = OneLineField(
        max_length=500,
        error_messages={
            "required": "Say why in a few words. Your reason is written to the audit log.",
            "max_length": "Keep the reason under 500 characters (it has %(show_value)s).",
        },
    )
    ticket = forms.CharField(max_length=64, required=False)

    def clean_ticket(self) -> str:
        ticket: str = self.cleaned_data["ticket"]
        if not ticket and settings.TICKET_REQUIRED:
            raise forms.ValidationError("Enter the ticket that this belongs to.")
        if ticket and not re.fullmatch(settings.TICKET_PATTERN, ticket):
            raise forms.ValidationError("This doesn’t look like a ticket. Write it like INC-4412.")
        return ticket


class ResumeForm(ReasonForm):
    """Why a session is resumed or paused. form_token.py signs the hidden field."""

    form_token = forms.CharField(required=False, max_length=4000)
    # Version 0.2.0 called the field so: a form that stays open in an upgrade still works.
    press = forms.CharField(required=False, max_length=4000)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["form_token"] = data.get("form_token") or data.pop("press", "")
        return data


class ResolveForm(forms.Form):
    """Why a person resolves an unknown outcome."""

    note = OneLineField(
        max_length=500,
        error_messages={"required": "Say how you know, or why this can be resolved."},
    )
