"""Writes down many sightings in one transaction: what the event stream, polls and lists bring.

Beside sightings.py the only writer of RemoteSession and StatusSnapshot; the rules are in knowledge.py.
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
    moment_text,
    moments_of,
    update_many,
)
from pingadmin.remote_sessions.recording.session_state import (
    STEP,
    Known,
    Seen,
    Stretch,
    seen_of,
    take,
)
from pingadmin.upstream.records import SessionEvent, SessionRecord

# Rows asked for at once: each is a parameter, and SQLite takes 32,766.
CHUNK = 5000
# Sessions that are remembered at most, at about a kilobyte each.
REMEMBERED_MOST = 200_000
# How far back a late sighting is looked for, to tell whether it is there already.
LOOK_BACK = timedelta(minutes=10)

# The fields of Known and of Stretch, in their order.
KNOWN = [each.name for each in fields(Known)]
FACTS = KNOWN[KNOWN.index("state") : KNOWN.index("created_upstream_at")]
BESIDE = KNOWN[KNOWN.index("created_upstream_at") : KNOWN.index("newest")]
STRETCH = [each.name for each in fields(Stretch)][1:]
LONGER = ["lasted", "duration_seconds", "times"]
EMPTY = {
    "alias": "",
    "session_id": "",
    "state": "",
    "is_known_state": True,
    "client_name": "",
    "source": "",
}
EMPTY |= {
    "paused_reported_source": "",
    "paused_doubted_by": "",
    "failure": "",
    "failure_message": "",
}


@dataclass
class Counts:
    """How many sightings of a batch were news (written), were known (repeated), or came too late.

    doubtful: the sessions of which one could not be taken, because nothing says whether its counters began anew;
    these are counted as late, and want to be asked.
    """

    written: int = 0
    repeated: int = 0
    late: int = 0
    doubtful: set[str] = field(default_factory=set)


class Memory(dict[str, Known]):
    """What a process that writes batch after batch remembers of an account's sessions, instead of reading them anew.

    A row that somebody else wrote since is read again: every writer moves its changed_at.
    """


def record_batch(
    alias: str,
    sightings: Iterable[SessionRecord | SessionEvent],
    source: str,
    memory: Memory | None = None,
) -> Counts:
    """Keep sightings of one account's sessions, all or none. Raises django.db.Error.

    Doing it twice changes nothing. Of events that the stream numbers any order will do; others come oldest first.
    """
    seen = _in_order([seen_of(one) for one in sightings])
    try:
        with transaction.atomic():
            counts, known = take_all(alias, seen, source, memory)
    except BaseException:
        # What was taken was not written.
        if memory:
            memory.clear()
        raise
    if memory is not None:
        _remember(memory, known)
    return counts


def take_all(
    alias: str, seen: list[Seen], source: str, memory: Memory | None = None
) -> tuple[Counts, dict[str, Known]]:
    """record_batch inside the caller's transaction; also what is known of each session afterwards."""
    known = _known(alias, list({one.session_id: None for one in seen}), memory or {})
    _recall_counters(known, seen)
    counts = Counts()
    for one in seen:
        verdict = take(known[one.session_id], one, source)
        if verdict == "newest":
            counts.written += 1
        elif verdict == "repeated":
            counts.repeated += 1
        else:
            counts.late += 1
            if verdict == "doubtful":
                counts.doubtful.add(one.session_id)
    twice = _leave_out_known(known.values())
    counts.repeated += twice
    counts.late -= twice
    _write(known.values())
    return counts, known


def forget_places(alias: str, memory: Memory) -> None:
    """Say that an account's event stream numbers anew: the numbers that were heard order nothing any more."""
    memory.clear()
    RemoteSession.objects.filter(alias=alias, stream_sequence__isnull=False).update(
        stream_sequence=None
    )


def _in_order(seen: list[Seen]) -> list[Seen]:
    """By their numbers where all have one, else as they came."""
    if any(one.sequence is None for one in seen):
        return seen
    return sorted(seen, key=attrgetter("sequence"))


def _known(alias: str, session_ids: list[str], memory: dict[str, Known]) -> dict[str, Known]:
    """What is known of each session, its row locked (and made, where it was missing)."""
    known = _still_true([memory[each] for each in session_ids if each in memory])
    known |= _load(alias, [each for each in session_ids if each not in known])
    missing = [each for each in session_ids if each not in known]
    if missing:
        rows = [tuple((EMPTY | {"alias": alias, "session_id": each}).values()) for each in missing]
        insert_missing(RemoteSession, list(EMPTY), rows)
        known |= _load(alias, missing)
    return known


def _still_true(remembered: list[Known]) -> dict[str, Known]:
    if not remembered:
        return {}
    stamps = moments_of(RemoteSession, "changed_at", [one.id for one in remembered])
    return {one.session_id: one for one in remembered if stamps.get(one.id) == one.stamp}


def _load(alias: str, session_ids: list[str]) -> dict[str, Known]:
    newest = (
        StatusSnapshot.objects.filter(session=OuterRef("pk"))
        .order_by("-first_at", "-id")
        .values("id")[:1]
    )
    found, stretches = {}, {}
    for start in range(0, len(session_ids), CHUNK):
        rows = (
            RemoteSession.objects.select_for_update()
            .filter(alias=alias, session_id__in=session_ids[start : start + CHUNK])
            .order_by("id")
            .values_list(Subquery(newest), "id", "session_id", *FACTS, *BESIDE)
        )
        for newest_id, *facts in rows:
            known = found[facts[1]] = Known(*facts)
            if newest_id is not None:
                stretches[newest_id] = known
    for row in _rows_by_id(list(stretches)):
        stretches[row[0]].newest = Stretch(*row)
    return found


