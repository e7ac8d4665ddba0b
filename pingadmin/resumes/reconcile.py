"""Looks again where an act left a question, and writes down what was seen.

Looking is not knowing: what a session does now may be somebody else's doing. So the result of an attempt never
changes here; evidence is appended beside it, and a question ends only where the upstream can answer it.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.look_up import LookUpResult, look_up
from pingadmin.resumes import unrecorded
from pingadmin.resumes.attempts import close_one_lost, next_check_at, resolve
from pingadmin.resumes.models import Attempt

RECONCILER = Actor.system("reconcile")


def reconcile_one() -> bool:
    """Do one unit of work. Returns whether there was any, so that the caller asks again."""
    return bool(unrecorded.bring_in()) or close_one_lost() or _look_at_one()


def look_after(attempt: Attempt) -> None:
    """Look at an attempt's session once, now, and keep what is seen as evidence of the attempt's story."""
    if not _take(attempt):
        return
    session = attempt.session
    try:
        finding = look_up(session.alias, session.session_id, by=RECONCILER, source="reconcile")
    except upstream.UnknownAlias:
        finding = None
    _keep_evidence(attempt, finding)
    attempt.refresh_from_db()


def _look_at_one() -> bool:
    attempt = (
        Attempt.objects.select_related("session")
        .filter(next_check_at__lte=timezone.now())
        .order_by("next_check_at")
        .first()
    )
    if attempt is None:
        return False
    look_after(attempt)
    return True


def _take(attempt: Attempt) -> bool:
    """Claim the look that is due, so that two reconcilers do not both make it."""
    looks = attempt.check_count + 1
    # After a long silence the looks that were missed are one look.
    while (following := next_check_at(attempt.closed_at, looks)) and following <= timezone.now():
        looks += 1
    if attempt.result == "already":
        following = None
    return bool(
        Attempt.objects.filter(
            pk=attempt.pk, check_count=attempt.check_count, next_check_at__isnull=False
        ).update(check_count=looks, next_check_at=following)
    )


def _keep_evidence(attempt: Attempt, finding: LookUpResult | None) -> None:
    with transaction.atomic():
        held = Attempt.objects.select_for_update().select_related("session").get(pk=attempt.pk)
        session = held.session
        seen = finding is not None and finding.error is None
        paused = session.paused_reported if seen and upstream.states_paused(session.alias) else None
        has_effect = held.result == "ok" and paused is held.kind.pauses
        snapshot = (
            session.snapshots.order_by("-first_at", "-id").values_list("id", flat=True).first()
        )
        trail.append(
            action="look",
            phase="evidence",
            by=RECONCILER,
            story=held.intent_seq,
            verified=has_effect if held.result == "ok" else None,
            alias=session.alias,
            session_id=session.session_id,
            client=session.client_name,
            ticket=held.ticket,
            attempt=str(held.pk),
            batch=held.batch,
            detail=_what_was_seen(session, finding, paused),
            snapshot_after=snapshot if seen else None,
        )
        if has_effect:
            held.verified = True
            held.next_check_at = None
            held.save()
        elif held.is_unresolved and _answers_the_question(paused, held):
            resolve(
                held, Attempt.Resolution.BY_EVIDENCE, _resolution_note(paused, held, timezone.now())
            )


def _answers_the_question(paused: bool | None, attempt: Attempt) -> bool:
    """The effect ends it at once. Its absence ends it only at the last look: an act may take its time."""
    return paused is not None and (paused is attempt.kind.pauses or attempt.next_check_at is None)


def _what_was_seen(session, finding: LookUpResult | None, paused: bool | None) -> dict:
    if finding is None:
        return {"error": "not_configured"}
    if finding.error:
        return {"error": finding.error.kind}
    return {"state": session.state, "paused": {True: "yes", False: "no", None: "not said"}[paused]}


def _resolution_note(paused: bool, attempt: Attempt, now: datetime) -> str:
    seen = "paused" if paused else "not paused"
    if paused is not attempt.kind.pauses:
        seen = f"still {seen}"
    return f"Seen {seen} at {now:%H:%M:%S} UTC. Whether this press did anything cannot be told."
