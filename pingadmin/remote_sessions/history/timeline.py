"""One story of a session: what it was seen doing, when looking failed, when nobody looked, and what people did to it,
newest first."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from pingadmin.audit.entries import entries
from pingadmin.remote_sessions.display.card import STATE_MEANINGS
from pingadmin.remote_sessions.fields import EPOCH, MILLISECOND
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.web import wording

SNAPSHOTS, SIGHTINGS = 5000, 300
STORIES = 50
GAPS = 50
_NEWEST = (
    "SELECT id, first_at, lasted, times, state, paused, failure "  # noqa: S608 - the table's name is our own
    f"FROM {StatusSnapshot._meta.db_table} WHERE session_id = %s ORDER BY first_at DESC, id DESC LIMIT %s"
)


@dataclass
class Moment:
    """One line: a stretch of equal sightings or failures, one that was not watched, or a story from the audit log.

    until is None for a gap that goes on. note: what is to be said of the first sighting.
    """

    at: datetime
    until: datetime | None
    meaning: str
    words: str
    source: str = ""
    times: int = 1
    failure: bool = False
    gap: bool = False
    note: str = ""
    story: object = None


@dataclass
class _Run:
    """Neighbouring snapshots that differ in their counters alone. newest: the id of the last. first_at: in ms."""

    newest: int
    first_at: int
    times: int


class _Row(NamedTuple):
    """A snapshot as the database holds it."""

    id: int
    first_at: int
    lasted: int | None
    times: int
    state: str
    paused: object
    failure: str


def timeline(
    session: RemoteSession, newest: Iterable[StatusSnapshot] = ()
) -> tuple[list[Moment], datetime | None]:
    """The newest moments, newest first, and before when some are left out for their number; None where none are.

    newest: snapshots that the caller has read already.
    """
    rows = _rows(session)
    not_watched = _not_watched(session, _moment(rows[-1].first_at)) if rows else []
    runs = _runs(rows[:SNAPSHOTS], not_watched)
    seen = _sightings(runs[:SIGHTINGS], {snapshot.pk: snapshot for snapshot in newest})
    is_cut = len(rows) > SNAPSHOTS or len(runs) > SIGHTINGS
    if is_cut and seen:
        not_watched = [
            gap for gap in not_watched if gap.until_at is None or gap.until_at > seen[-1].at
        ]
    acts = entries.for_session(session.alias, session.session_id, limit=STORIES + 1)
    parts = [
        seen,
        [_gap(gap, seen) for gap in not_watched[-GAPS:]],
        [_act(story) for story in acts[:STORIES]],
    ]
    are_cut = [is_cut, len(not_watched) > GAPS, len(acts) > STORIES]
    if seen and not is_cut:
        seen[-1].note = "first seen by us" + (
            "" if session.created_upstream_at else ", may be older"
        )
    since = [
        min(moment.at for moment in part)
        for part, cut in zip(parts, are_cut, strict=True)
        if cut and part
    ]
    moments = sorted(chain(*parts), key=lambda moment: moment.at, reverse=True)
    return moments, max(since, default=None)


def _rows(session: RemoteSession) -> list[_Row]:
    """Newest first, and one more than are told. Plain SQL: a session that is heard every 30 s has thousands in two
    days, and making a snapshot of each would take longer than all else on its page."""
    if session.pk is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [session.pk, SNAPSHOTS + 1])
        return list(map(_Row._make, cursor.fetchall()))


def _not_watched(session: RemoteSession, since: datetime) -> list[CoverageGap]:
    """The gaps since the oldest moment that is shown, but for those that no clock shows."""
    now = timezone.now()
    return [
        gap
        for gap in find_gaps(session.alias, since, now)
        if (gap.until_at or now) - gap.from_at >= timedelta(seconds=1)
    ]


def _runs(rows: list[_Row], not_watched: list[CoverageGap]) -> list[_Run]:
    """A run does not go across a gap's edge."""
    edges = sorted(
        (edge - EPOCH) / MILLISECOND
        for gap in not_watched
        for edge in (gap.from_at, gap.until_at)
        if edge
    )
    runs: list[_Run] = []
    for newer, row in zip([None, *rows], rows, strict=False):
        if newer and row[4:] == newer[4:] and not _parted(row, newer, edges):
            runs[-1].first_at = row.first_at
            runs[-1].times += row.times
        else:
            runs.append(_Run(row.id, row.first_at, row.times))
    return runs


def _parted(older: _Row, newer: _Row, edges: list[float]) -> bool:
    return bisect_right(edges, older.first_at + (older.lasted or 0)) < bisect_left(
        edges, newer.first_at
    )


def _sightings(runs: list[_Run], found: dict[int, StatusSnapshot]) -> list[Moment]:
    if missing := {run.newest for run in runs} - found.keys():
        found |= StatusSnapshot.objects.in_bulk(missing)
    # What is pruned at this very moment is in its neighbour.
    return [_sighting(found[run.newest], run) for run in runs if run.newest in found]


def _moment(ms: int) -> datetime:
    return EPOCH + ms * MILLISECOND


def _sighting(snapshot: StatusSnapshot, run: _Run) -> Moment:
    return Moment(
        at=_moment(run.first_at),
        until=snapshot.last_at,
        meaning=_meaning(snapshot),
        words=_words(snapshot),
        source=snapshot.get_source_display(),
        times=run.times,
        failure=bool(snapshot.failure),
    )


def _meaning(snapshot: StatusSnapshot) -> str:
    if snapshot.failure:
        return "failed"
    if not snapshot.state:
        return "paused" if snapshot.paused else "ok"
    return STATE_MEANINGS.get(snapshot.state, "unknown")


def _words(snapshot: StatusSnapshot) -> str:
    if snapshot.failure:
        return f"Look-up failed: the system {snapshot.failure_sentence}"
    if not snapshot.state:
        return "Said to be paused" if snapshot.paused else "Said not to be paused"
    return snapshot.state.capitalize() if snapshot.state in STATE_MEANINGS else snapshot.state


def _gap(gap: CoverageGap, seen: list[Moment]) -> Moment:
    """Single answers that came meanwhile are known all the same."""
    end = gap.until_at or timezone.now()
    length = wording.duration((end - gap.from_at).total_seconds())
    asked = any(gap.from_at < sighting.until and sighting.at < end for sighting in seen)
    known = "Only what stands here" if asked else "Nothing"
    words = f"Not watching: {gap.why}. {known} is known of these {length}."
    return Moment(at=gap.from_at, until=gap.until_at, meaning="idle", words=words, gap=True)


def _act(story) -> Moment:
    head = story.head
    return Moment(at=head.at, until=head.at, meaning="accent", words="", story=story)