def _remember(memory: Memory, known: dict[str, Known]) -> None:
    if len(memory) > REMEMBERED_MOST:
        memory.clear()
    for session_id, one in known.items():
        if one.late:
            # History holds more than is remembered here.
            memory.pop(session_id, None)
        else:
            one.is_written()
            memory[session_id] = one


def _rows_by_id(ids: list[int]) -> Iterable[tuple]:
    for start in range(0, len(ids), CHUNK):
        yield from StatusSnapshot.objects.filter(pk__in=ids[start : start + CHUNK]).values_list(
            "id", *STRETCH
        )


def _recall_counters(known: dict[str, Known], seen: list[Seen]) -> None:
    """Where the newest answer told no counters, those told before are what the next ones are compared with."""
    counted = {
        one.session_id
        for one in seen
        if one.uploaded_bytes is not None or one.downloaded_bytes is not None
    }
    blank = {
        one.id: one
        for one in (known[session_id] for session_id in counted)
        if one.last_seen_at and one.uploaded_bytes is None and one.downloaded_bytes is None
    }
    if not blank:
        return
    rows = StatusSnapshot.objects.filter(session=OuterRef("pk"), uploaded_bytes__isnull=False)
    newest = rows.order_by("-first_at", "-id").values("id")[:1]
    ids = RemoteSession.objects.filter(pk__in=blank).values_list(Subquery(newest), flat=True)
    found = StatusSnapshot.objects.filter(pk__in=[one for one in ids if one])
    for session_id, up, down in found.values_list(
        "session_id", "uploaded_bytes", "downloaded_bytes"
    ):
        blank[session_id].uploaded_bytes, blank[session_id].downloaded_bytes = up, down


def _leave_out_known(known: Iterable[Known]) -> int:
    """Drop late stretches that history holds already, give the others the base of the row before; how many dropped."""
    with_late = {one.id: one for one in known if one.late}
    if not with_late:
        return 0
    begins = min(stretch.first_at for one in with_late.values() for stretch in one.late) - LOOK_BACK
    history = defaultdict(list)
    rows = StatusSnapshot.objects.filter(session__in=with_late, first_at__gte=begins).order_by(
        "first_at", "id"
    )
    for session_id, *row in rows.values_list("session_id", "id", *STRETCH):
        history[session_id].append(Stretch(*row))
    dropped = 0
    for one in with_late.values():
        rows, new = history[one.id] + one.added, []
        for stretch in one.late:
            if any(_same(stretch, row) for row in rows):
                dropped += 1
            else:
                if stretch in one.late_by_number:
                    _move_back(stretch, rows)
                _take_base(stretch, rows, one.id)
                new.append(stretch)
                rows.append(stretch)
        one.late = new
    return dropped


def _same(one: Stretch, other: Stretch) -> bool:
    return (one.state, one.uploaded_bytes, one.downloaded_bytes, one.paused, one.failure) == (
        other.state, other.uploaded_bytes, other.downloaded_bytes, other.paused, other.failure,
    )  # fmt: skip


def _move_back(stretch: Stretch, rows: list[Stretch]) -> None:
    """Put it before every row that goes on from it: those that had lasted longer, since the counters began anew."""
    newest_first = sorted(rows, key=attrgetter("first_at"), reverse=True)
    for row in newest_first:
        if row.first_at > stretch.first_at:
            continue
        if row.uploaded_before != newest_first[0].uploaded_before or not _is_less(stretch, row):
            stretch.first_at = max(stretch.first_at, row.first_at)
            return
        stretch.first_at = row.first_at - STEP


def _is_less(one: Stretch, other: Stretch) -> bool:
    durations = one.duration_seconds, other.duration_seconds
    return None not in durations and durations[0] < durations[1]


def _take_base(stretch: Stretch, rows: list[Stretch], session_id: int) -> None:
    before = max(
        (row for row in rows if row.first_at <= stretch.first_at),
        key=attrgetter("first_at"),
        default=None,
    )
    if before is None:
        earlier = StatusSnapshot.objects.filter(session=session_id, first_at__lte=stretch.first_at)
        before = earlier.order_by("-first_at", "-id").first()
    stretch.uploaded_before = before.uploaded_before if before else 0
    stretch.downloaded_before = before.downloaded_before if before else 0


def _write(known: Iterable[Known]) -> None:
    longer, added, facts, all_facts = [], [], [], []
    facts_of, beside_of, longer_of = attrgetter(*FACTS), attrgetter(*BESIDE), attrgetter(*LONGER)
    now = timezone.now()
    stamp = moment_text(now)
    for one in known:
        added += [(each, one.id) for each in (*one.late, *one.added)]
        if one.longer:
            longer.append((*longer_of(one.longer), one.longer.id))
        if one.is_changed_beside:
            all_facts.append((*facts_of(one), *beside_of(one), now, one.id))
        elif one.is_changed:
            facts.append((*facts_of(one), now, one.id))
        if one.is_changed or one.is_changed_beside:
            one.stamp = stamp
    update_many(StatusSnapshot, LONGER, longer)
    _add(added)
    update_many(RemoteSession, [*FACTS, "changed_at"], facts)
    update_many(RemoteSession, [*FACTS, *BESIDE, "changed_at"], all_facts)


def _add(stretches: list[tuple[Stretch, int]]) -> None:
    columns_of = attrgetter(*STRETCH)
    rows = [(*columns_of(stretch), session_id) for stretch, session_id in stretches]
    for (stretch, _), key in zip(
        stretches, insert_many(StatusSnapshot, [*STRETCH, "session"], rows), strict=True
    ):
        stretch.id = key
