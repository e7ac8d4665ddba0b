"""A session's timeline, newest first: what was observed, failures, gaps, and what people did."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from pingadmin.audit.entries.entries import AuditEntry, entries_for_session
from pingadmin.remote_sessions.display.card import STATE_TONES, format_state
from pingadmin.remote_sessions.fields import EPOCH, MILLISECOND
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.web import wording

# The most that a page shows; older ones are in the CSV file and the audit log.
MAX_SNAPSHOTS, MAX_RUNS = 5000, 300
MAX_GAPS = 50
MAX_AUDIT_ENTRIES = 50
_NEWEST_SNAPSHOTS = f"""
    SELECT id, first_at, lasted, times, state, paused, failure
    FROM {StatusSnapshot._meta.db_table}
    WHERE session_id = %s ORDER BY first_at DESC, id DESC LIMIT %s
"""  # noqa: S608 - the table's name is our own


@dataclass
class TimelineItem:
    """One line of the timeline: equal observations, failures, a gap, or an audit entry.

    until_at: None for a gap that continues. tone: the name of its colour. note: what to say of
    the first observation of all.
    """

    at: datetime
    until_at: datetime | None
    tone: str
    text: str
    source: str = ""
    observation_count: int = 1
    is_failure: bool = False
    is_gap: bool = False
    note: str = ""
    audit_entry: AuditEntry | None = None


class Timeline(NamedTuple):
    """items: newest first. hidden_before: items older than this may have been left out for their
    number; None where all are there."""

    items: list[TimelineItem]
    hidden_before: datetime | None


@dataclass
class SnapshotRun:
    """Neighbouring snapshots that differ in nothing but their counters and duration.

    newest_id: of the newest of them. first_ms: milliseconds since 1970.
    """

    newest_id: int
    first_ms: int
    observation_count: int


class SnapshotRow(NamedTuple):
    """The columns of a snapshot that a timeline needs, as the database stores them."""

    id: int
    first_ms: int
    length_ms: int | None
    observation_count: int
    state: str
    paused: object
    failure: str

    @property
    def last_ms(self) -> int:
        return self.first_ms + (self.length_ms or 0)

    def shows_same_as(self, other: "SnapshotRow") -> bool:
        return self[4:] == other[4:]


def build_timeline(
    session: RemoteSession, loaded_snapshots: Iterable[StatusSnapshot] = ()
) -> Timeline:
    """Returns the newest items of a session's timeline. The number of queries is constant.

    loaded_snapshots: what the caller has read already, to spare reading it again.
    """
    rows = _load_rows(session)
    gaps = _visible_gaps(session, _datetime_from(rows[-1].first_ms)) if rows else []
    runs = _join_equal_snapshots(rows[:MAX_SNAPSHOTS], gaps)
    observations = _observation_items(
        runs[:MAX_RUNS], {snapshot.pk: snapshot for snapshot in loaded_snapshots}
    )
    has_hidden_runs = len(rows) > MAX_SNAPSHOTS or len(runs) > MAX_RUNS
    if has_hidden_runs and observations:
        # A gap before the oldest observation shown would claim that nothing came before it.
        oldest_at = observations[-1].at
        gaps = [gap for gap in gaps if gap.until_at is None or gap.until_at > oldest_at]
    elif observations:
        # Without the upstream's own time of creation, nothing says how old it was by then.
        may_be_older = session.created_upstream_at is None
        observations[-1].note = "first seen by us" + (", may be older" if may_be_older else "")
    return _merge(
        (observations, has_hidden_runs),
        ([_gap_item(gap, observations) for gap in gaps[-MAX_GAPS:]], len(gaps) > MAX_GAPS),
        load_audit_items(session),
    )


def load_audit_items(session: RemoteSession) -> tuple[list[TimelineItem], bool]:
    """The newest audit entries of a session, newest first, and whether there are more."""
    # One more than is shown tells, without counting, whether any is hidden.
    entries = entries_for_session(session.alias, session.session_id, limit=MAX_AUDIT_ENTRIES + 1)
    items = [_audit_item(entry) for entry in entries[:MAX_AUDIT_ENTRIES]]
    return items, len(entries) > MAX_AUDIT_ENTRIES


def _merge(*parts: tuple[list[TimelineItem], bool]) -> Timeline:
    """Puts the items of all parts in order. Each part says whether some of its items are hidden."""
    items = chain.from_iterable(part for part, _ in parts)
    oldest_shown = [min(item.at for item in part) for part, is_cut in parts if is_cut and part]
    return Timeline(
        sorted(items, key=lambda item: item.at, reverse=True), max(oldest_shown, default=None)
    )


def _load_rows(session: RemoteSession) -> list[SnapshotRow]:
    """Newest first, one more than is shown.

    Plain SQL: an event every 30 s makes thousands of rows in two days, and a model instance for
    each would take longer than the rest of the page.
    """
    if session.pk is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_SNAPSHOTS, [session.pk, MAX_SNAPSHOTS + 1])
        return list(map(SnapshotRow._make, cursor.fetchall()))


def _visible_gaps(session: RemoteSession, since: datetime) -> list[CoverageGap]:
    """The gaps of a second and more: times on the page have no fractions."""
    now = timezone.now()
    return [
        gap
        for gap in find_gaps(session.alias, since, now)
        if (gap.until_at or now) - gap.from_at >= timedelta(seconds=1)
    ]


def _join_equal_snapshots(rows: list[SnapshotRow], gaps: list[CoverageGap]) -> list[SnapshotRun]:
    """Newest first. No run goes across the edge of a gap."""
    edges = sorted(
        (at - EPOCH) / MILLISECOND for gap in gaps for at in (gap.from_at, gap.until_at) if at
    )
    runs: list[SnapshotRun] = []
    newer = None
    for row in rows:
        # The two positions in the sorted edges differ where an edge lies between the snapshots.
        has_edge_between = newer is not None and (
            bisect_right(edges, row.last_ms) < bisect_left(edges, newer.first_ms)
        )
        if newer and row.shows_same_as(newer) and not has_edge_between:
            runs[-1].first_ms = row.first_ms
            runs[-1].observation_count += row.observation_count
        else:
            runs.append(SnapshotRun(row.id, row.first_ms, row.observation_count))
        newer = row
    return runs


def _observation_items(
    runs: list[SnapshotRun], loaded: dict[int, StatusSnapshot]
) -> list[TimelineItem]:
    missing = {run.newest_id for run in runs} - loaded.keys()
    snapshots = loaded | StatusSnapshot.objects.in_bulk(missing) if missing else loaded
    # A snapshot that was pruned since the rows were read is covered by its neighbour.
    return [
        _observation_item(snapshots[run.newest_id], run)
        for run in runs
        if run.newest_id in snapshots
    ]


def _datetime_from(ms: int) -> datetime:
    return EPOCH + ms * MILLISECOND


def _observation_item(snapshot: StatusSnapshot, run: SnapshotRun) -> TimelineItem:
    return TimelineItem(
        at=_datetime_from(run.first_ms),
        until_at=snapshot.last_at,
        tone=_choose_tone(snapshot),
        text=_text(snapshot),
        source=snapshot.get_source_display(),
        observation_count=run.observation_count,
        is_failure=bool(snapshot.failure),
    )


def _choose_tone(snapshot: StatusSnapshot) -> str:
    if snapshot.failure:
        return "failed"
    if not snapshot.state:
        return "paused" if snapshot.paused else "ok"
    return STATE_TONES.get(snapshot.state, "unknown")


def _text(snapshot: StatusSnapshot) -> str:
    if snapshot.failure:
        return f"Look-up failed: the system {snapshot.failure_sentence}"
    if not snapshot.state:
        return "Reported as paused" if snapshot.paused else "Reported as not paused"
    return format_state(snapshot.state) if snapshot.state in STATE_TONES else snapshot.state


def _gap_item(gap: CoverageGap, observations: list[TimelineItem]) -> TimelineItem:
    """Says of a gap how much is known: somebody may have looked by hand meanwhile."""
    until_at = gap.until_at or timezone.now()
    length = wording.duration((until_at - gap.from_at).total_seconds())
    has_observations = any(
        item.at < until_at and item.until_at is not None and item.until_at > gap.from_at
        for item in observations
    )
    listed = "Only what is listed here" if has_observations else "Nothing"
    text = f"Not watching: {gap.why}. {listed} is known about these {length}."
    return TimelineItem(at=gap.from_at, until_at=gap.until_at, tone="idle", text=text, is_gap=True)


def _audit_item(entry: AuditEntry) -> TimelineItem:
    at = entry.head.at
    return TimelineItem(at=at, until_at=at, tone="accent", text="", audit_entry=entry)
