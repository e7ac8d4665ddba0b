"""Plain text that people type into forms."""

import re
import unicodedata

from django import forms
from django.core.exceptions import ValidationError

# C0 and C1 control characters, and halves of surrogate pairs: nobody sees or means to type them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


# Letters and signs, says Unicode, which all fonts leave blank.
BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def is_all_blank(text: str) -> bool:
    """Whether a text, which may be empty, shows nothing."""
    return all(
        character in BLANK_LETTERS or unicodedata.category(character) in {"Zs", "Cf"}
        for character in text
    )


def refuse_control_characters(text: str, *, allowed: str = "") -> None:
    """Raise a ValidationError that names the first control character outside of `allowed`."""
    for match in _CONTROL.finditer(text):
        if match[0] not in allowed:
            raise ValidationError(f"Remove the invisible character U+{ord(match[0]):04X}.")


class OneLineField(forms.CharField):
    """Plain text that is stored on one line, and counted as it is stored.

    A browser sends two characters for each line break and counts one. Refuses control characters
    by name.
    """

    def to_python(self, value: object) -> str:
        text = " ".join(str(value or "").split())
        return "" if is_all_blank(text) else text

    def validate(self, value: str) -> None:
        super().validate(value)
        refuse_control_characters(value)
