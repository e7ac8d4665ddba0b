"""What a session's page shows of the team: who looks, whose it is, what was written, and the forms to take part."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.oversight.team import assignment, presence
from pingadmin.oversight.team.forms import AssignForm, NoteForm
from pingadmin.remote_sessions.display.card import card_for
from pingadmin.remote_sessions.models import RemoteSession

ENTRIES = 60
NOTES = 8


@dataclass(frozen=True)
class Team:
    """The team at one session, for one person. entries: newest first. others: the names of who else looks.

    note_form and assign_form hold what was typed where it was refused, else None; problem is why, in a sentence.
    """

    session: RemoteSession
    person: object
    may_take_part: bool
    state: TeamState | None
    entries: list[TeamEntry]
    others: list[str]
    note_form: NoteForm | None
    assign_form: AssignForm | None
    problem: str

    @property
    def assigned_to(self):
        return self.state and self.state.assigned_to

    @property
    def is_mine(self) -> bool:
        return self.assigned_to == self.person

    @property
    def handover(self) -> TeamEntry | None:
        """The handover that nobody has taken up yet."""
        return self.state and self.state.handover

    @property
    def is_somebody_elses(self) -> bool:
        """Whether to think twice before acting: another looks, or it is another's."""
        return bool(self.others) or bool(self.assigned_to and not self.is_mine)

    @property
    def written(self) -> list[TeamEntry]:
        """The newest notes and handovers."""
        return [entry for entry in self.entries if entry.text][:NOTES]

    @cached_property
    def people(self) -> list:
        """Whom it can be given to."""
        return list(assignment.people())

    @property
    def seen(self) -> str:
        return assignment.stamp(self.state)

    @cached_property
    def form(self) -> str:
        """The number of a form drawn here and now."""
        return str(uuid.uuid4())

    @property
    def note_version(self) -> int:
        """Changes with each note of this person: their next one starts afresh, others' notes wipe nothing."""
        return self._newest_own("note")

    @property
    def handover_version(self) -> int:
        return self._newest_own("handover")

    @property
    def version(self) -> str:
        """Changes with everything that the page looks after by itself."""
        state, card = self.state, card_for(self.session)
        shown = [
            self.others,
            state and state.watched_since,
            self.seen,
            self.assigned_to and self.assigned_to.pk,
        ]
        shown += [self.session.changed_at, card.doubted, card.paused.value]
        newest = self.entries[0].pk if self.entries else 0
        return hashlib.sha256(repr([*shown, newest]).encode()).hexdigest()[:12]

    def _newest_own(self, kind: str) -> int:
        by_id = str(self.person.pk)
        return next(
            (entry.pk for entry in self.entries if entry.kind == kind and entry.by_id == by_id), 0
        )


@dataclass(frozen=True)
class EntryMoment:
    """An entry among the moments of a timeline."""

    entry: TeamEntry

    @property
    def at(self) -> datetime:
        return self.entry.at

    @property
    def meaning(self) -> str:
        return "accent" if self.entry.text else "idle"


def team_at(
    session: RemoteSession, person, *, note_form=None, assign_form=None, problem: str = ""
) -> Team:
    """Three queries, and one more for those who may take part, whatever was written."""
    is_known = session.pk is not None
    return Team(
        session=session,
        person=person,
        may_take_part=is_known and person.has_perm(assignment.PERMISSION),
        state=_state(session) if is_known else None,
        entries=list(session.team_entries.order_by("-id")[:ENTRIES]) if is_known else [],
        others=presence.others_at(session, person) if is_known else [],
        note_form=note_form,
        assign_form=assign_form,
        problem=problem,
    )


def with_entries(moments: list, team: Team) -> list:
    """A timeline's moments with the team's among them, newest first."""
    return sorted(
        [*moments, *map(EntryMoment, team.entries)], key=lambda moment: moment.at, reverse=True
    )


def _state(session: RemoteSession) -> TeamState | None:
    return (
        TeamState.objects.select_related("assigned_to", "handover").filter(session=session).first()
    )
