"""How far a bulk resume is, and what became of each item, from our own database alone."""

import zlib
from collections import Counter
from dataclasses import dataclass

from pingadmin import upstream
from pingadmin.resumes.bulk import lifecycle as bulks
from pingadmin.resumes.models import Attempt, BulkItem, BulkResume
from pingadmin.resumes.panel import Shown, show

LOST = "the process that worked on it is gone"


@dataclass(frozen=True)
class Row:
    """One item. word, meaning: the tag. shown: its attempt in words, where it has an end. why: half a sentence where
    nothing was tried. is_over: nothing more will happen to it by itself here. may_retry: nothing left us for it."""

    item: BulkItem
    label: str
    word: str
    meaning: str
    attempt: Attempt | None = None
    shown: Shown | None = None
    why: str = ""
    is_over: bool = True
    may_retry: bool = False


@dataclass(frozen=True)
class Progress:
    """poll_seconds: None when nothing moves any more. version: changes with everything that the page shows of it."""

    bulk: BulkResume
    rows: list[Row]
    is_running: bool
    why_ended: str
    poll_seconds: int | None
    version: str

    @property
    def over(self) -> int:
        return sum(row.is_over for row in self.rows)

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """Each word with its meaning and how often it stands here, most frequent first."""
        return [
            (*tag, count)
            for tag, count in Counter((row.word, row.meaning) for row in self.rows).most_common()
        ]

    @property
    def unsent(self) -> list[BulkItem]:
        """The items that may be tried again; none before the end."""
        return [] if self.is_running else [row.item for row in self.rows if row.may_retry]


def progress(bulk: BulkResume) -> Progress:
    """Two queries, however many items."""
    is_running = bulks.is_running(bulk)
    items = list(bulk.items.all())
    found = Attempt.objects.filter(token__in=[item.token for item in items]).select_related(
        "session"
    )
    attempts = {each.token: each for each in found}
    why_ended = bulk.why_ended if bulk.ended_at or is_running else LOST
    rows = [_row(item, attempts.get(item.token), is_running, why_ended) for item in items]
    is_open = any(each.is_open for each in attempts.values())
    seen = [
        (row.word, row.why, row.attempt and (row.attempt.resolved_at, row.attempt.message))
        for row in rows
    ]
    return Progress(
        bulk=bulk,
        rows=rows,
        is_running=is_running,
        why_ended=why_ended,
        poll_seconds=2 if is_running else 10 if is_open else None,
        version=f"{zlib.crc32(repr((is_running, bulk.stop_asked_at, why_ended, seen)).encode()):08x}",
    )


def _row(item: BulkItem, attempt: Attempt | None, is_running: bool, why_ended: str) -> Row:
    label = upstream.api_for(item.alias).label if item.alias in upstream.aliases() else item.alias
    if attempt is None and (item.why_not or not is_running):
        return Row(item, label, "Not sent", "idle", why=item.why_not or why_ended, may_retry=True)
    if attempt is None:
        return Row(item, label, "Waiting", "idle", is_over=False)
    if attempt.is_open and is_running:
        return Row(item, label, "Asking", "accent", attempt, is_over=False)
    if attempt.is_open:
        return Row(item, label, "No outcome yet", "unknown", attempt)
    shown = show(attempt)
    return Row(
        item,
        label,
        shown.headline,
        shown.meaning,
        attempt,
        shown,
        may_retry=attempt.result == "not_sent",
    )
