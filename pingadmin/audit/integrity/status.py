"""What can be said of the log's integrity right now, and never more than was verified."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pingadmin.audit.chain.checkpoint import Checkpoint, InvalidCheckpoint, parse
from pingadmin.audit.integrity import run_seal
from pingadmin.audit.models import AuditEvent, KeptCheckpoint, VerificationRun
from pingadmin.audit.record import guards, restore_guard


@dataclass(frozen=True)
class IntegrityStatus:
    """last_run: the newest verification that ended; running: the one that has not ended yet.

    last_seq: where the log ends. append_problem: why nothing can be appended, '' where it can.
    anchored_until: the newest checkpoint's time if the next one is overdue, else None.
    guard_problem: which triggers are missing, '' where none is.
    """

    last_run: VerificationRun | None
    running: VerificationRun | None
    last_seq: int
    append_problem: str
    anchored_until: datetime | None
    guard_problem: str = ""

    @property
    def unanchored_count(self) -> int:
        """Verified events that no checkpoint vouches for."""
        return self.last_run.seq - self.last_run.anchored_seq if self.last_run else 0

    @property
    def unverified_count(self) -> int:
        """Events that were appended since the last verification."""
        return max(self.last_seq - self.last_run.seq, 0) if self.last_run else 0

    @property
    def first_fault(self) -> str:
        """The sentence for the first fault, '' for a whole log."""
        faults = self.last_run.faults if self.last_run else []
        return faults[0]["sentence"] if faults else ""


@dataclass(frozen=True)
class CheckpointSummary:
    """kept: its copy in the database, which knows how sending it to the sinks went."""

    checkpoint: Checkpoint
    made_at: datetime
    kept: KeptCheckpoint


@dataclass(frozen=True)
class SinkStatus:
    """waiting: how many checkpoints are still to be sent; given_up: how many never will be."""

    waiting: int
    given_up: int


def current_status() -> IntegrityStatus:
    """The status as of now."""
    newest = run_seal.newest_run()
    is_running = newest is not None and newest.ended_at is None
    last_seq = AuditEvent.objects.last_seq()
    return IntegrityStatus(
        last_run=run_seal.newest_ended_run() if is_running else newest,
        running=newest if is_running else None,
        last_seq=last_seq,
        append_problem=restore_guard.problem_at(last_seq),
        anchored_until=_overdue_since(restore_guard.newest_checkpoint()),
        guard_problem=guards.missing_sentence(),
    )


def newest_checkpoints(count: int = 5) -> list[CheckpointSummary]:
    """The newest checkpoints that the database holds."""
    summaries = []
    for kept in KeptCheckpoint.objects.newest_first()[:count]:
        try:
            checkpoint = parse(kept.line, check_signature=False)
        except InvalidCheckpoint:
            continue
        made_at = datetime.fromisoformat(checkpoint.at)
        summaries.append(CheckpointSummary(checkpoint, made_at, kept))
    return summaries


def sink_status() -> SinkStatus:
    """How sending checkpoints to the sinks stands. Two queries."""
    return SinkStatus(
        waiting=KeptCheckpoint.objects.waiting_for_sinks().count(),
        given_up=KeptCheckpoint.objects.not_sent().count(),
    )


def _overdue_since(newest: Checkpoint | None) -> datetime | None:
    if newest is None:
        return None
    made_at = datetime.fromisoformat(newest.at)
    is_overdue = timezone.now() - made_at > timedelta(seconds=2 * settings.CHECKPOINT_SECONDS)
    return made_at if is_overdue else None
