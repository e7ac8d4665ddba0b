"""What an open board sends with each poll, as two texts that are short enough for an address.

`shown` names the sessions on the page and the group of each. It stays the same until the page is
loaded again, because no row moves by itself. `since` is the cursor, and moves with each answer.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from pingadmin.oversight.board.sessions import BoardGroup, BoardRow

_CURSOR = re.compile(
    r"(?P<start>\d{12,14})\.(?P<due>\d{12,14})\.(?P<checksum>\d{1,10})"
    r"\.(?P<changes>\d{1,5}-\d{1,5}-[01])"
)
# One letter for each group, and one for rows that stand in none. Pages stay open during an upgrade,
# so a letter keeps its meaning.
_LETTERS: dict[str, str] = {
    BoardGroup.UNKNOWN: "a",
    BoardGroup.PAUSED: "b",
    BoardGroup.FAILING: "c",
    BoardGroup.STALE: "d",
    BoardGroup.WATCHED: "e",
    "": "f",
    BoardGroup.WAITING: "g",
    BoardGroup.SCHEDULED: "h",
}
_GROUPS = {letter: str(group) for group, letter in _LETTERS.items()}
_STEPS = re.compile(r"[0-9a-z]{1,12}(\.[0-9a-z]{1,12})*")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAX_KEY = 2**63 - 1


@dataclass(frozen=True)
class BoardCursor:
    """Where an open board stands; a poll compares it with the present.

    start: changes are looked for from here on. due: when a row next changes by time alone.
    checksum: of everything that had changed since `start`. changes: what the page was last told
    that a reload would change (see BoardChanges).
    """

    start: datetime
    due: datetime
    checksum: int
    changes: str

    def __str__(self) -> str:
        start, due = _to_milliseconds(self.start), _to_milliseconds(self.due)
        return f"{start}.{due}.{self.checksum}.{self.changes}"


def parse_cursor(text: str) -> BoardCursor | None:
    """The cursor that `str(cursor)` wrote; None for anything else."""
    match = _CURSOR.fullmatch(text)
    if not match:
        return None
    return BoardCursor(
        start=_from_milliseconds(match["start"]),
        due=_from_milliseconds(match["due"]),
        checksum=int(match["checksum"]),
        changes=match["changes"],
    )


def encode_shown(rows: list[BoardRow], *, is_grouped: bool) -> str:
    """The sessions of a page by group, for example `a1.2_b5`.

    A letter stands for the group; then follow the steps from each primary key to the next, in base
    36, which keeps a thousand of them under 3 kB.
    """
    keys_by_group: dict[str, list[int]] = {}
    for row in rows:
        keys_by_group.setdefault(row.group if is_grouped else "", []).append(row.session.pk)
    return "_".join(
        _LETTERS[group]
        + ".".join(_base36(key - last) for last, key in pairwise([0, *sorted(keys)]))
        for group, keys in keys_by_group.items()
    )


def decode_shown(text: str, *, max_sessions: int) -> dict[int, str]:
    """Session pk -> group, of what encode_shown() wrote. Raises ValueError for anything else."""
    shown = {}
    for part in filter(None, text.split("_")):
        letter, steps = part[0], part[1:]
        if letter not in _GROUPS or not _STEPS.fullmatch(steps):
            raise ValueError("not a list of sessions")
        key = 0
        for step in steps.split("."):
            key += int(step, 36)
            shown[key] = _GROUPS[letter]
    if len(shown) > max_sessions or any(key > _MAX_KEY for key in shown):
        raise ValueError("too many sessions")
    return shown


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def _to_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _from_milliseconds(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
