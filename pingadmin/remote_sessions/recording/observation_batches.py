"""Records many observations in one transaction: from the event stream, polls and lists.

Together with observations.py this is the only writer of RemoteSession and StatusSnapshot.
session_state.py has the rules.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from operator import attrgetter

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.remote_sessions.recording.bulk_writes import (
    insert_many,
    insert_missing,
    load_time_texts,
    time_text,
    update_many,
)
from pingadmin.remote_sessions.recording.session_state import (
    TIME_STEP,
    Observation,
    SessionState,
    SnapshotState,
    apply_observation,
    forget_future,
    observation_from,
)
from pingadmin.upstream.records import SessionEvent, SessionRecord

# Rows read at once: each takes one parameter, and SQLite allows 32,766.
CHUNK = 5000
# The most sessions that a cache holds, at about a kilobyte each.
MAX_CACHED = 200_000
# How far back history is searched for a late observation, to tell whether it is there already.
LATE_WINDOW = timedelta(minutes=10)

# The columns of a session in three parts, in the order of SessionState's fields: facts change with
# nearly every observation, details seldom, and an update writes no more than it must.
_STATE_FIELDS = [each.name for each in fields(SessionState)]
_DETAILS_START = _STATE_FIELDS.index("created_upstream_at")
FACT_FIELDS = _STATE_FIELDS[_STATE_FIELDS.index("state") : _DETAILS_START]
DETAIL_FIELDS = _STATE_FIELDS[_DETAILS_START : _STATE_FIELDS.index("newest_snapshot")]
SNAPSHOT_FIELDS = [each.name for each in fields(SnapshotState)][1:]
# What changes when an equal observation extends a snapshot.
EXTENDED_FIELDS = ["length", "duration_seconds", "observation_count"]
# A session that nothing is known of yet: the columns without a default in the database.
EMPTY_SESSION: dict[str, str | bool] = {
    "alias": "",
    "session_id": "",
    "state": "",
    "is_known_state": True,
    "client_name": "",
    "source": "",
    "paused_reported_source": "",
    "paused_doubted_by": "",
    "failure": "",
    "failure_message": "",
}


@dataclass
class BatchCounts:
    """How many observations of a batch were new (written), known already (repeated), or late.

    ambiguous: ids of the sessions with an observation of which nothing says whether its counters
    were reset. It counts as late, and the session should be asked.
    """

    written: int = 0
    repeated: int = 0
    late: int = 0
    ambiguous: set[str] = field(default_factory=set)


class SessionStateCache(dict[str, SessionState]):
    """Session id -> state, of one account. Spares a writer of many batches reading its own writes.

    Every writer moves a row's changed_at, so a row that another process wrote since is read again.
    """


def record_observations(
    alias: str,
    records: Iterable[SessionRecord | SessionEvent],
    source: str,
    cache: SessionStateCache | None = None,
) -> BatchCounts:
    """Records observations of one account's sessions, all or none. Raises django.db.Error.

    Recording the same batch twice changes nothing. Events with a sequence may come in any order,
    all else oldest first.
    """
    observations = _in_sequence([observation_from(record) for record in records])
    try:
        with transaction.atomic():
            counts, states = apply_observations(alias, observations, source, cache)
    except BaseException:
        # The states in the cache have moved on, and the database has not.
        if cache:
            cache.clear()
        raise
    if cache is not None:
        _update_cache(cache, states)
    return counts


def apply_observations(
    alias: str,
    observations: list[Observation],
    source: str,
    cache: SessionStateCache | None = None,
) -> tuple[BatchCounts, dict[str, SessionState]]:
    """record_observations inside the caller's transaction. Also returns each session's state."""
    session_ids = list({observation.session_id: None for observation in observations})
    states = _load_states(alias, session_ids, cache or {})
    _restore_counters(states, observations)
    counts, now = BatchCounts(), timezone.now()
    for observation in observations:
        state = states[observation.session_id]
        forget_future(state, observation, now)
        classification = apply_observation(state, observation, source)
        if classification == "newest":
            counts.written += 1
        elif classification == "repeated":
            counts.repeated += 1
        else:
            counts.late += 1
            if classification == "ambiguous":
                counts.ambiguous.add(observation.session_id)
    dropped = _drop_known_late_snapshots(states.values())
    counts.repeated += dropped
    counts.late -= dropped
    _write_states(states.values())
    return counts, states


def forget_sequences(alias: str, cache: SessionStateCache) -> None:
    """Forgets all sequences of an account whose event stream has started numbering anew."""
    cache.clear()
    RemoteSession.objects.in_account(alias).filter(stream_sequence__isnull=False).update(
        stream_sequence=None
    )


def _in_sequence(observations: list[Observation]) -> list[Observation]:
    """By their sequences where all have one, else as they came."""
    if any(observation.sequence is None for observation in observations):
        return observations
    return sorted(observations, key=attrgetter("sequence"))


def _load_states(
    alias: str, session_ids: list[str], cache: dict[str, SessionState]
) -> dict[str, SessionState]:
    """The state of each session, its row locked. Inserts the rows that are missing."""
    states = _still_current([cache[each] for each in session_ids if each in cache])
    states |= _read_states(alias, [each for each in session_ids if each not in states])
    missing = [each for each in session_ids if each not in states]
    if missing:
        rows = [
            tuple((EMPTY_SESSION | {"alias": alias, "session_id": each}).values())
            for each in missing
        ]
        # Another process may insert the same rows now; whoever did, they are read below.
        insert_missing(RemoteSession, list(EMPTY_SESSION), rows)
        states |= _read_states(alias, missing)
    return states


def _still_current(cached: list[SessionState]) -> dict[str, SessionState]:
    """Those of the cached states whose row nobody else has written since; locks the rows."""
    if not cached:
        return {}
    texts = load_time_texts(RemoteSession, "changed_at", [state.id for state in cached])
    return {
        state.session_id: state for state in cached if texts.get(state.id) == state.changed_at_text
    }


def _read_states(alias: str, session_ids: list[str]) -> dict[str, SessionState]:
    newest = StatusSnapshot.objects.filter(session=OuterRef("pk")).newest_first().values("id")[:1]
    states: dict[str, SessionState] = {}
    by_newest_id: dict[int, SessionState] = {}
    for start in range(0, len(session_ids), CHUNK):
        rows = (
            # Locked in the order of their ids, as load_time_texts does, against deadlocks.
            RemoteSession.objects.select_for_update()
            .filter(alias=alias, session_id__in=session_ids[start : start + CHUNK])
            .order_by("id")
            .values_list(Subquery(newest), "id", "session_id", *FACT_FIELDS, *DETAIL_FIELDS)
        )
        for newest_id, *columns in rows:
            state = states[columns[1]] = SessionState(*columns)
            if newest_id is not None:
                by_newest_id[newest_id] = state
    ids = list(by_newest_id)
    for start in range(0, len(ids), CHUNK):
        snapshots = StatusSnapshot.objects.filter(pk__in=ids[start : start + CHUNK])
        for row in snapshots.values_list("id", *SNAPSHOT_FIELDS):
            by_newest_id[row[0]].newest_snapshot = SnapshotState(*row)
    return states


def _update_cache(cache: SessionStateCache, states: dict[str, SessionState]) -> None:
    if len(cache) > MAX_CACHED:
        cache.clear()
    for session_id, state in states.items():
        if state.late_snapshots:
            # A late snapshot may be the newest by time now, and the cache does not know it.
            cache.pop(session_id, None)
        else:
            state.start_next_batch()
            cache[session_id] = state


def _restore_counters(states: dict[str, SessionState], observations: list[Observation]) -> None:
    """Where the newest observation had no counters, compare the next ones with those before it."""
    with_counters = {
        observation.session_id
        for observation in observations
        if observation.uploaded_bytes is not None or observation.downloaded_bytes is not None
    }
    blank = {
        state.id: state
        for state in (states[session_id] for session_id in with_counters)
        if state.last_seen_at and state.uploaded_bytes is None and state.downloaded_bytes is None
    }
    if not blank:
        return
    rows = StatusSnapshot.objects.filter(session=OuterRef("pk"), uploaded_bytes__isnull=False)
    newest = rows.newest_first().values("id")[:1]
    ids = RemoteSession.objects.filter(pk__in=blank).values_list(Subquery(newest), flat=True)
    snapshots = StatusSnapshot.objects.filter(pk__in=[each for each in ids if each])
    for key, uploaded, downloaded in snapshots.values_list(
        "session_id", "uploaded_bytes", "downloaded_bytes"
    ):
        blank[key].uploaded_bytes, blank[key].downloaded_bytes = uploaded, downloaded


def _drop_known_late_snapshots(states: Iterable[SessionState]) -> int:
    """Drops late snapshots that history holds already, and returns how many.

    The others get their place in history, and the counter base of the row before them.
    """
    with_late = {state.id: state for state in states if state.late_snapshots}
    if not with_late:
        return 0
    oldest_at = min(late.first_at for state in with_late.values() for late in state.late_snapshots)
    history: dict[int, list[SnapshotState]] = defaultdict(list)
    rows = StatusSnapshot.objects.filter(
        session__in=with_late, first_at__gte=oldest_at - LATE_WINDOW
    ).oldest_first()
    for session_key, *columns in rows.values_list("session_id", "id", *SNAPSHOT_FIELDS):
        history[session_key].append(SnapshotState(*columns))
    dropped = 0
    for state in with_late.values():
        stored, kept = history[state.id] + state.added_snapshots, []
        for late in state.late_snapshots:
            if any(_are_equal(late, snapshot) for snapshot in stored):
                dropped += 1
                continue
            # The time of the others says where they belong.
            if late in state.late_by_sequence:
                _move_before_successors(late, stored)
            _copy_counter_base(late, stored, state.id)
            kept.append(late)
            stored.append(late)
        state.late_snapshots = kept
    return dropped


def _are_equal(one: SnapshotState, other: SnapshotState) -> bool:
    return (one.state, one.uploaded_bytes, one.downloaded_bytes, one.paused, one.failure) == (
        other.state, other.uploaded_bytes, other.downloaded_bytes, other.paused, other.failure,
    )  # fmt: skip


def _move_before_successors(late: SnapshotState, stored: list[SnapshotState]) -> None:
    """Gives a late snapshot a time before every row that continues from it.

    Those are the rows with a longer duration since the counters were last reset.
    """
    newest_first = sorted(stored, key=attrgetter("first_at"), reverse=True)
    for snapshot in newest_first:
        if snapshot.first_at > late.first_at:
            continue
        is_after_reset = snapshot.uploaded_before_reset == newest_first[0].uploaded_before_reset
        if not is_after_reset or not _is_shorter(late, snapshot):
            late.first_at = max(late.first_at, snapshot.first_at)
            return
        late.first_at = snapshot.first_at - TIME_STEP


def _is_shorter(one: SnapshotState, other: SnapshotState) -> bool:
    return (
        one.duration_seconds is not None
        and other.duration_seconds is not None
        and one.duration_seconds < other.duration_seconds
    )


def _copy_counter_base(late: SnapshotState, stored: list[SnapshotState], session_key: int) -> None:
    """Counts a late snapshot from the same base as the row before it, or from 0 as the first."""
    before: SnapshotState | StatusSnapshot | None = max(
        (snapshot for snapshot in stored if snapshot.first_at <= late.first_at),
        key=attrgetter("first_at"),
        default=None,
    )
    if before is None:
        earlier = StatusSnapshot.objects.filter(session=session_key).begun_by(late.first_at)
        before = earlier.newest_first().first()
    late.uploaded_before_reset = before.uploaded_before_reset if before else 0
    late.downloaded_before_reset = before.downloaded_before_reset if before else 0


def _write_states(states: Iterable[SessionState]) -> None:
    extended, added, facts, facts_and_details = [], [], [], []
    facts_of, details_of = attrgetter(*FACT_FIELDS), attrgetter(*DETAIL_FIELDS)
    extended_of = attrgetter(*EXTENDED_FIELDS)
    now = timezone.now()
    now_text = time_text(now)
    for state in states:
        added += [(each, state.id) for each in (*state.late_snapshots, *state.added_snapshots)]
        if state.extended_snapshot:
            extended.append((*extended_of(state.extended_snapshot), state.extended_snapshot.id))
        if state.has_changed_details:
            facts_and_details.append((*facts_of(state), *details_of(state), now, state.id))
        elif state.has_changed_facts:
            facts.append((*facts_of(state), now, state.id))
        if state.has_changed_facts or state.has_changed_details:
            # By this text the cache tells our own write from everybody else's.
            state.changed_at_text = now_text
    update_many(StatusSnapshot, EXTENDED_FIELDS, extended)
    _insert_snapshots(added)
    update_many(RemoteSession, [*FACT_FIELDS, "changed_at"], facts)
    update_many(RemoteSession, [*FACT_FIELDS, *DETAIL_FIELDS, "changed_at"], facts_and_details)


def _insert_snapshots(added: list[tuple[SnapshotState, int]]) -> None:
    columns_of = attrgetter(*SNAPSHOT_FIELDS)
    rows = [(*columns_of(snapshot), session_key) for snapshot, session_key in added]
    keys = insert_many(StatusSnapshot, [*SNAPSHOT_FIELDS, "session"], rows)
    for (snapshot, _), key in zip(added, keys, strict=True):
        snapshot.id = key
