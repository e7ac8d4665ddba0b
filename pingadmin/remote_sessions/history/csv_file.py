"""A session's history as CSV, oldest first: a line for each snapshot, and one for each gap.

It is made for spreadsheets, so no cell may begin a formula. Times are UTC. A total counts since the
session was first seen, across resets of its counters.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from heapq import merge

from django.db.models import BigIntegerField, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce

from pingadmin.audit.export.csv_file import BOM, encode_rows
from pingadmin.remote_sessions.fields import MillisecondField
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.remote_sessions.history.time_range import TimeRange
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

# A published format: names and order stay.
COLUMNS = [
    "line",
    "alias",
    "session_id",
    "from",
    "until",
    "kind",
    "state",
    "paused",
    "duration_seconds",
    "downloaded_bytes",
    "uploaded_bytes",
    "downloaded_total",
    "uploaded_total",
    "source",
    "times",
    "why",
    "snapshot",
]
CHUNK = 1000
Cell = str | int | None
# The property StatusSnapshot.last_at as SQL.
_LAST_AT = ExpressionWrapper(
    F("first_at") + Coalesce(F("length"), 0, output_field=BigIntegerField()),
    output_field=MillisecondField(),
)


def encoded_lines(session: RemoteSession, time_range: TimeRange) -> Iterator[bytes]:
    """Yields the file in pieces: the header, then chunks of lines. One query for each chunk."""
    yield BOM + encode_rows([COLUMNS])
    gaps = (
        (gap.from_at, _gap_cells(gap))
        for gap in find_gaps(session.alias, time_range.from_at, time_range.until_at)
    )
    snapshots = (
        (snapshot.first_at, _snapshot_cells(snapshot))
        for snapshot in _snapshots_in_range(session, time_range)
    )
    in_order = merge(gaps, snapshots, key=lambda line: line[0])
    rows: list[list[Cell]] = []
    for number, (_, cells) in enumerate(in_order, start=1):
        rows.append([number, session.alias, session.session_id, *cells])
        if len(rows) == CHUNK:
            yield encode_rows(rows)
            rows = []
    yield encode_rows(rows)


def file_name(session: RemoteSession, time_range: TimeRange) -> str:
    """Names session and range in letters, digits, `-` and `_` alone."""
    words = re.sub(r"[^A-Za-z0-9_]+", "-", f"{session.alias}_{session.session_id}")[:100]
    ends = "_to_".join(f"{at:%Y%m%dT%H%M%SZ}" for at in (time_range.from_at, time_range.until_at))
    return f"pingadmin-history_{words}_{ends}.csv"


def _snapshots_in_range(session: RemoteSession, time_range: TimeRange) -> Iterator[StatusSnapshot]:
    """Reads page by page, so that no query stays open for as long as a download may take."""
    begun = session.snapshots.begun_by(time_range.until_at)
    # Not "last_at": the model has a property of that name.
    touching = begun.alias(ends_at=_LAST_AT).filter(ends_at__gte=time_range.from_at).oldest_first()
    after_page = Q()
    while page := list(touching.filter(after_page)[:CHUNK]):
        yield from page
        newest = page[-1]
        after_page = Q(first_at__gt=newest.first_at) | Q(first_at=newest.first_at, id__gt=newest.pk)
        # Implied by the above, but said plainly it lets the database seek in the index.
        after_page &= Q(first_at__gte=newest.first_at)


def _snapshot_cells(snapshot: StatusSnapshot) -> list[Cell]:
    uploaded, downloaded = snapshot.uploaded_bytes, snapshot.downloaded_bytes
    return [
        _utc_text(snapshot.first_at),
        _utc_text(snapshot.last_at),
        _kind(snapshot),
        snapshot.state,
        {True: "yes", False: "no", None: ""}[snapshot.paused],
        snapshot.duration_seconds,
        downloaded,
        uploaded,
        None if downloaded is None else snapshot.downloaded_before_reset + downloaded,
        None if uploaded is None else snapshot.uploaded_before_reset + uploaded,
        snapshot.get_source_display(),
        snapshot.observation_count,
        f"the system {snapshot.failure_sentence}" if snapshot.failure else "",
        snapshot.pk,
    ]


def _kind(snapshot: StatusSnapshot) -> str:
    """A statement reports "paused" and nothing else: the answer to a resume or a pause."""
    if snapshot.failure:
        return "failure"
    return "answer" if snapshot.state else "statement"


def _gap_cells(gap: CoverageGap) -> list[Cell]:
    """The end of a gap that continues is empty."""
    return [
        _utc_text(gap.from_at),
        _utc_text(gap.until_at) if gap.until_at else "",
        "not watched",
        *[""] * (COLUMNS.index("why") - COLUMNS.index("state")),
        gap.why,
        "",
    ]


def _utc_text(at: datetime) -> str:
    """`2026-11-22T14:02:11.500Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
