"""The closed list of ways in which the log, or a checkpoint of it, can be bad, and the sentence for each."""

from dataclasses import dataclass

EDITED = "edited"
MISSING = "missing"
INSERTED = "inserted"
REORDERED = "reordered"
BROKEN_LINK = "broken link"
FORK = "fork"
BAD_MAC = "bad mac"
UNKNOWN_KEY = "unknown key"
UNKNOWN_VERSION = "unknown version"
REWRITTEN = "rewritten"
SHORTER = "shorter than a checkpoint"
BAD_CHECKPOINT = "bad checkpoint"
LOST_CHECKPOINT = "lost checkpoint"
UNREADABLE = "unreadable checkpoints"

_SENTENCES = {
    EDITED: "Event #{seq} was edited: what it says does not give its hash.",
    MISSING: "Event #{seq} is missing.",
    INSERTED: "Event #{seq} was inserted: it does not belong at its place.",
    REORDERED: "Event #{seq} was written as #{written_as}: events were moved.",
    BROKEN_LINK: "Event #{seq} does not follow the event before it: that one was replaced, or this one was inserted.",
    FORK: "Event #{seq} follows the same event as another one: two claim one place.",
    BAD_MAC: "Event #{seq} was not written with the audit key: its MAC is wrong.",
    UNKNOWN_KEY: "Event #{seq} names the key {key_id}, which is neither AUDIT_KEY nor one of AUDIT_OLD_KEYS.",
    UNKNOWN_VERSION: "Event #{seq} has the form version {version}, which this release does not know.",
    REWRITTEN: "Event #{seq} differs from the checkpoint of {at}: the log up to it was rewritten.",
    SHORTER: (
        "The log ends at #{last}, but the checkpoint of {at} stands at #{seq}: "
        "its end was cut off, or an old copy was put in its place."
    ),
    BAD_CHECKPOINT: "The checkpoint in line {line} of {where} cannot be believed: {why}.",
    UNREADABLE: "The checkpoints in {where} cannot be read: {why}.",
    LOST_CHECKPOINT: "The checkpoint at #{seq} of {at} is in {where}, but no longer in {lost_from}.",
}


@dataclass(frozen=True)
class Fault:
    """What is bad: a word of the closed list, the event's seq (None for a checkpoint's line), and a sentence."""

    word: str
    seq: int | None
    sentence: str


def fault(word: str, seq: int | None, **facts) -> Fault:
    """The fault with its sentence filled in."""
    return Fault(word, seq, _SENTENCES[word].format(seq=seq, **facts))
