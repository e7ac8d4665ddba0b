import re
from typing import Any

from django import forms
from django.db import models
from django.http import QueryDict

from pingadmin.resumes.forms import ResumeForm
from pingadmin.web.plain_text import is_all_blank, refuse_control_characters

MAX_MESSAGE_LENGTH = 10_000


class AnswerKind(models.TextChoices):
    """What the buttons of the answer form do; the value is the button's."""

    ANSWER = "answer", "Answer"
    APPROVE = "approve", "Approve and resume"
    INSTRUCT = "instruct", "Send instructions and resume"
    DECLINE = "decline", "Decline and cancel the task"


class MessageField(forms.CharField):
    """A message to an agent, with line breaks. Refuses control characters by name."""

    def __init__(self, **options: Any) -> None:
        too_long = (
            f"Keep the message under {MAX_MESSAGE_LENGTH:,} characters (it has %(show_value)s)."
        )
        super().__init__(
            max_length=MAX_MESSAGE_LENGTH, error_messages={"max_length": too_long}, **options
        )

    def to_python(self, value: object) -> str:
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
        text = super().to_python(text) or ""
        return "" if is_all_blank(text.replace("\n", "")) else text

    def validate(self, value: str) -> None:
        super().validate(value)
        refuse_control_characters(value, allowed="\n")


class AnswerForm(ResumeForm):
    """A message to an agent and what follows it. `question` is the id of the one that it answers.

    A page may send several such ids: the newest one that it showed counts.
    """

    do = forms.ChoiceField(
        choices=AnswerKind.choices,
        error_messages={
            "required": "Click one of the buttons below.",
            "invalid_choice": "Click one of the buttons below.",
        },
    )
    message = MessageField(required=False)
    question = forms.CharField(required=False)

    def clean_question(self) -> int | None:
        # Not a QueryDict where no form was submitted.
        values = self.data.getlist("question") if isinstance(self.data, QueryDict) else []
        ids = [int(value) for value in values if re.fullmatch(r"[0-9]{1,18}", value)]
        return max(ids, default=None)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        needs_text = data.get("do") in (AnswerKind.ANSWER, AnswerKind.INSTRUCT)
        if needs_text and "message" not in self.errors and not data.get("message"):
            self.add_error("message", "Write the message first.")
        return data
