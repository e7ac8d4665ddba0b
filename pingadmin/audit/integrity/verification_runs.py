"""Verifications that people start: in steps of about a second, so that a page can show progress."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.utils import timezone

from pingadmin.audit.chain import canonical
from pingadmin.audit.integrity import checkpoints, completeness, references, run_seal
from pingadmin.audit.integrity.faults import Fault
from pingadmin.audit.integrity.verification import Verification
from pingadmin.audit.models import AuditEvent, VerificationRun
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor

STEP_SECONDS = 1
MIN_INTERVAL = timedelta(minutes=1)
ABANDONED_AFTER = timedelta(hours=1)

log = logging.getLogger(__name__)


def start_or_continue(*, by: Actor) -> VerificationRun:
    """Takes one step of the running verification, or of a new one.

    Returns the last run unchanged where it ended less than MIN_INTERVAL ago.
    """
    now, newest = timezone.now(), run_seal.newest_run()
    if newest and newest.ended_at and now - newest.ended_at < MIN_INTERVAL:
        return newest
    if newest is None or newest.ended_at or now - newest.started_at > ABANDONED_AFTER:
        newest = VerificationRun(started_at=now, started_by=by.name, last_hash=canonical.GENESIS)
        run_seal.seal(newest)
        newest.save()
    return _take_step(newest, by=by)


def record(
    verification: Verification,
    checkpoint_faults: list[Fault],
    *,
    by: Actor,
    started_at: datetime,
) -> VerificationRun:
    """Stores a verification that ran in one go as an ended run, and appends its event."""
    run = VerificationRun(started_at=started_at, started_by=by.name)
    _copy_progress(verification, run)
    _end(run, verification, checkpoint_faults)
    run_seal.seal(run)
    run.save()
    _append_event(run, by)
    return run


def _take_step(run: VerificationRun, *, by: Actor) -> VerificationRun:
    began_at = run.seq
    verification = Verification(
        checkpoints.load_all(check_signatures=False).anchors(),
        seq=run.seq,
        last_hash=run.last_hash,
        previous_hash=run.previous_hash,
    )
    has_more = verification.advance(seconds=STEP_SECONDS)
    _copy_progress(verification, run)
    if not has_more:
        _end(run, verification, checkpoints.load_all().faults)
    run_seal.seal(run)
    # Two browsers may watch one run: only the first to get here moves it on.
    unchanged = VerificationRun.objects.running().filter(pk=run.pk, seq=began_at)
    values = {
        field.attname: getattr(run, field.attname)
        for field in run._meta.concrete_fields
        if not field.primary_key
    }
    if not unchanged.update(**values):
        run.refresh_from_db()
    elif run.ended_at:
        _append_event(run, by)
    return run


def _copy_progress(verification: Verification, run: VerificationRun) -> None:
    run.seq = verification.seq
    run.last_hash, run.previous_hash = verification.last_hash, verification.previous_hash
    if verification.anchored:
        run.anchored_seq = verification.anchored.seq
        run.anchored_at = datetime.fromisoformat(verification.anchored.at)


def _end(run: VerificationRun, verification: Verification, checkpoint_faults: list[Fault]) -> None:
    faults = verification.faults + checkpoint_faults + references.find_faults()
    run.faults = [fault.as_dict() for fault in faults]
    run.completeness = [finding.as_dict() for finding in completeness.check_completeness()]
    outcomes = VerificationRun.Outcome
    good = outcomes.WHOLE if verification.seq else outcomes.EMPTY
    run.outcome = outcomes.BROKEN if faults else good
    run.ended_at = timezone.now()


def _append_event(run: VerificationRun, by: Actor) -> None:
    """A verification is an event itself. A log that takes no events can still be verified."""
    first = run.faults[0] if run.faults else {}
    detail = {
        "outcome": run.outcome,
        "checked_up_to": run.seq,
        "anchored_up_to": run.anchored_seq,
        "how_it_is_bad": first.get("word"),
        "first_bad_event": first.get("seq"),
    }
    try:
        with transaction.atomic():
            trail.append(action="audit_verify", phase=AuditEvent.Phase.EVENT, by=by, detail=detail)
    except DatabaseError:
        log.exception("the audit log was verified, but takes no event that says so")
