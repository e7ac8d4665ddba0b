"""Where the morning happens: a simulator and the panel's own functions, under one clock.

Nothing is written here but through what a page, the collector or a command calls too.
"""

import uuid
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from time import monotonic

from pingadmin import upstream
from pingadmin.accounts.models import User
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor, ActorKind
from pingadmin.audit.review.reviews import mark_entry
from pingadmin.demo.morning.clock import MorningClock
from pingadmin.demo.simulator.server import Simulator
from pingadmin.demo.simulator.sessions import Happened, PingSession
from pingadmin.demo.simulator.world import World
from pingadmin.oversight.team import notes, watching
from pingadmin.remote_sessions.conversation.reading import read_for_person
from pingadmin.remote_sessions.conversation.reports import report_waits
from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.lookup.look_up import look_up
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observation_batches import (
    SessionStateCache,
    record_observations,
)
from pingadmin.resumes.attempts import AttemptRequest
from pingadmin.resumes.bulk import lifecycle, worker
from pingadmin.resumes.bulk.selection import SelectedSession
from pingadmin.resumes.form_token import FormToken, issue_form_token, read_form_token
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.resume import resume
from pingadmin.resumes.scheduled.lifecycle import ScheduleRequest, schedule_resume
from pingadmin.upstream.ping import STATE_AFTER_EVENT
from pingadmin.upstream.records import SessionEvent

HEARTBEAT = timedelta(minutes=2)
LIST_EVERY = timedelta(minutes=20)


class ObservedWorld(World):
    """A world whose events come at once, as the panel's own stream reader would give them."""

    def __init__(self, clock: MorningClock) -> None:
        self.events: list[SessionEvent] = []
        super().__init__(clock=clock.seconds, heartbeat_seconds=HEARTBEAT.total_seconds())

    def publish(self, session: PingSession, events: list[Happened]) -> None:
        for kind, at in events:
            counters = session.counters(at)
            self.events.append(
                SessionEvent(
                    session.session_id,
                    kind,
                    STATE_AFTER_EVENT[kind],
                    client_name=session.client_id,
                    sequence=None,
                    duration_seconds=counters["duration"],
                    uploaded_bytes=counters["uploaded_bytes"],
                    downloaded_bytes=counters["downloaded_bytes"],
                    received_at=datetime.fromtimestamp(at, UTC),
                )
            )


