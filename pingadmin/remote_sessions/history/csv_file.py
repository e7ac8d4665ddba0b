"""A session's history as CSV, oldest first: a line for each snapshot, and one for each stretch that was not watched.

For a spreadsheet, so no cell may begin a formula. Times are UTC. A total is what was counted since the session was
first seen, over counters that fell back.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from heapq import merge

from django.db.models import BigIntegerField, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce

from pingadmin.audit.export.csv_file import encoded
from pingadmin.remote_sessions.fields import MillisecondField
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.remote_sessions.history.time_range import Stretch
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

_NAMES = (
    "line alias session_id from until kind state paused duration_seconds downloaded_bytes uploaded_bytes "
    "downloaded_total uploaded_total source times why snapshot"
)
COLUMNS = _NAMES.split()
CHUNK = 1000
LAST_AT = ExpressionWrapper(
    F("first_at") + Coalesce(F("length"), 0, output_field=BigIntegerField()),
    output_field=MillisecondField(),
)


def lines(session: RemoteSession, stretch: Stretch) -> Iterator[bytes]:
    """The file in pieces: the columns' names, then chunks of lines. One query for a thousand snapshots."""
    yield encoded([COLUMNS])
    not_watched = (
        (gap.from_at, _gap(gap))
        for gap in find_gaps(session.alias, stretch.from_at, stretch.until_at)
    )
    seen = ((snapshot.first_at, _snapshot(snapshot)) for snapshot in _snapshots(session, stretch))
    rows = []
    for number, (_, cells) in enumerate(
        merge(not_watched, seen, key=lambda line: line[0]), start=1
    ):
        rows.append([number, session.alias, session.session_id, *cells])
        if len(rows) == CHUNK:
            yield encoded(rows)
            rows = []
    yield encoded(rows)


def file_name(session: RemoteSession, stretch: Stretch) -> str:
    """Says session and range in letters, digits, `-` and `_` alone."""
    words = re.sub(r"[^A-Za-z0-9_]+", "-", f"{session.alias}_{session.session_id}")[:100]
    span = "_to_".join(f"{moment:%Y%m%dT%H%M%SZ}" for moment in (stretch.from_at, stretch.until_at))
    return f"pingadmin-history_{words}_{span}.csv"


def _snapshots(session: RemoteSession, stretch: Stretch) -> Iterator[StatusSnapshot]:
    """Those that touch the stretch, page by page: no query stays open for as long as a download may take."""
    begun = session.snapshots.filter(first_at__lte=stretch.until_at)
    touching = begun.alias(last_at=LAST_AT).filter(last_at__gte=stretch.from_at)
    touching, after = touching.order_by("first_at", "id"), Q()
    while page := list(touching.filter(after)[:CHUNK]):
        yield from page
        newest = page[-1]
        after = Q(first_at__gt=newest.first_at) | Q(first_at=newest.first_at, id__gt=newest.pk)
        after &= Q(first_at__gte=newest.first_at)


def _snapshot(snapshot: StatusSnapshot) -> list:
    up, down = snapshot.uploaded_bytes, snapshot.downloaded_bytes
    return [
        _utc(snapshot.first_at),
        _utc(snapshot.last_at),
        "failure" if snapshot.failure else "answer" if snapshot.state else "statement",
        snapshot.state,
        {True: "yes", False: "no", None: ""}[snapshot.paused],
        snapshot.duration_seconds,
        down,
        up,
        None if down is None else snapshot.downloaded_before_reset + down,
        None if up is None else snapshot.uploaded_before_reset + up,
        snapshot.get_source_display(),
        snapshot.observation_count,
        f"the system {snapshot.failure_sentence}" if snapshot.failure else "",
        snapshot.pk,
    ]


def _gap(gap: CoverageGap) -> list:
    """A gap that goes on has no end."""
    nothing_said = [""] * 9
    return [
        _utc(gap.from_at),
        gap.until_at and _utc(gap.until_at),
        "not watched",
        *nothing_said,
        gap.why,
        "",
    ]


def _utc(when: datetime) -> str:
    """`2026-11-22T14:02:11.500Z`."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"
