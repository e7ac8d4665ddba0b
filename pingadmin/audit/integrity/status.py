"""What can be said of the log's integrity right now, never more than was checked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pingadmin.audit.chain.checkpoint import BadCheckpoint, Checkpoint, read
from pingadmin.audit.models import AuditEvent, KeptCheckpoint, VerificationRun
from pingadmin.audit.record import restore_guard


@dataclass(frozen=True)
class Standing:
    """run: the newest check that ended; under_way: one that did not. head: the log's last seq. closed: why nothing
    can be appended, '' mostly. quiet_since: the newest checkpoint's time when the next one is overdue.
    """

    run: VerificationRun | None
    under_way: VerificationRun | None
    head: int
    closed: str
    quiet_since: datetime | None

    @property
    def unanchored(self) -> int:
        """Checked events that no checkpoint vouches for."""
        return self.run.seq - self.run.anchored_seq

    @property
    def unchecked(self) -> int:
        """Events that were appended since the check."""
        return max(self.head - self.run.seq, 0)

    @property
    def first_fault(self) -> str:
        """The sentence for what is bad, '' for a whole log."""
        return self.run.faults[0]["sentence"] if self.run.faults else ""


def now() -> Standing:
    newest = VerificationRun.objects.order_by("-id").first()
    ended = newest if newest is None or newest.ended_at else _newest_ended()
    head = AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    return Standing(
        run=ended,
        under_way=newest if newest and not newest.ended_at else None,
        head=head,
        closed=restore_guard.problem_at(head),
        quiet_since=_quiet_since(restore_guard.newest()),
    )


def newest_checkpoints(count: int = 5) -> list[tuple[Checkpoint, datetime, str]]:
    """The newest that the database keeps: each with its time and the sinks that failed."""
    found = []
    for row in KeptCheckpoint.objects.order_by("-id")[:count]:
        try:
            checkpoint = read(row.line, thoroughly=False)
        except BadCheckpoint:
            continue
        found.append((checkpoint, datetime.fromisoformat(checkpoint.at), row.failed_sinks))
    return found


def _newest_ended() -> VerificationRun | None:
    return VerificationRun.objects.filter(ended_at__isnull=False).order_by("-id").first()


def _quiet_since(newest: Checkpoint | None) -> datetime | None:
    if newest is None:
        return None
    at = datetime.fromisoformat(newest.at)
    return at if timezone.now() - at > timedelta(seconds=2 * settings.CHECKPOINT_SECONDS) else None
