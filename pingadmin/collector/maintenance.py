"""Steps that receive nothing: sign the audit log's head, report agents that wait, notify the team,
let the search index catch up, prune old history.
"""

import logging
from time import monotonic

from pingadmin.audit.integrity import checkpoints, sinks
from pingadmin.collector.steps.pruner import prune_some
from pingadmin.notifications.deliver import deliver_one
from pingadmin.notifications.make import make_new
from pingadmin.remote_sessions.conversation.reports import report_waits

CHECKPOINT_SECONDS = 5
CHECKPOINT_RETRY_SECONDS = 60
PRUNE_SECONDS = 3600

log = logging.getLogger(__name__)


def notify() -> bool:
    """Makes the notifications that are due, or sends one. Returns whether there may be more."""
    return make_new() or deliver_one()


def report_agents() -> bool:
    """Writes into the audit log which agents began to wait. Returns False: rest."""
    # A step of its own: while the log refuses it, other notifications still go out.
    report_waits()
    return False


class Checkpointer:
    """Makes a checkpoint where one is due, and sends those that sinks wait for, one at a time.

    After a failure it waits, to keep the log readable.
    """

    def __init__(self) -> None:
        self._rest = CHECKPOINT_SECONDS

    def step(self) -> bool:
        # Set before, so that it also holds after an exception that leaves the step.
        self._rest = CHECKPOINT_RETRY_SECONDS
        try:
            checkpoints.make_if_due()
            self._rest = CHECKPOINT_SECONDS
        except (checkpoints.NotSigned, OSError):
            log.exception("no checkpoint could be made")
        return sinks.send_next()

    def rest_seconds(self) -> float:
        return self._rest


class Pruner:
    """Prunes history a piece at a time. When a pass is done it rests for an hour."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def step(self) -> bool:
        if monotonic() < self._next_at:
            return False
        if prune_some():
            return True
        self._next_at = monotonic() + PRUNE_SECONDS
        return False
