"""The board's columns, in one table: the heading, the rows and the stylesheet follow it.

A thousand rows have no room for a class on every cell, so most cells are known by what is in them.
`cell` is the CSS selector that finds them; on narrow screens the stylesheet writes the label there.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """key: names the column in Python, and its heading in CSS (`col-<key>`)."""

    key: str
    label: str
    cell: str


COLUMNS = (
    Column("state", "State", cell="td:first-child"),
    Column("session", "Session", cell="label"),
    Column("client", "Client", cell="td:has(label) + td"),
    Column("paused", "Paused", cell=":is(.p, .u)"),
    Column("traffic", "Down / up", cell=".t"),
    Column("seen", "Last seen", cell="i"),
    Column("team", "Team", cell=".m"),
    Column("resume", "", cell="td:last-child"),
)
