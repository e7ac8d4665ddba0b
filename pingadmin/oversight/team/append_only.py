"""Why the ORM cannot change what the team wrote. Triggers in the database refuse the rest."""


class TeamEntryImmutableError(TypeError):
    """Code tried to change a team entry, or to write one by another way than team.activity."""

    def __init__(self) -> None:
        super().__init__(
            "The team's entries are append-only: write a further one with "
            "pingadmin.oversight.team.activity.add_entry(), and never change or remove one."
        )


class ClientNoteImmutableError(TypeError):
    """Code tried to change a note on a client, or to write several at once."""

    def __init__(self) -> None:
        super().__init__(
            "Notes on clients are append-only: write a further one with "
            "pingadmin.oversight.team.client_notes.write_note(), and never change or remove one."
        )
