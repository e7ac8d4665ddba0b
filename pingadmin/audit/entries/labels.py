"""What people read for the stored words of an event, and in which colour.

A word that is not known here is never shown as a success.
"""

from typing import NamedTuple

from pingadmin.audit import actions
from pingadmin.audit.actions import action_named
from pingadmin.audit.marks import Mark, ReviewState
from pingadmin.audit.models import AuditEvent


class Label(NamedTuple):
    """text: for people. tone: the colour's name."""

    text: str
    tone: str


UNRECOGNISED = Label(actions.UNRECOGNISED, "unknown")
REVIEW_TONES: dict[str, str] = {ReviewState.REVIEWED: "ok", ReviewState.FLAGGED: "failed"}

_WITHOUT_RESULT: dict[str, Label] = {
    AuditEvent.Phase.INTENT: Label(actions.NO_OUTCOME_YET, "unknown"),
    AuditEvent.Phase.EVENT: Label("Recorded", "idle"),
}
_HEADINGS: dict[str, Label] = {
    AuditEvent.Phase.INTENT: Label("Intent recorded", "accent"),
    AuditEvent.Phase.OUTCOME: Label("Outcome", "unknown"),
    AuditEvent.Phase.EVIDENCE: Label("Checked again", "accent"),
    AuditEvent.Phase.CLOSURE: Label("Resolved by a person", "idle"),
    AuditEvent.Phase.EVENT: Label("Recorded", "idle"),
}


def result_label(action: str, stored: str, is_verified: bool | None) -> Label:
    """How an action ended. stored: its result; is_verified: whether a check showed the effect."""
    result = action_named(action).result_for(stored, is_verified)
    return Label(result.label, result.tone) if result else UNRECOGNISED


def missing_result_label(phase: str) -> Label:
    """The label of an entry in which no event states a result, by the phase of its head."""
    return _WITHOUT_RESULT.get(phase, UNRECOGNISED)


def event_heading(event: AuditEvent) -> Label:
    """The heading of one event in the timeline of its entry."""
    if event.phase == AuditEvent.Phase.MARK:
        return _mark_heading(event.action)
    heading = _HEADINGS.get(event.phase, UNRECOGNISED)
    if not event.result:
        return heading
    result = result_label(event.action, event.result, event.verified)
    if result.text.startswith(heading.text):
        return result  # "Outcome: outcome unknown" would say it twice.
    return Label(f"{heading.text}: {result.text.lower()}", result.tone)


def _mark_heading(action: str) -> Label:
    if action not in Mark.values:
        return UNRECOGNISED
    state = Mark(action).state
    return Label(state.label, REVIEW_TONES[state])
