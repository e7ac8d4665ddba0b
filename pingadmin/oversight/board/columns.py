"""The board's columns, in one table: the heading, the rows and the stylesheet follow it.

A thousand rows have no room for a class on every cell, so most cells are known by what is in them.
`cell` is the CSS selector that finds them; on narrow screens the stylesheet writes the label there.

What a session is comes first and what can be done with it last; each person chooses the columns in
between, and their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """key: names the column in Python, and its heading in CSS (`col-<key>`)."""

    key: str
    label: str
    cell: str


FIRST = (
    Column("state", "State", cell="td:first-child"),
    Column("session", "Session", cell="label"),
)
CHOICES = (
    Column("client", "Client", cell=".c"),
    Column("paused", "Paused", cell=":is(.p, .u)"),
    Column("traffic", "Down / up", cell=".t"),
    Column("seen", "Last seen", cell="i"),
    Column("team", "Team", cell=".m"),
)
LAST = (Column("resume", "", cell="td:last-child"),)
COLUMNS = (*FIRST, *CHOICES, *LAST)
# Stands for a board without any column of choice: an empty list would mean that none was made.
NONE = "none"


def choose_columns(*wishes: Iterable[str] | None) -> tuple[Column, ...]:
    """The columns of the first wish that was made, or all of them.

    Keys that no column has any more are passed over.
    """
    by_key = {column.key: column for column in CHOICES}
    for wish in wishes:
        if wish is not None:
            chosen = [by_key[key] for key in dict.fromkeys(wish) if key in by_key]
            return (*FIRST, *chosen, *LAST)
    return COLUMNS


def chosen_keys(columns: Iterable[Column]) -> list[str]:
    """The keys of those columns that were a choice."""
    return [column.key for column in columns if column in CHOICES]


def move_up(keys: list[str], key: str) -> list[str]:
    """The keys with one of them a place further to the front."""
    index = keys.index(key)
    start = max(0, index - 1)
    return [*keys[:start], key, *keys[start:index], *keys[index + 1 :]]
