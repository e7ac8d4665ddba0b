"""Why the team's entries cannot be changed by the ORM. Triggers in the database refuse the rest."""


class TeamEntryImmutableError(TypeError):
    """Code tried to change a team entry, or to write one by another way than team.activity."""

    def __init__(self) -> None:
        super().__init__(
            "The team's entries are append-only: write a further one with "
            "pingadmin.oversight.team.activity.add_entry(), and never change or remove one."
        )
