"""What the audit log shows for resumes, pauses, messages to agents and cancellations."""

import uuid

from pingadmin.audit.actions import ActionResult, AuditAction, BatchLink, sentence
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.models import AuditEvent
from pingadmin.remote_sessions.audit_actions import session_address, session_name
from pingadmin.resumes.actions import Action
from pingadmin.resumes.event_sentences import describe_event
from pingadmin.resumes.models import BulkResume
from pingadmin.resumes.outcome_sentences import LOOK_FIRST
from pingadmin.resumes.results import Result, label_for


def _about_a_session(name: str, label: str, text: str) -> AuditAction:
    """An action on one session that is recorded once, or that follows an attempt.

    text: as AuditAction.sentence.
    """
    return AuditAction(
        name,
        label,
        object_name=session_name,
        address=session_address,
        sentence=sentence(text),
        describe=describe_event,
    )


def _result(
    action: Action, name: str, stored: Result, is_verified: bool | None = None
) -> ActionResult:
    label = label_for(action, stored, is_verified)
    # Resumes and pauses call `already` differently; the filter finds both.
    general = Result.ALREADY.label if stored == Result.ALREADY else ""
    advice = LOOK_FIRST if stored == Result.UNKNOWN else ""
    return ActionResult(name, stored, label.text, label.tone, is_verified, general, advice)


def _attempt(action: Action, label: str, text: str) -> AuditAction:
    return AuditAction(
        action.value,
        label,
        results=(
            _result(action, "confirmed", Result.OK, is_verified=True),
            _result(action, "accepted", Result.OK, is_verified=False),
            _result(action, "already", Result.ALREADY),
            _result(action, "rejected", Result.REJECTED),
            _result(action, "not_sent", Result.NOT_SENT),
            _result(action, "unknown", Result.UNKNOWN),
        ),
        needs_review=True,
        object_name=session_name,
        address=session_address,
        batch_link=_bulk_resume_link,
        sentence=sentence(text),
        describe=describe_event,
    )


def _bulk_resume_link(event: AuditEvent) -> BatchLink | None:
    """The page of the bulk resume that an event belongs to. Two queries."""
    try:
        bulk = BulkResume.objects.filter(pk=uuid.UUID(event.batch)).first()
    except ValueError:  # an old event may hold anything
        return None
    if bulk is None:
        return None
    return BatchLink(
        label=f"one of {bulk.items.count()} in a bulk resume by {bulk.actor_name}",
        address=bulk.get_absolute_url(),
        permission="remote_sessions.look_up",
    )


def _number_of_sessions(event: AuditEvent) -> str:
    sessions = read_detail(event).get("sessions")
    if not isinstance(sessions, list):
        return ""
    return f"{len(sessions)} session{'' if len(sessions) == 1 else 's'}"


ACTIONS = [
    _attempt(Action.RESUME, "Resume", "asked to resume {object}"),
    _attempt(Action.PAUSE, "Pause", "asked to pause {object}"),
    _attempt(Action.MESSAGE, "Message", "asked to send a message to {object}"),
    _attempt(Action.CANCEL, "Cancel task", "asked to cancel the task of {object}"),
    _about_a_session(
        "resume_limit", "Resume limit reached", "reached the limit on resumes at {object}"
    ),
    _about_a_session(
        "pause_limit", "Pause limit reached", "reached the limit on pauses at {object}"
    ),
    _about_a_session(
        "message_limit", "Message limit reached", "reached the limit on messages at {object}"
    ),
    _about_a_session(
        "cancel_limit", "Cancel limit reached", "reached the limit on cancellations at {object}"
    ),
    # Steps of an answer to an agent that were asked for and not taken.
    _about_a_session(
        "resume_left_out", "Resume left out", "answered and left the resume of {object} out"
    ),
    _about_a_session(
        "cancel_left_out",
        "Cancellation left out",
        "answered and left the cancellation of the task of {object} out",
    ),
    _about_a_session("look", "Checked again", "checked {object} again"),
    _about_a_session(
        "close_unknown", "Unknown outcome resolved", "resolved the unknown outcome of {object}"
    ),
    _about_a_session("resume_schedule", "Resume scheduled", "scheduled a resume of {object}"),
    _about_a_session(
        "resume_schedule_cancel",
        "Scheduled resume cancelled",
        "cancelled the scheduled resume of {object}",
    ),
    _about_a_session(
        "resume_missed", "Scheduled resume missed", "missed the scheduled resume of {object}"
    ),
    _about_a_session(
        "resume_not_needed",
        "Scheduled resume not needed",
        "did not need to send the scheduled resume of {object}",
    ),
    _about_a_session(
        "resume_refused",
        "Scheduled resume not sent",
        "refused to send the scheduled resume of {object}",
    ),
    AuditAction(
        "bulk_resume",
        "Bulk resume started",
        object_name=_number_of_sessions,
        batch_link=_bulk_resume_link,
        sentence=sentence("started a bulk resume of {object}"),
    ),
    AuditAction(
        "bulk_stop",
        "Bulk resume stopped",
        batch_link=_bulk_resume_link,
        sentence=sentence("stopped a bulk resume"),
    ),
]
# Names inside the stored `shown` and `detail`. They are hashed, so old names stay.
FIELD_LABELS = {
    "elapsed_ms": "Answered after (ms)",
    "word": "Failure",
    "error": "Check failed",
    "recorded": "Recorded",
    "state_doubted": "Why the state is in doubt",
    "age_seconds": "Age in seconds",
    "paused_grade": "How we know",
    "paused_said_at": "Paused reported",
    "seen_at": "Last seen",
    "shown_at": "Shown",
    "retry_of": "Retries the unsent part of",
    "due_at": "Time of the resume",
    "scheduled_at": "Scheduled at",
    "scheduled_by": "Scheduled by",
    "scheduled_event": "Scheduled in event",
    "why": "Why",
    "sent_lines": "Message",
    "question": "Answers the question with the id",
    "after_id": "Newest message before it",
    "effect": "Effect found",
}
