"""The five results of an attempt and their labels; outcome_sentences.py has the sentences.

The panel, the bulk page, the timeline and the audit log all take them from here, so a result is
called the same wherever it is met.
"""

from dataclasses import dataclass

from django.db import models

from pingadmin.audit import actions as audit_actions
from pingadmin.resumes.actions import Action

# The failure of an attempt whose process ended before it recorded an outcome. It is stored.
PROCESS_LOST = "process_lost"


class Result(models.TextChoices):
    """How an attempt ended. The values are stored, and hashed in the audit log."""

    OK = "ok", "Accepted"
    ALREADY = "already", "Nothing to do"
    REJECTED = "rejected", "Refused"
    NOT_SENT = "not_sent", "Not sent"
    UNKNOWN = "unknown", "Outcome unknown"


@dataclass(frozen=True)
class ResultLabel:
    """text: what people read. tone: the name of the colour that goes with it."""

    text: str
    tone: str


CONFIRMED = ResultLabel("Confirmed", "ok")
ACCEPTED = ResultLabel(Result.OK.label, "ok")
# For an account whose look-ups tell "paused": there a missing confirmation means something.
NOT_CONFIRMED_YET = ResultLabel("Accepted, not confirmed yet", "paused")
REFUSED = ResultLabel(Result.REJECTED.label, "failed")
NOT_SENT = ResultLabel(Result.NOT_SENT.label, "idle")
OUTCOME_UNKNOWN = ResultLabel(Result.UNKNOWN.label, "unknown")
NO_OUTCOME_YET = ResultLabel(audit_actions.NO_OUTCOME_YET, "unknown")
# A result that this version doesn't know is never dressed as a success.
UNRECOGNISED = ResultLabel(audit_actions.UNRECOGNISED, "unknown")


def label_for(action: str, result: str, verified: bool | None = None) -> ResultLabel:
    """The label of a stored result. verified: whether a check showed the effect of an `ok`."""
    match result:
        case Result.OK:
            return CONFIRMED if verified else ACCEPTED
        case Result.ALREADY if action in Action.values:
            return ResultLabel(f"Was {Action(action).already}", "idle")
        case Result.REJECTED:
            return REFUSED
        case Result.NOT_SENT:
            return NOT_SENT
        case Result.UNKNOWN:
            return OUTCOME_UNKNOWN
    return UNRECOGNISED
