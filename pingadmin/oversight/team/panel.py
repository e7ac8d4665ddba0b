"""What a session's page shows of the team, for the person who looks at it.

That is who else views the session, whose it is, what was written, and the forms to take part.
"""

import hashlib
import uuid
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AbstractUser

from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.oversight.team import assignment, presence
from pingadmin.oversight.team.forms import AssignForm, NoteForm
from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.models import RemoteSession

MAX_ENTRIES = 60
MAX_NOTES = 8


@dataclass(frozen=True)
class SessionTeam:
    """The team at one session, as one person sees it.

    entries: newest first. other_viewers: the names of who else has the page open. note_form and
    assign_form: what was typed into a form that was refused, else None; problem: why, a sentence.
    """

    session: RemoteSession
    person: AbstractUser
    may_take_part: bool
    state: TeamState | None
    entries: list[TeamEntry]
    other_viewers: list[str]
    note_form: NoteForm | None
    assign_form: AssignForm | None
    problem: str

    @property
    def assigned_to(self) -> AbstractUser | None:
        return self.state.assigned_to if self.state else None

    @property
    def is_mine(self) -> bool:
        return self.assigned_to == self.person

    @property
    def handover(self) -> TeamEntry | None:
        """The handover that its new owner has not taken up yet."""
        return self.state.handover if self.state else None

    @property
    def needs_care(self) -> bool:
        """Whether to think twice before acting: somebody else views it, or it is theirs."""
        return bool(self.other_viewers) or bool(self.assigned_to and not self.is_mine)

    @property
    def notes(self) -> list[TeamEntry]:
        """The newest entries with a text: notes, and the summaries of handovers."""
        return [entry for entry in self.entries if entry.text][:MAX_NOTES]

    @property
    def assignment_version(self) -> str:
        return assignment.assignment_version(self.state)

    @cached_property
    def form_id(self) -> str:
        """The id of a form that is rendered here and now."""
        return str(uuid.uuid4())

    @property
    def note_version(self) -> int:
        """Changes with each note of this person: a colleague's note must not clear their field."""
        return self._newest_own(TeamEntry.Kind.NOTE)

    @property
    def handover_version(self) -> int:
        return self._newest_own(TeamEntry.Kind.HANDOVER)

    @property
    def version(self) -> str:
        """Changes with everything that the page's poll refreshes."""
        card = build_card(self.session)
        content = (
            self.other_viewers,
            self.state and self.state.watched_since,
            self.assignment_version,
            self.assigned_to and self.assigned_to.pk,
            self.session.changed_at,
            card.is_doubted,
            str(card.paused.value),
            self.entries[0].pk if self.entries else 0,
        )
        return hashlib.sha256(repr(content).encode()).hexdigest()[:12]

    def _newest_own(self, kind: TeamEntry.Kind) -> int:
        """The pk of this person's newest entry of a kind, 0 where there is none."""
        by_id = str(self.person.pk)
        own = (entry.pk for entry in self.entries if entry.kind == kind and entry.by_id == by_id)
        return next(own, 0)


def load_team(
    session: RemoteSession,
    person: AbstractUser,
    *,
    note_form: NoteForm | None = None,
    assign_form: AssignForm | None = None,
    problem: str = "",
) -> SessionTeam:
    """The team at a session, in three queries."""
    # A session that was never recorded has no row that anything could be attached to.
    is_recorded = session.pk is not None
    states = TeamState.objects.select_related("assigned_to", "handover")
    return SessionTeam(
        session=session,
        person=person,
        may_take_part=is_recorded and person.has_perm(assignment.PERMISSION),
        state=states.filter(session=session).first() if is_recorded else None,
        entries=list(session.team_entries.newest_first()[:MAX_ENTRIES]) if is_recorded else [],
        other_viewers=presence.other_viewers(session, person) if is_recorded else [],
        note_form=note_form,
        assign_form=assign_form,
        problem=problem,
    )
