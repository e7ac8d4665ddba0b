"""The rules by which one sighting changes what is known of a session. Pure: it sees no database.

The newest wins. Where the stream numbers its events the number says which is newer, else the time does. What is late
is kept as history and changes nothing that is known now. A counter that falls in something newer began anew.
Known and Stretch are the columns of RemoteSession and StatusSnapshot without a model around them, which would cost
ten times as much for each event.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pingadmin.upstream.records import SessionEvent, SessionRecord

# How far answers of two kinds may overtake each other on their way to us.
RACE = timedelta(seconds=5)
CALL = timedelta(seconds=15)
STEP = timedelta(milliseconds=1)
NO_TIME = timedelta()

# newest: it is what we know now. repeated: it was known. late: something newer is known. doubtful: its counters are
# lower than the known ones, and nothing says whether it is old or they began anew.
Verdict = Literal["newest", "repeated", "late", "doubtful"]


class Seen(NamedTuple):
    """One sighting, of whatever kind. kind: the event's own word, empty for an answer that was asked for."""

    session_id: str
    at: datetime
    kind: str
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
class Stretch:
    """A StatusSnapshot. id None: not stored yet."""

    id: int | None
    source: str
    state: str
    paused: bool | None
    failure: str
    duration_seconds: int | None
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    uploaded_before: int
    downloaded_before: int
    first_at: datetime
    lasted: timedelta
    times: int

    def says(self, seen: Seen) -> bool:
        """Whether a sighting says the same; a growing duration alone is no change."""
        return (
            self.uploaded_bytes == seen.uploaded_bytes
            and self.downloaded_bytes == seen.downloaded_bytes
            and self.state == seen.state
            and self.paused is seen.paused
            and not self.failure
        )


@dataclass(slots=True, eq=False)
class Known:
    """A RemoteSession, and what a batch adds to its history. newest: its newest stretch. longer: the one that was
    the newest before, where the batch lengthened it. late_by_number: those of late whose time does not say where they
    belong. stamp: changed_at as many_rows.moment_text gives it."""

    id: int
    session_id: str
    state: str
    is_known_state: bool
    client_name: str
    duration_seconds: int | None
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    uploaded_before: int
    downloaded_before: int
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
    newest: Stretch | None = None
    stamp: str = ""
    longer: Stretch | None = None
    added: list[Stretch] = field(default_factory=list)
    late: list[Stretch] = field(default_factory=list)
    late_by_number: list[Stretch] = field(default_factory=list)
    is_changed: bool = False
    is_changed_beside: bool = False

    def is_written(self) -> None:
        """Be ready for the next batch."""
        self.longer = None
        self.is_changed = self.is_changed_beside = False
        if self.added:
            self.added = []


def seen_of(sighting: SessionRecord | SessionEvent) -> Seen:
    """An event or an answer as the rules take it. Events say nothing of paused, of its making, or of the clock."""
    if type(sighting) is SessionEvent:
        one = sighting
        return Seen(
            one.session_id, one.received_at, one.kind, one.sequence, one.state, True, one.client_name, None,
            one.duration_seconds, one.uploaded_bytes, one.downloaded_bytes, None, None,
        )  # fmt: skip
    one = sighting
    return Seen(
        one.session_id, one.answered_at, "", None, one.state, one.is_known_state, one.client_name, one.paused,
        one.duration_seconds, one.uploaded_bytes, one.downloaded_bytes, one.created_at, one.skew_seconds,
    )  # fmt: skip


def take(known: Known, seen: Seen, source: str) -> Verdict:
    """Change what is known by one sighting, and say how it was taken. Sightings come in the order of their numbers."""
    verdict = _verdict(known, seen, source)
    if verdict == "newest":
        _count_on(known, seen)
        _lengthen_or_add(known, seen, source)
        _doubt_paused(known, seen)
        _learn(known, seen, source)
    elif verdict == "late":
        _keep_late(known, seen, source)
    elif verdict == "doubtful":
        # Nobody can tell what its counters count from.
        unclear = seen._replace(uploaded_bytes=None, downloaded_bytes=None)
        known.late.append(_stretch(known, unclear, source, seen.at))
    if seen.paused is not None:
        _hear_paused(known, seen, source)
    return verdict


def _verdict(known: Known, seen: Seen, source: str) -> Verdict:
    is_numbered = seen.sequence is not None and known.stream_sequence is not None
    if is_numbered and seen.sequence <= known.stream_sequence:
        return "repeated" if seen.sequence == known.stream_sequence else "late"
    if known.last_seen_at is None:
        return "newest"
    if seen.at < known.last_seen_at and not (is_numbered and known.source == source):
        return "late"
    if seen.kind != "session_start" and _falls(known, seen):
        if known.source != source and _was_overtaken(known, seen):
            return "late"
        if seen.kind and not is_numbered:
            return "doubtful"
    return "newest"


