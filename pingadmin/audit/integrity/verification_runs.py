"""Checks of the whole log that people start: in steps of about a second, so that a page can show how far one is."""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.utils import timezone

from pingadmin.audit.chain import canonical
from pingadmin.audit.integrity import checkpoints, completeness
from pingadmin.audit.integrity.faults import Fault
from pingadmin.audit.integrity.verification import Walk
from pingadmin.audit.models import VerificationRun
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor

STEP_SECONDS = 1
REST = timedelta(minutes=1)
STALE = timedelta(hours=1)

log = logging.getLogger(__name__)


def start_or_go_on(*, by: Actor) -> VerificationRun:
    """One step of the check that is under way, or of a new one; the last one as it is when it ended just now."""
    now, newest = timezone.now(), VerificationRun.objects.order_by("-id").first()
    if newest and newest.ended_at and now - newest.ended_at < REST:
        return newest
    if newest is None or newest.ended_at or now - newest.started_at > STALE:
        newest = VerificationRun.objects.create(
            started_at=now, started_by=by.name, head=canonical.GENESIS
        )
    return _step(newest, by=by)


def record(
    walk: Walk, bad_checkpoints: list[Fault], *, by: Actor, started_at: datetime
) -> VerificationRun:
    """A check that was made in one go, as an ended run and its event."""
    run = VerificationRun(started_at=started_at, started_by=by.name)
    _note(run, walk)
    _end(run, walk, bad_checkpoints)
    run.save()
    _tell(run, by)
    return run


def _step(run: VerificationRun, *, by: Actor) -> VerificationRun:
    place, anchors = run.seq, checkpoints.kept(thoroughly=False).anchors()
    walk = Walk(seq=run.seq, head=run.head, before=run.before, anchors=anchors)
    has_more = walk.step(seconds=STEP_SECONDS)
    _note(run, walk)
    if not has_more:
        _end(run, walk, checkpoints.kept().faults)
    # Two browsers may watch one check: only one of them moves it on.
    mine = VerificationRun.objects.filter(pk=run.pk, seq=place, ended_at=None)
    changed = {
        field.attname: getattr(run, field.attname)
        for field in run._meta.concrete_fields
        if not field.primary_key
    }
    if not mine.update(**changed):
        run.refresh_from_db()
    elif run.ended_at:
        _tell(run, by)
    return run


def _note(run: VerificationRun, walk: Walk) -> None:
    run.seq, run.head, run.before = walk.seq, walk.head, walk.before
    if walk.anchored:
        run.anchored_seq = walk.anchored.seq
        run.anchored_at = datetime.fromisoformat(walk.anchored.at)


def _end(run: VerificationRun, walk: Walk, bad_checkpoints: list[Fault]) -> None:
    found = [walk.fault] * bool(walk.fault) + bad_checkpoints
    run.faults = [asdict(one) for one in found]
    run.completeness = [asdict(finding) for finding in completeness.report()]
    run.outcome = run.Outcome.BROKEN if found else run.Outcome.WHOLE
    run.ended_at = timezone.now()


def _tell(run: VerificationRun, by: Actor) -> None:
    """The check is an event itself. A log that cannot be written can still be checked."""
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
            trail.append(action="audit_verify", phase="event", by=by, detail=detail)
    except DatabaseError:
        log.exception("the check of the audit log could not be written into it")
