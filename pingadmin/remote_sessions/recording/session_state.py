"""The rules by which one observation changes what is known of a session. Pure: no database.

The newest observation wins. Where the stream numbers its events, the sequence says which is newer;
otherwise the time does. A late observation becomes history and changes nothing that is known now.
A counter that falls in a newer observation has been reset.

SessionState and SnapshotState hold the columns of RemoteSession and StatusSnapshot. Model
instances in their place would make each event ten times as expensive.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pingadmin.upstream.records import SessionEvent, SessionRecord

# How far observations of two kinds may overtake each other on their way to us.
RACE = timedelta(seconds=5)
# The longest that an answer can be on its way: one call with its deadline.
CALL = timedelta(seconds=15)
# The smallest difference between two stored times.
TIME_STEP = timedelta(milliseconds=1)
NO_TIME = timedelta()

# newest: it is what we know now. repeated: it was known already. late: something newer is known.
# ambiguous: its counters are lower than the known ones, and nothing says whether it is old or the
# counters were reset.
Classification = Literal["newest", "repeated", "late", "ambiguous"]

# An event that puts a report about "paused" in doubt -> what the report must have said.
DOUBTING_EVENTS = {"session_start": True, "session_end": False}


class Observation(NamedTuple):
    """What one answer or one event says about one session.

    event_kind: the stream's own word for the event, empty for an answer. paused: None where it
    does not say. Counts are in bytes, durations in seconds, None where not reported.
    """

    session_id: str
    at: datetime
    event_kind: str
    sequence: int | None
    state: str
    is_known_state: bool
    client_name: str
    paused: bool | None
    duration_seconds: int | None
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    created_at: datetime | None
    skew_seconds: float | None


@dataclass(slots=True, eq=False)
class SnapshotState:
    """The columns of a StatusSnapshot. id: None until it is stored."""

    id: int | None
    source: str
    state: str
    paused: bool | None
    failure: str
    duration_seconds: int | None
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    uploaded_before_reset: int
    downloaded_before_reset: int
    first_at: datetime
    length: timedelta
    observation_count: int

    def matches(self, observation: Observation) -> bool:
        """Whether an observation says the same. A growing duration alone is no difference."""
        return (
            self.uploaded_bytes == observation.uploaded_bytes
            and self.downloaded_bytes == observation.downloaded_bytes
            and self.state == observation.state
            and self.paused is observation.paused
            and not self.failure
        )


@dataclass(slots=True, eq=False)
class SessionState:
    """The columns of a RemoteSession, and what the current batch adds to its history.

    newest_snapshot: the newest of its history. extended_snapshot: the stored one that the batch
    made longer, where it did. late_by_sequence: the late snapshots whose time does not say where
    they belong. changed_at_text: `changed_at` in the form of bulk_writes.time_text.
    has_changed_facts, has_changed_details: which columns the batch has to write.
    """

    id: int
    session_id: str
    state: str
    is_known_state: bool
    client_name: str
    duration_seconds: int | None
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    uploaded_before_reset: int
    downloaded_before_reset: int
    stream_sequence: int | None
    source: str
    last_seen_at: datetime | None
    first_seen_at: datetime | None
    created_upstream_at: datetime | None
    skew_seconds: float | None
    paused_reported: bool | None
    paused_reported_at: datetime | None
    paused_reported_source: str
    paused_doubted_at: datetime | None
    paused_doubted_by: str
    failure: str
    failure_status: int | None
    failure_message: str
    failing_since: datetime | None
    failed_at: datetime | None
    newest_snapshot: SnapshotState | None = None
    changed_at_text: str = ""
    extended_snapshot: SnapshotState | None = None
    added_snapshots: list[SnapshotState] = field(default_factory=list)
    late_snapshots: list[SnapshotState] = field(default_factory=list)
    late_by_sequence: list[SnapshotState] = field(default_factory=list)
    has_changed_facts: bool = False
    has_changed_details: bool = False

    def start_next_batch(self) -> None:
        """Forget what the batch added: it is stored now."""
        self.extended_snapshot = None
        self.has_changed_facts = self.has_changed_details = False
        # Most batches only extend a snapshot; then the empty list serves again.
        if self.added_snapshots:
            self.added_snapshots = []


def observation_from(record: SessionRecord | SessionEvent) -> Observation:
    """Turns an answer or an event into an observation.

    Events report neither "paused", nor the time of creation, nor the upstream's clock.
    """
    if isinstance(record, SessionEvent):
        return Observation(
            record.session_id, record.received_at, record.kind, record.sequence, record.state, True,
            record.client_name, None, record.duration_seconds, record.uploaded_bytes,
            record.downloaded_bytes, None, None,
        )  # fmt: skip
    return Observation(
        record.session_id, record.answered_at, "", None, record.state, record.is_known_state,
        record.client_name, record.paused, record.duration_seconds, record.uploaded_bytes,
        record.downloaded_bytes, record.created_at, record.skew_seconds,
    )  # fmt: skip


def apply_observation(state: SessionState, observation: Observation, source: str) -> Classification:
    """Changes what is known of a session by one observation, and returns how it was classified.

    Observations that have a sequence come in its order.
    """
    classification = classify(state, observation, source)
    if classification == "newest":
        _carry_counters_over_reset(state, observation)
        _extend_or_add_snapshot(state, observation, source)
        _doubt_paused_report(state, observation)
        _update_facts(state, observation, source)
    elif classification == "late":
        _add_late_snapshot(state, observation, source)
    elif classification == "ambiguous":
        # Nobody can tell what its counters count from, so history keeps it without them.
        without_counters = observation._replace(uploaded_bytes=None, downloaded_bytes=None)
        state.late_snapshots.append(_new_snapshot(state, without_counters, source, observation.at))
    if observation.paused is not None:
        _update_paused_report(state, observation, source)
    return classification


def forget_future(state: SessionState, observation: Observation, now: datetime) -> None:
    """Corrects times that our clock had said before it was set back, or another machine's said.

    Nobody has seen the future, so such a time does not tell which is newer: the order of receipt
    does.
    """
    latest = now + RACE
    if state.last_seen_at is not None and state.last_seen_at > latest:
        state.last_seen_at = observation.at
    if state.paused_reported_at is not None and state.paused_reported_at > latest:
        state.paused_reported_at = observation.at
        state.has_changed_details = True
    if state.paused_doubted_at is not None and state.paused_doubted_at > latest:
        state.paused_doubted_at = observation.at
        state.has_changed_details = True


def classify(state: SessionState, observation: Observation, source: str) -> Classification:
    """How an observation relates to what is known of its session."""
    is_numbered = False
    if observation.sequence is not None and state.stream_sequence is not None:
        is_numbered = True
        if observation.sequence <= state.stream_sequence:
            return "repeated" if observation.sequence == state.stream_sequence else "late"
    if state.last_seen_at is None:
        return "newest"
    # Between two events of the stream, the sequence above has decided: times may be equal or cross.
    if observation.at < state.last_seen_at and not (is_numbered and state.source == source):
        return "late"
    if observation.event_kind != "session_start" and _has_lower_counters(state, observation):
        if state.source != source and _was_overtaken(state, observation, state.last_seen_at):
            return "late"
        if observation.event_kind and not is_numbered:
            return "ambiguous"
    return "newest"


def _has_lower_counters(state: SessionState, observation: Observation) -> bool:
    """Whether the duration fell, or, where one of the two is not reported, a byte counter."""
    if state.duration_seconds is not None and observation.duration_seconds is not None:
        return observation.duration_seconds < state.duration_seconds
    return _is_less(observation.uploaded_bytes, state.uploaded_bytes) or _is_less(
        observation.downloaded_bytes, state.downloaded_bytes
    )


def _was_overtaken(state: SessionState, observation: Observation, last_seen_at: datetime) -> bool:
    """Whether lower counters mean that the observation is older and was longer on its way.

    The other reading is a session that was reset since. Its duration cannot exceed the time since
    we last saw it. An event may wait for long before it reaches us, an answer no longer than a
    call takes.
    """
    passed = (observation.at - last_seen_at).total_seconds()
    race = RACE.total_seconds()
    if state.duration_seconds is None or observation.duration_seconds is None:
        return passed < race
    drop = state.duration_seconds - observation.duration_seconds
    if passed < race and drop < race:
        return True
    return observation.duration_seconds > passed + race and (
        observation.event_kind != "" or drop < CALL.total_seconds()
    )


def _is_less(new: int | None, known: int | None) -> bool:
    return new is not None and known is not None and new < known


def _carry_counters_over_reset(state: SessionState, observation: Observation) -> None:
    """Keeps what a counter had reached before it was reset."""
    uploaded, downloaded = state.uploaded_bytes, state.downloaded_bytes
    if uploaded is not None and _is_less(observation.uploaded_bytes, uploaded):
        state.uploaded_before_reset += uploaded
    if downloaded is not None and _is_less(observation.downloaded_bytes, downloaded):
        state.downloaded_before_reset += downloaded


def _extend_or_add_snapshot(state: SessionState, observation: Observation, source: str) -> None:
    newest = state.newest_snapshot
    if newest is not None and newest.matches(observation):
        newest.length = max(newest.length, observation.at - newest.first_at)
        newest.duration_seconds = observation.duration_seconds
        newest.observation_count += 1
        # One that this batch added is inserted as it is then, and needs no update.
        if newest.id is not None:
            state.extended_snapshot = newest
    else:
        # What is newer by its sequence may carry an earlier time; history stays in order.
        at = observation.at if newest is None else max(observation.at, newest.first_at)
        state.newest_snapshot = _new_snapshot(state, observation, source, at)
        state.added_snapshots.append(state.newest_snapshot)


def _doubt_paused_report(state: SessionState, observation: Observation) -> None:
    """A start after "paused" may mean a resume since; an end after "not paused", a pause."""
    doubted_value = DOUBTING_EVENTS.get(observation.event_kind)
    if (
        doubted_value is not None
        and state.paused_reported is doubted_value
        and state.paused_reported_at is not None
        and observation.at > state.paused_reported_at
    ):
        state.paused_doubted_at = observation.at
        state.paused_doubted_by = observation.event_kind
        state.has_changed_details = True


def _update_facts(state: SessionState, observation: Observation, source: str) -> None:
    state.state = observation.state
    state.is_known_state = observation.is_known_state
    state.client_name = observation.client_name
    state.duration_seconds = observation.duration_seconds
    state.uploaded_bytes = observation.uploaded_bytes
    state.downloaded_bytes = observation.downloaded_bytes
    state.source = source
    seen_at = state.last_seen_at
    # What is newer by its sequence may carry an earlier time, and this time never goes back.
    state.last_seen_at = observation.at if seen_at is None else max(observation.at, seen_at)
    if observation.sequence is not None:
        state.stream_sequence = observation.sequence
    # Events report neither of the two, so what the last answer said of them stays.
    if not observation.event_kind:
        state.created_upstream_at = observation.created_at or state.created_upstream_at
        state.skew_seconds = observation.skew_seconds
        state.has_changed_details = True
    if state.failure:
        state.failure = state.failure_message = ""
        state.failure_status = state.failing_since = state.failed_at = None
        state.has_changed_details = True
    state.first_seen_at = state.first_seen_at or observation.at
    state.has_changed_facts = True


def _update_paused_report(state: SessionState, observation: Observation, source: str) -> None:
    if state.paused_reported_at is None or observation.at >= state.paused_reported_at:
        state.paused_reported = observation.paused
        state.paused_reported_at = observation.at
        state.paused_reported_source = source
        state.has_changed_facts = state.has_changed_details = True


def _add_late_snapshot(state: SessionState, observation: Observation, source: str) -> None:
    at, newest, seen_at = observation.at, state.newest_snapshot, state.last_seen_at
    is_late_by_time = newest is None or seen_at is None or at < seen_at
    if newest is not None and not is_late_by_time:
        # Only its sequence makes it late: it goes before the newest snapshot at least.
        at = min(at, newest.first_at - TIME_STEP)
    snapshot = _new_snapshot(state, observation, source, at)
    state.late_snapshots.append(snapshot)
    if not is_late_by_time:
        state.late_by_sequence.append(snapshot)


def _new_snapshot(
    state: SessionState, observation: Observation, source: str, at: datetime
) -> SnapshotState:
    return SnapshotState(
        None, source, observation.state, observation.paused, "", observation.duration_seconds,
        observation.uploaded_bytes, observation.downloaded_bytes, state.uploaded_before_reset,
        state.downloaded_before_reset, at, NO_TIME, 1,
    )  # fmt: skip
