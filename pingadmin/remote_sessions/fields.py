"""Model fields that keep a snapshot's row small. Values in Python are the ordinary ones.

History is the largest table by far, so the bytes of a row decide what a disk and an index seek
cost (docs/decisions/12).
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable
from django.utils.timezone import is_naive

if TYPE_CHECKING:
    # The stubs say that an integer field holds numbers. In Python these fields hold times.
    _TimeField = models.Field[datetime | Combinable, datetime]
    _DurationField = models.Field[timedelta | Combinable, timedelta]
    _CharField = models.CharField[str | Combinable, str]
    _CountField = models.BigIntegerField[int | Combinable, int]
    _ForeignKey = models.ForeignKey[Any, Any]
else:
    _TimeField = _DurationField = _CountField = models.BigIntegerField
    _CharField = models.CharField
    _ForeignKey = models.ForeignKey

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# Precedes a stored word that could be mistaken for a code.
ESCAPE = "="


class MillisecondField(_TimeField):
    """Stores an aware datetime as whole milliseconds since 1970 in UTC, rounded down.

    It takes 6 bytes on SQLite, where a time stored as text takes 26.
    """

    _pyi_private_set_type: datetime | Combinable
    _pyi_private_get_type: datetime

    def from_db_value(
        self, value: int | None, expression: object, connection: BaseDatabaseWrapper
    ) -> datetime | None:
        return None if value is None else EPOCH + value * MILLISECOND

    def to_python(self, value: Any) -> Any:
        return super().to_python(value) if isinstance(value, str | int) else value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return milliseconds(value)
        return super().get_prep_value(value)

    def get_internal_type(self) -> str:
        return "BigIntegerField"


class MillisecondDurationField(_DurationField):
    """Stores a timedelta as whole milliseconds, rounded down.

    Most durations are zero. Zero is stored as NULL, which takes no bytes.
    """

    _pyi_private_set_type: timedelta | Combinable
    _pyi_private_get_type: timedelta

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"null": True, "default": timedelta}))

    def from_db_value(
        self, value: int | None, expression: object, connection: BaseDatabaseWrapper
    ) -> timedelta:
        return (value or 0) * MILLISECOND

    def to_python(self, value: Any) -> Any:
        return super().to_python(value) if isinstance(value, str | int) else value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, timedelta):
            return value // MILLISECOND or None
        return super().get_prep_value(value)

    def get_internal_type(self) -> str:
        return "BigIntegerField"


class CodedCharField(_CharField):
    """Stores the words in `codes` (word -> one letter) as their letter, any other word as it is.

    Compares whole words only: a lookup such as `contains` would search the letters.
    """

    # A new word does not change the column: without this, SQLite would copy the whole table.
    non_db_attrs = (*models.CharField.non_db_attrs, "codes")

    def __init__(self, *args: Any, codes: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = codes
        self._words = {code: word for word, code in codes.items()}

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, list(args), kwargs | {"codes": self.codes}

    def from_db_value(
        self, value: str | None, expression: object, connection: BaseDatabaseWrapper
    ) -> str | None:
        if value is None or len(value) == 0:
            return value
        return self._words.get(value, value) if len(value) == 1 else value.removeprefix(ESCAPE)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value in self.codes:
            return self.codes[value]
        # A single letter would be read as a code, and a leading escape would be stripped on read.
        if value and (len(value) == 1 or value.startswith(ESCAPE)):
            return f"{ESCAPE}{value}"
        return value


class ZeroAsNullField(_CountField):
    """A count that is nearly always 0, which is stored as NULL and takes no bytes."""

    _pyi_private_set_type: int | Combinable
    _pyi_private_get_type: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"null": True, "default": 0}))

    def from_db_value(
        self, value: int | None, expression: object, connection: BaseDatabaseWrapper
    ) -> int:
        return value or 0

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value) or None

    def get_internal_type(self) -> str:
        return "BigIntegerField"


class NarrowForeignKey(_ForeignKey):
    """A foreign key of four bytes on PostgreSQL, without an index of its own.

    It can point to rows with ids up to 2,147,483,647.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"db_index": False}))

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "integer" if connection.vendor == "postgresql" else super().db_type(connection)


def milliseconds(when: datetime) -> int:
    """Returns whole milliseconds since 1970, rounded down. Raises ValueError for a naive time."""
    if is_naive(when):
        raise ValueError(f"A time without a zone cannot be stored: {when!r}")
    return (when - EPOCH) // MILLISECOND
