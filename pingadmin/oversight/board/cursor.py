"""The two texts by which an open board says where it stands, each short enough for an address.

`shown` names the sessions that stand on the page and the group of each; it stays as it is, because rows do not move
by themselves. The mark (`since`) moves with each answer: see Mark.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pingadmin.oversight.board.listing import GROUPS, Row

_MARK = re.compile(
    r"(?P<start>\d{12,14})\.(?P<due>\d{12,14})\.(?P<sum>\d{1,10})\.(?P<news>\d{1,5}-\d{1,5}-[01])"
)
_LETTERS = dict(zip([*GROUPS, ""], "abcdef", strict=True))
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Mark:
    """start: from when on changes are asked for. due: when the next thing changes by time alone. sum: of all that had
    changed since `start`. news: what the page was told that a reload would change."""

    start: datetime
    due: datetime
    sum: int
    news: str

    def __str__(self):
        return f"{_milliseconds(self.start)}.{_milliseconds(self.due)}.{self.sum}.{self.news}"


def read_mark(text: str) -> Mark | None:
    """The mark that `str(mark)` wrote, None for anything else."""
    match = _MARK.fullmatch(text)
    if not match:
        return None
    return Mark(_moment(match["start"]), _moment(match["due"]), int(match["sum"]), match["news"])


def write_shown(rows: list[Row], *, grouped: bool) -> str:
    """The sessions of a page and their groups: steps between keys, base 36."""
    parts = {}
    for row in rows:
        parts.setdefault(row.group if grouped else "", []).append(row.known.pk)
    return "_".join(_LETTERS[group] + _steps(sorted(keys)) for group, keys in parts.items())


def read_shown(text: str, *, most: int) -> dict[int, str]:
    """Session pk -> group, of what `write_shown` wrote. Raises ValueError for anything else."""
    groups, shown = {letter: group for group, letter in _LETTERS.items()}, {}
    for part in filter(None, text.split("_")):
        if part[0] not in groups or not re.fullmatch(
            r"[0-9a-z]{1,12}(\.[0-9a-z]{1,12})*", part[1:]
        ):
            raise ValueError("not a list of sessions")
        key = 0
        for step in part[1:].split("."):
            key += int(step, 36)
            shown[key] = groups[part[0]]
    if len(shown) > most or any(key >= 2**63 for key in shown):
        raise ValueError("too many sessions")
    return shown


def _steps(keys: list[int]) -> str:
    return ".".join(_base36(key - before) for before, key in zip([0, *keys], keys, strict=False))


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