class Stage:
    """people: username -> the person. Every step is taken at the time that `at` moved on to."""

    def __init__(self, clock: MorningClock, simulator: Simulator, world: ObservedWorld) -> None:
        self.clock, self.simulator, self.world = clock, simulator, world
        self.people: dict[str, User] = {}
        self._cache = SessionStateCache()
        self._is_watching = True
        self._watched_until: dict[str, datetime | None] = {"ping": None, "agi": None}

    def at(self, minutes_before_now: float) -> None:
        """Let time pass, and what is heard of the sessions meanwhile be recorded."""
        until = self.clock.ends_at - timedelta(minutes=minutes_before_now)
        while self.clock.now < until:
            self.clock.now = min(until, self.clock.now + HEARTBEAT)
            with self.world.now():
                pass
            if self._is_watching:
                self._list_if_due()
        self._record_events()

    def stop_watching(self, reason: str) -> None:
        """From now on nothing is heard of Ping's sessions, as when the event stream breaks off."""
        self._record_events()
        coverage.end_watching("ping", self.clock.now, reason)
        self._is_watching, self._watched_until["ping"] = False, None

    def resume_watching(self) -> None:
        self.world.events.clear()
        self._is_watching = True

    def actor(self, name: str) -> Actor:
        person = self.people[name]
        return Actor(
            kind=ActorKind.PERSON,
            id=str(person.pk),
            name=person.username,
            role=person.role or "",
            source_address=f"192.0.2.{person.pk}",
        )

    def session(self, alias: str, session_id: str) -> RemoteSession:
        return RemoteSession.objects.get(alias=alias, session_id=session_id)

    def look(self, name: str, alias: str, session_id: str) -> None:
        look_up(alias, session_id, by=self.actor(name))

    def read_conversation(self, name: str, session_id: str) -> None:
        """Somebody opens the session's page, and the panel learns whether its agent waits."""
        read_for_person(self.session("agi", session_id), by=self.actor(name))
        report_waits()

    def pause(self, session_id: str) -> None:
        """The customer's own system pauses a Ping session."""
        with self.world.now() as now:
            session = self.world.ping[session_id]
            self.world.publish(session, session.pause(now))
        self._record_events()

    def resume(
        self,
        name: str,
        alias: str,
        session_id: str,
        reason: str,
        ticket: str = "",
        *,
        waited_seconds: float = 0,
    ) -> Attempt:
        """waited_seconds: how long the request lay before the panel got to it."""
        request = AttemptRequest(
            alias,
            session_id,
            reason,
            ticket,
            form_token=self._form_token(name, alias, session_id),
            by=self.actor(name),
            asked_at=monotonic() - waited_seconds,
        )
        return resume(request).attempt

    def resume_later(
        self, name: str, alias: str, session_id: str, minutes: float, reason: str, ticket: str
    ) -> None:
        """Schedules a resume."""
        schedule_resume(
            ScheduleRequest(
                self.session(alias, session_id),
                self.clock.now + timedelta(minutes=minutes),
                reason,
                ticket,
                form_token=self._form_token(name, alias, session_id),
                by=self.actor(name),
            )
        )

    def resume_all(self, name: str, session_ids: list[str], reason: str, ticket: str) -> None:
        """A bulk resume of Ping sessions."""
        items = [
            (SelectedSession("ping", each), self._form_token(name, "ping", each))
            for each in session_ids
        ]
        request = lifecycle.BulkRequest(items, reason, ticket, token=uuid.uuid4())
        bulk, _ = lifecycle.start_bulk_resume(request, by=self.actor(name))
        worker.run(bulk, by=self.actor(name))

    def write_note(self, name: str, alias: str, session_id: str, text: str) -> None:
        notes.write_note(session=self.session(alias, session_id), text=text, by=self.actor(name))

    def watch(self, name: str, alias: str, *session_ids: str) -> None:
        for each in session_ids:
            watching.watch(session=self.session(alias, each), by=self.actor(name))

    def mark(self, name: str, attempt: Attempt, state: str, note: str = "") -> None:
        """A reviewer marks the entry of an attempt."""
        seq = attempt.intent_seq
        assert seq is not None, "an attempt has its intent in the log"
        last_seq = AuditEvent.objects.of_entry(seq).newest_first().values_list("seq", flat=True)[0]
        mark_entry(
            head_seq=seq, state=state, note=note, last_seen_seq=last_seq, by=self.actor(name)
        )

    def _form_token(self, name: str, alias: str, session_id: str) -> FormToken:
        """As the form of the session's page has it: with what the page showed."""
        person_id = str(self.people[name].pk)
        value = issue_form_token(self.session(alias, session_id), person_id=person_id)
        return read_form_token(value, alias=alias, session_id=session_id, person_id=person_id)

    def _record_events(self) -> None:
        if not self._is_watching:
            return
        with self.world.changed:
            events, self.world.events = self.world.events, []
        events.sort(key=attrgetter("received_at"))
        record_observations("ping", events, "stream", self._cache)
        self._extend_watching("ping")

    def _list_if_due(self) -> None:
        listed_at = self._watched_until["agi"]
        if listed_at and self.clock.now - listed_at < LIST_EVERY:
            return
        listing = upstream.api_for("agi").list_sessions()
        record_observations("agi", listing.sessions, "list")
        self._extend_watching("agi")

    def _extend_watching(self, alias: str) -> None:
        coverage.extend_watching(alias, self.clock.now, since=self._watched_until[alias])
        self._watched_until[alias] = self.clock.now
