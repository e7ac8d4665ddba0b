"""One story of a session: what it was seen doing, when looking failed, when nobody looked, and what people did to it,
newest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from pingadmin.audit import stories
from pingadmin.remote_sessions.card import MEANINGS
from pingadmin.remote_sessions.coverage import Gap, gaps
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.web import wording

SNAPSHOTS = 300
STORIES = 50
GAPS = 50


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


def newest_snapshots(session: RemoteSession) -> list[StatusSnapshot]:
    """As many as a timeline needs, newest first, and one more to tell whether there are older ones."""
    return list(session.snapshots.order_by("-first_at", "-id")[: SNAPSHOTS + 1])


def timeline(session: RemoteSession, snapshots: list[StatusSnapshot]) -> tuple[list[Moment], bool]:
    """The newest moments, and whether older ones exist that are not shown."""
    acts = stories.for_session(session.alias, session.session_id, limit=STORIES + 1)
    not_watched = _not_watched(session, snapshots[:SNAPSHOTS])
    is_cut = len(snapshots) > SNAPSHOTS or len(acts) > STORIES or len(not_watched) > GAPS
    moments = _joined(snapshots[:SNAPSHOTS], not_watched)
    if moments and len(snapshots) <= SNAPSHOTS:
        moments[-1].note = "first seen by us" + ("" if session.created_upstream_at else ", may be older")
    moments += [_gap(gap, snapshots) for gap in not_watched[-GAPS:]] + [_act(story) for story in acts[:STORIES]]
    return sorted(moments, key=lambda moment: moment.at, reverse=True), is_cut


def _not_watched(session: RemoteSession, snapshots: list[StatusSnapshot]) -> list[Gap]:
    """The gaps since the oldest moment that is shown, but for those that no clock shows."""
    if not snapshots:
        return []
    now = timezone.now()
    return [
        gap
        for gap in gaps(session.alias, snapshots[-1].first_at, now)
        if (gap.until_at or now) - gap.from_at >= timedelta(seconds=1)
    ]


def _joined(snapshots: list[StatusSnapshot], not_watched: list[Gap]) -> list[Moment]:
    """Neighbouring snapshots that differ in their counters alone become one moment, but not across a gap's edge."""
    edges = [edge for gap in not_watched for edge in (gap.from_at, gap.until_at) if edge]
    moments = []
    newer = None
    for snapshot in snapshots:
        if newer and _told_alike(newer, snapshot) and not _parted(snapshot, newer, edges):
            moments[-1].at = snapshot.first_at
            moments[-1].times += snapshot.times
        else:
            moments.append(_sighting(snapshot))
        newer = snapshot
    return moments


def _parted(older: StatusSnapshot, newer: StatusSnapshot, edges: list[datetime]) -> bool:
    return any(older.last_at < edge < newer.first_at for edge in edges)


def _told_alike(one: StatusSnapshot, other: StatusSnapshot) -> bool:
    return (one.state, one.paused, one.failure) == (other.state, other.paused, other.failure)


def _sighting(snapshot: StatusSnapshot) -> Moment:
    return Moment(
        at=snapshot.first_at,
        until=snapshot.last_at,
        meaning=_meaning(snapshot),
        words=_words(snapshot),
        source=snapshot.get_source_display(),
        times=snapshot.times,
        failure=bool(snapshot.failure),
    )


def _meaning(snapshot: StatusSnapshot) -> str:
    if snapshot.failure:
        return "failed"
    if not snapshot.state:
        return "paused" if snapshot.paused else "ok"
    return MEANINGS.get(snapshot.state, "unknown")


def _words(snapshot: StatusSnapshot) -> str:
    if snapshot.failure:
        return f"Look-up failed: the system {snapshot.failure_sentence}"
    if not snapshot.state:
        return "Said to be paused" if snapshot.paused else "Said not to be paused"
    return snapshot.state.capitalize() if snapshot.state in MEANINGS else snapshot.state


def _gap(gap: Gap, snapshots: list[StatusSnapshot]) -> Moment:
    """Single answers that came meanwhile are known all the same."""
    end = gap.until_at or timezone.now()
    length = wording.duration((end - gap.from_at).total_seconds())
    asked = any(gap.from_at < snapshot.last_at and snapshot.first_at < end for snapshot in snapshots)
    known = "Only what stands here" if asked else "Nothing"
    words = f"Not watching: {gap.why}. {known} is known of these {length}."
    return Moment(at=gap.from_at, until=gap.until_at, meaning="idle", words=words, gap=True)


def _act(story) -> Moment:
    head = story.head
    return Moment(at=head.at, until=head.at, meaning="accent", words="", story=story)
