"""Ana goes on working while somebody tries the demo: one browser is enough to see it live."""

import random
import uuid
from collections.abc import Callable
from itertools import cycle

from pingadmin.accounts.models import User
from pingadmin.audit.record.actors import Actor, ActorKind
from pingadmin.demo.morning.customers import RESTLESS_AGI_ID, RESTLESS_PING, ping_id
from pingadmin.demo.morning.script import ANA
from pingadmin.oversight.team import assignment, notes, presence, watching
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.lookup.look_up import look_up
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.attempts import AttemptBlocked, AttemptRequest
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.resume import AuditLogUnavailable, resume

# She leaves alone what the demo suggests to its visitor.
PAUSED_AGAIN = [
    ("agi", RESTLESS_AGI_ID),
    *(("ping", ping_id(client_id)) for client_id in RESTLESS_PING),
]
FOLLOWED = [
    ("ping", ping_id(name)) for name in ("acme-berlin-002", "umbrella-lab-2", "globex-hq-1")
]
REASONS = ["Data plan extended", "Rate limit passed", "Customer approved", "Driver called again"]
NOTES = [
    "Looked again: traffic is back to normal.",
    "Told the customer that we keep an eye on it.",
    "They restart their gateway at noon.",
]


class Colleague:
    """Acts once at every step, in the same order on every start."""

    def __init__(self) -> None:
        self.person = User.objects.get(username=ANA)
        self._chance = random.Random(7)  # noqa: S311 - the same on every start
        self._acts: cycle[Callable[[], None]] = cycle(
            [self._resume, self._look, self._write_note, self._resume, self._assign, self._watch]
        )

    def step(self) -> None:
        """The next act. One that is not possible now is left out."""
        act = next(self._acts)
        try:
            act()
        except (AttemptBlocked, LimitReached, AuditLogUnavailable, assignment.AssignmentConflict):
            return

    def _resume(self) -> None:
        """Resumes the first of her sessions that turns out to stand still."""
        for alias, session_id in PAUSED_AGAIN:
            session = self._open(alias, session_id)
            if session.state in ("paused", "disconnected"):
                token = FormToken(uuid.uuid4(), None)
                reason, ticket = self._chance.choice(REASONS), "INC-6115"
                resume(AttemptRequest(alias, session_id, reason, ticket, token, by=self._actor()))
                return

    def _look(self) -> None:
        self._open(*self._chance.choice(FOLLOWED))

    def _write_note(self) -> None:
        session = self._open(*self._chance.choice(FOLLOWED))
        notes.write_note(session=session, text=self._chance.choice(NOTES), by=self._actor())

    def _assign(self) -> None:
        """Takes a session, or gives it back."""
        session = self._open(*self._chance.choice(FOLLOWED))
        is_hers = self.person.pk == getattr(getattr(session, "team", None), "assigned_to_id", None)
        assignment.assign(session=session, to=None if is_hers else self.person, by=self._actor())

    def _watch(self) -> None:
        session = self._open(*self._chance.choice(FOLLOWED))
        is_watched = RemoteSession.objects.filter(
            pk=session.pk, team__watched_since__isnull=False
        ).exists()
        act = watching.unwatch if is_watched else watching.watch
        act(session=session, by=self._actor())

    def _open(self, alias: str, session_id: str) -> RemoteSession:
        """As when she opens its page: it is looked up, and she is seen there."""
        look_up(alias, session_id, by=self._actor())
        session = RemoteSession.objects.get(alias=alias, session_id=session_id)
        presence.renew_presence(session=session, person=self.person)
        return session

    def _actor(self) -> Actor:
        return Actor(
            kind=ActorKind.PERSON,
            id=str(self.person.pk),
            name=self.person.username,
            role=self.person.role or "",
            source_address=f"192.0.2.{self.person.pk}",
        )
