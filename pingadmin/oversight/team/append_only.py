"""Refuses every ORM path that would change what the team wrote.

The database's triggers refuse the rest.
"""

from typing import Self

from pingadmin.audit.record.append_only import AppendOnlyQuerySet


class TeamEntryImmutableError(TypeError):
    """Somebody tried to change a team entry, or to write one by another way than team.activity."""

    def __init__(self) -> None:
        super().__init__(
            "The team's entries are append-only: write a further one with "
            "pingadmin.oversight.team.activity.add_entry(), and never change or remove one."
        )


class TeamEntryQuerySet(AppendOnlyQuerySet):
    """What the team wrote, to be read and never changed."""

    refusal = TeamEntryImmutableError

    def newest_first(self) -> Self:
        """By id: entries of one moment keep the order in which they were written."""
        return self.order_by("-id")