def _falls(known: Known, seen: Seen) -> bool:
    if known.duration_seconds is not None and seen.duration_seconds is not None:
        return seen.duration_seconds < known.duration_seconds
    return _is_less(seen.uploaded_bytes, known.uploaded_bytes) or _is_less(
        seen.downloaded_bytes, known.downloaded_bytes
    )


def _was_overtaken(known: Known, seen: Seen) -> bool:
    """Whether what fell is older than what is known, and was longer on its way. A session that began anew since
    cannot have lasted longer than since then. An event may have waited for long, an answer no longer than a call."""
    passed = (seen.at - known.last_seen_at).total_seconds()
    race = RACE.total_seconds()
    if known.duration_seconds is None or seen.duration_seconds is None:
        return passed < race
    fell = known.duration_seconds - seen.duration_seconds
    if passed < race and fell < race:
        return True
    return seen.duration_seconds > passed + race and (
        seen.kind != "" or fell < CALL.total_seconds()
    )


def _is_less(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one < other


def _count_on(known: Known, seen: Seen) -> None:
    """Keep what was counted before a counter fell."""
    if _is_less(seen.uploaded_bytes, known.uploaded_bytes):
        known.uploaded_before += known.uploaded_bytes
    if _is_less(seen.downloaded_bytes, known.downloaded_bytes):
        known.downloaded_before += known.downloaded_bytes


def _lengthen_or_add(known: Known, seen: Seen, source: str) -> None:
    newest = known.newest
    if newest is not None and newest.says(seen):
        newest.lasted = max(newest.lasted, seen.at - newest.first_at)
        newest.duration_seconds = seen.duration_seconds
        newest.times += 1
        if newest.id is not None:
            known.longer = newest
    else:
        at = seen.at if newest is None else max(seen.at, newest.first_at)
        known.newest = _stretch(known, seen, source, at)
        known.added.append(known.newest)


def _doubt_paused(known: Known, seen: Seen) -> None:
    """A start after "paused", or an end after "not paused", may mean that it was resumed or paused since."""
    said = {"session_start": True, "session_end": False}.get(seen.kind)
    if said is not None and known.paused_reported is said and seen.at > known.paused_reported_at:
        known.paused_doubted_at = seen.at
        known.paused_doubted_by = seen.kind
        known.is_changed_beside = True


def _learn(known: Known, seen: Seen, source: str) -> None:
    known.state = seen.state
    known.is_known_state = seen.is_known_state
    known.client_name = seen.client_name
    known.duration_seconds = seen.duration_seconds
    known.uploaded_bytes = seen.uploaded_bytes
    known.downloaded_bytes = seen.downloaded_bytes
    known.source = source
    known.last_seen_at = seen.at if known.last_seen_at is None else max(seen.at, known.last_seen_at)
    if seen.sequence is not None:
        known.stream_sequence = seen.sequence
    if not seen.kind:
        known.created_upstream_at = seen.created_at or known.created_upstream_at
        known.skew_seconds = seen.skew_seconds
        known.is_changed_beside = True
    if known.failure:
        known.failure = known.failure_message = ""
        known.failure_status = known.failing_since = known.failed_at = None
        known.is_changed_beside = True
    known.first_seen_at = known.first_seen_at or seen.at
    known.is_changed = True


def _hear_paused(known: Known, seen: Seen, source: str) -> None:
    if known.paused_reported_at is None or seen.at >= known.paused_reported_at:
        known.paused_reported = seen.paused
        known.paused_reported_at = seen.at
        known.paused_reported_source = source
        known.is_changed = known.is_changed_beside = True


def _keep_late(known: Known, seen: Seen, source: str) -> None:
    """What its time does not call late goes before the newest stretch at least."""
    is_by_time = known.newest is None or seen.at < known.last_seen_at
    at = seen.at if is_by_time else min(seen.at, known.newest.first_at - STEP)
    known.late.append(_stretch(known, seen, source, at))
    if not is_by_time:
        known.late_by_number.append(known.late[-1])


def _stretch(known: Known, seen: Seen, source: str, at: datetime) -> Stretch:
    return Stretch(
        None, source, seen.state, seen.paused, "", seen.duration_seconds, seen.uploaded_bytes, seen.downloaded_bytes,
        known.uploaded_before, known.downloaded_before, at, NO_TIME, 1,
    )  # fmt: skip
