"""The closed list of what can be wrong with the log or with its checkpoints."""

from dataclasses import dataclass
from typing import Self

from django.db import models


class FaultKind(models.TextChoices):
    """The word that is stored and exported; its label is the sentence, with gaps for details."""

    EDITED = "edited", "Event #{seq} was edited: its content does not match its hash."
    MISSING = "missing", "Event #{seq} is missing."
    INSERTED = "inserted", "Event #{seq} was inserted: it does not belong at its place."
    REORDERED = "reordered", "Event #{seq} was written as #{written_as}: events were moved."
    BROKEN_LINK = (
        "broken link",
        "Event #{seq} does not follow the event before it: "
        "that one was replaced, or this one was inserted.",
    )
    FORK = "fork", "Event #{seq} follows the same event as another one: two claim one place."
    BAD_MAC = "bad mac", "Event #{seq} was not written with the audit key: its MAC is wrong."
    UNKNOWN_KEY = (
        "unknown key",
        "Event #{seq} names the key {key_id}, "
        "which is neither AUDIT_KEY nor one of AUDIT_OLD_KEYS.",
    )
    UNKNOWN_VERSION = (
        "unknown version",
        "Event #{seq} has schema version {version}, which this release does not know.",
    )
    REWRITTEN = (
        "rewritten",
        "Event #{seq} differs from the checkpoint of {at}: the log up to it was rewritten.",
    )
    SHORTER = (
        "shorter than a checkpoint",
        "The log ends at #{last_seq}, but the checkpoint of {at} stands at #{seq}: "
        "its end was cut off, or an old copy was put in its place.",
    )
    REFERENCED = (
        "shorter than a reference",
        "The log ends at #{last_seq}, but {what} names event #{seq}: the log was emptied or its "
        "end cut off, or it belongs to another database.",
    )
    BAD_CHECKPOINT = (
        "bad checkpoint",
        "The checkpoint in line {line} of {place} cannot be trusted: {reason}.",
    )
    LOST_CHECKPOINT = (
        "lost checkpoint",
        "The checkpoint at #{seq} of {at} is in {place}, but no longer in {lost_from}.",
    )
    UNREADABLE = "unreadable checkpoints", "The checkpoints in {place} cannot be read: {reason}."


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. seq: the event's number, None where it is not about one event."""

    kind: FaultKind
    seq: int | None
    sentence: str

    @classmethod
    def of(cls, kind: FaultKind, seq: int | None, **details: object) -> Self:
        """A fault of that kind; the details fill the gaps in its sentence."""
        return cls(kind, seq, str(kind.label).format(seq=seq, **details))

    def as_dict(self) -> dict[str, str | int | None]:
        """As verification runs store it and `audit_verify --json` prints it."""
        return {"word": self.kind.value, "seq": self.seq, "sentence": self.sentence}
