"""Refuses every ORM path that would change what the team wrote. The database's triggers refuse the rest."""

from pingadmin.audit.record.append_only import AppendOnlyQuerySet


class EntryChanged(TypeError):
    """Somebody tried to write an entry by another way than team_log, or to change one."""

    def __init__(self):
        super().__init__(
            "The team's entries are append-only: write a further one with pingadmin.oversight.team.activity.add(), "
            "and never change or remove one."
        )


class OnlyAddedQuerySet(AppendOnlyQuerySet):
    refusal = EntryChanged
