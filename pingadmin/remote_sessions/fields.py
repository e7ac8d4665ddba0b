"""Model fields that keep a snapshot's row small. In Python the values are what they always were.

History is the largest table by far, so a row's bytes are what a disk and a seek cost (docs/decisions/12).
"""

from datetime import UTC, datetime, timedelta

from django.db import models
from django.utils.timezone import is_naive

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# Stands before a word that could be taken for a code.
LITERAL = "="


class MillisecondField(models.BigIntegerField):
    """An aware datetime as whole milliseconds since 1970, UTC, rounded down: 6 bytes on SQLite where text takes 26."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else EPOCH + value * MILLISECOND

    def to_python(self, value):
        return super().to_python(value) if isinstance(value, str | int) else value

    def get_prep_value(self, value):
        if isinstance(value, datetime):
            return milliseconds(value)
        return super().get_prep_value(value)

    def get_internal_type(self):
        return "BigIntegerField"


class SpanField(models.BigIntegerField):
    """A timedelta as whole milliseconds, rounded down; none at all, which is most of them, is stored as NULL and costs
    no byte."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **(kwargs | {"null": True, "default": timedelta}))

    def from_db_value(self, value, expression, connection):
        return (value or 0) * MILLISECOND

    def to_python(self, value):
        return super().to_python(value) if isinstance(value, str | int) else value

    def get_prep_value(self, value):
        if isinstance(value, timedelta):
            return value // MILLISECOND or None
        return super().get_prep_value(value)

    def get_internal_type(self):
        return "BigIntegerField"


class WordField(models.CharField):
    """A word; those of `codes` (word -> one letter) are stored as their letter, any other as it is.

    Compares whole words alone: a look-up inside a word would search the letters.
    """

    def __init__(self, *args, codes: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.codes = codes
        self._words = {code: word for word, code in codes.items()}

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"codes": self.codes}

    def from_db_value(self, value, expression, connection):
        if value is None or len(value) == 0:
            return value
        return self._words.get(value, value) if len(value) == 1 else value.removeprefix(LITERAL)

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        if value in self.codes:
            return self.codes[value]
        # One letter may be a code, and the mark itself is taken off again by who reads.
        return (
            f"{LITERAL}{value}"
            if value and (len(value) == 1 or value.startswith(LITERAL))
            else value
        )


class BaseField(models.BigIntegerField):
    """A count that is nearly always 0, which is stored as NULL and so costs nothing on PostgreSQL."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **(kwargs | {"null": True, "default": 0}))

    def from_db_value(self, value, expression, connection):
        return value or 0

    def get_prep_value(self, value):
        return super().get_prep_value(value) or None

    def get_internal_type(self):
        return "BigIntegerField"


class NarrowForeignKey(models.ForeignKey):
    """A foreign key of four bytes on PostgreSQL (2,147,483,647 rows to point at), without an index of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **(kwargs | {"db_index": False}))

    def db_type(self, connection):
        return "integer" if connection.vendor == "postgresql" else super().db_type(connection)


def milliseconds(when: datetime) -> int:
    """Whole milliseconds since 1970, rounded down. Raises ValueError for a time without a zone."""
    if is_naive(when):
        raise ValueError(f"A time without a zone cannot be stored: {when!r}")
    return (when - EPOCH) // MILLISECOND
