"""Prunes old history, a little at a time: first thinned out, much later removed.

Younger than HISTORY_FULL_DAYS everything stays. After that there stay, of each session, both ends
of every run with one state, one report on "paused" and one failure, and the newest snapshot of
each HISTORY_SAMPLE_SECONDS. Each snapshot holds the bytes from before its counters were reset, so
totals are exact at whatever stays. After HISTORY_DAYS the rest goes too, and sign-ins go once they
have run out. Never removed: a session's newest snapshots, and those that the audit log names.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Max, Q
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.collector.models import Pruning
from pingadmin.remote_sessions.models import (
    RemoteSession,
    StatusSnapshot,
    StatusSnapshotQuerySet,
    WatchSpan,
)

PASS_INTERVAL = timedelta(days=1)
STEP_SECONDS = 0.5
PAGE = 2000  # snapshots read at once
BATCH = 500  # rows removed in one transaction
# The resolution in which times are stored.
TIME_STEP = timedelta(milliseconds=1)


def prune_some() -> bool:
    """About half a second of the pass that is under way, or of a new one a day after the last;
    whether there is more.

    Stopped anywhere, it goes on from there; two at once do the same twice.
    """
    pruning = _under_way()
    if pruning is None:
        return False
    run = PruningPass(pruning)
    ends = monotonic() + STEP_SECONDS
    has_more = run.step()
    while has_more and monotonic() < ends:
        has_more = run.step()
    if not has_more:
        pruning.ended_at = timezone.now()
    pruning.save()
    return has_more


def new_pass(*, after: Pruning | None = None) -> Pruning:
    """A pass from the first session on, not saved. after: an earlier pass, whose work need not be
    done again.
    """
    now = timezone.now()
    return Pruning(
        pk=after.pk if after else None,
        begun_at=now,
        thin_before=_beginning_of_sample(now - timedelta(days=settings.HISTORY_FULL_DAYS)),
        thinned_before=after.thin_before if after else None,
    )


class PruningPass:
    """One pass over all sessions. dry_run: remove nothing, count only."""

    def __init__(self, pruning: Pruning, *, dry_run: bool = False) -> None:
        self.pruning = pruning
        self.sessions = self.spans = self.sign_ins = 0
        self._dry_run = dry_run
        self._drop_before = pruning.begun_at - timedelta(days=settings.HISTORY_DAYS)

    def step(self) -> bool:
        """One page of one session, or one batch of spans; whether there is more."""
        columns = ("pk", "alias", "session_id")
        ahead = RemoteSession.objects.filter(pk__gt=self.pruning.last_session).order_by("pk")
        row = ahead.values_list(*columns).first()
        if row is None:
            return self._drop_spans() or self._drop_sign_ins()
        progress = self.pruning
        if progress.done_until is None:
            if self._drop(_Session(*row)):
                return True
            thinned_before = progress.thinned_before or self._drop_before
            progress.done_until = max(self._drop_before, thinned_before)
        progress.done_until = self._thin(_Session(*row), progress.done_until)
        if progress.done_until is None:
            progress.last_session = row[0]
            self.sessions += 1
        return True

    def _drop(self, session: "_Session") -> bool:
        """Whether some were too old, so that there may be more."""
        old = session.snapshots().filter(first_at__lt=self._drop_before)
        if not old.exists():
            return False
        old = old.exclude(pk__in=session.protected())
        if self._dry_run:
            self.pruning.removed += old.count()
            return False
        return self._remove(list(old.values_list("pk", flat=True)[:PAGE]))

    def _thin(self, session: "_Session", from_at: datetime) -> datetime | None:
        """Thin out one page; where the next begins, None after the last."""
        later = session.snapshots().filter(
            first_at__gte=from_at, first_at__lt=self.pruning.thin_before
        )
        rows = [_Row(*row) for row in later.oldest_first().values_list(*_COLUMNS)[:PAGE]]
        if not rows:
            return None
        page, next_at = _whole_samples(rows) if len(rows) == PAGE else (rows, None)
        # The row before the page says whether the page's first row begins a run.
        before = session.snapshots().filter(first_at__gte=self._drop_before, first_at__lt=from_at)
        last = before.newest_first().values_list(*_COLUMNS).first()
        superfluous = _superfluous(page, _Row(*last) if last else None)
        if superfluous:
            protected = session.protected()
            self._remove([pk for pk in superfluous if pk not in protected])
        return next_at

    def _remove(self, ids: list[int]) -> bool:
        for first in range(0, len(ids), BATCH):
            if not self._dry_run:
                StatusSnapshot.objects.filter(pk__in=ids[first : first + BATCH]).delete()
        self.pruning.removed += len(ids)
        return bool(ids)

    def _drop_spans(self) -> bool:
        """The newest span of an account stays: it tells since when nobody watched."""
        old = WatchSpan.objects.filter(until_at__lt=self._drop_before)
        for newest in old.values("alias").annotate(until_at=Max("until_at")):
            if not WatchSpan.objects.filter(
                alias=newest["alias"], until_at__gt=newest["until_at"]
            ).exists():
                old = old.exclude(**newest)
        if self._dry_run:
            self.spans = old.count()
            return False
        gone, _ = WatchSpan.objects.filter(pk__in=old.values_list("pk", flat=True)[:BATCH]).delete()
        self.spans += gone
        return gone > 0

    def _drop_sign_ins(self) -> bool:
        """Those that have run out: Django leaves their rows, which nobody can use any more."""
        expired = Session.objects.filter(expire_date__lt=self.pruning.begun_at)
        if self._dry_run:
            self.sign_ins = expired.count()
            return False
        gone, _ = Session.objects.filter(
            pk__in=list(expired.values_list("pk", flat=True)[:BATCH])
        ).delete()
        self.sign_ins += gone
        return gone > 0


_COLUMNS = ("pk", "first_at", "state", "paused", "failure")


@dataclass(frozen=True, slots=True)
class _Row:
    pk: int
    first_at: datetime
    state: str
    paused: bool | None
    failure: str

    @property
    def content(self) -> tuple[str, bool | None, str]:
        return self.state, self.paused, self.failure

    @property
    def sample(self) -> int:
        return int(self.first_at.timestamp()) // settings.HISTORY_SAMPLE_SECONDS


@dataclass(frozen=True, slots=True)
class _Session:
    pk: int
    alias: str
    session_id: str

    def snapshots(self) -> StatusSnapshotQuerySet:
        return StatusSnapshot.objects.filter(session_id=self.pk)

    def protected(self) -> set[int]:
        """What is never removed: the newest by either order, and what the audit log names."""
        named = Q(snapshot_before__isnull=False) | Q(snapshot_after__isnull=False)
        events = AuditEvent.objects.filter(named, alias=self.alias, session_id=self.session_id)
        pairs = events.values_list("snapshot_before", "snapshot_after")
        protected = [pk for pair in pairs for pk in pair]
        # Late observations make the two orders differ.
        for order in (("-pk",), ("-first_at", "-pk")):
            protected.append(self.snapshots().order_by(*order).values_list("pk", flat=True).first())
        return {pk for pk in protected if pk is not None}


def _superfluous(rows: list[_Row], before: _Row | None) -> list[int]:
    """The rows that are neither an end of a run nor the newest of their sample."""
    ids = []
    for earlier, row, later in zip([before, *rows], rows, [*rows[1:], None], strict=False):
        begins = earlier is None or earlier.content != row.content
        ends = later is None or later.content != row.content
        if later and not begins and not ends and later.sample == row.sample:
            ids.append(row.pk)
    return ids


def _whole_samples(rows: list[_Row]) -> tuple[list[_Row], datetime]:
    """Without the last sample, which may go on behind this page; and where the next page begins."""
    whole = [row for row in rows if row.sample != rows[-1].sample]
    if not whole:
        return rows, rows[-1].first_at + TIME_STEP
    return whole, rows[len(whole)].first_at


def _under_way() -> Pruning | None:
    last = Pruning.objects.first()
    if last is None or (last.ended_at and timezone.now() - last.begun_at >= PASS_INTERVAL):
        return new_pass(after=last)
    return None if last.ended_at else last


def _beginning_of_sample(when: datetime) -> datetime:
    seconds = int(when.timestamp())
    return datetime.fromtimestamp(seconds - seconds % settings.HISTORY_SAMPLE_SECONDS, UTC)
