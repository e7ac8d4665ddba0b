"""One story of a session: what it was seen doing, when looking failed, and what people did to it, newest first."""

from dataclasses import dataclass
from datetime import datetime

from pingadmin.audit import stories
from pingadmin.remote_sessions.card import MEANINGS
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

SNAPSHOTS = 300
STORIES = 50


@dataclass
class Moment:
    """One line: either a stretch of equal sightings or failures, or a story from the audit log."""

    at: datetime
    until: datetime
    meaning: str
    words: str
    source: str = ""
    times: int = 1
    failure: bool = False
    story: object = None


def newest_snapshots(session: RemoteSession) -> list[StatusSnapshot]:
    """As many as a timeline needs, newest first, and one more to tell whether there are older ones."""
    return list(session.snapshots.order_by("-id")[: SNAPSHOTS + 1])


def timeline(session: RemoteSession, snapshots: list[StatusSnapshot]) -> tuple[list[Moment], bool]:
    """The newest moments, and whether older ones exist that are not shown."""
    acts = stories.for_session(session.alias, session.session_id, limit=STORIES + 1)
    is_cut = len(snapshots) > SNAPSHOTS or len(acts) > STORIES
    moments = _joined(snapshots[:SNAPSHOTS]) + [_act(story) for story in acts[:STORIES]]
    return sorted(moments, key=lambda moment: moment.at, reverse=True), is_cut


def _joined(snapshots: list[StatusSnapshot]) -> list[Moment]:
    """Neighbouring snapshots that differ in their counters alone become one moment."""
    moments = []
    previous = None
    for snapshot in snapshots:
        if previous and _told_alike(previous, snapshot):
            moments[-1].at = snapshot.first_at
            moments[-1].times += snapshot.times
        else:
            moments.append(_sighting(snapshot))
        previous = snapshot
    return moments


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


def _act(story) -> Moment:
    head = story.head
    return Moment(at=head.at, until=head.at, meaning="accent", words="", story=story)
