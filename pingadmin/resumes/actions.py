"""The actions on a session. They share one machinery; their differences are here."""

from django.db import models

# What people read of each action, in the order of Action's properties below.
_NOUN = {"resume": "resume", "pause": "pause", "message": "message", "cancel": "cancellation"}
_IN_PROGRESS = {
    "resume": "resuming this session",
    "pause": "pausing this session",
    "message": "sending a message to this session",
    "cancel": "cancelling the task of this session",
}
_DONE = {
    "resume": "it resumed the session",
    "pause": "it paused the session",
    "message": "it took the message",
    "cancel": "it cancelled the task",
}
_EFFECT = {
    "resume": "the session is no longer paused",
    "pause": "the session is paused now",
    "message": "it took the message",
    "cancel": "it cancelled the task",
}
_WAS_DONE = {
    "resume": "the session was resumed",
    "pause": "the session was paused",
    "message": "the message arrived",
    "cancel": "the task was cancelled",
}
_SHOWN = {
    "resume": "shows it not paused",
    "pause": "shows it paused",
    "message": "found it in the conversation",
    "cancel": "shows the task finished",
}
_ALREADY = {
    "resume": "not paused",
    "pause": "already paused",
    "message": "already answered",
    "cancel": "already finished",
}


class Action(models.TextChoices):
    """What an attempt does. The value is the word in addresses, permissions and the audit log."""

    RESUME = "resume"
    PAUSE = "pause"
    MESSAGE = "message"
    CANCEL = "cancel"

    @property
    def pauses(self) -> bool | None:
        """What a look-up says of "paused" once the action had its effect; None for any value."""
        return {Action.RESUME: False, Action.PAUSE: True}.get(self)

    @property
    def noun(self) -> str:
        """`cancellation`, as in "the outcome of the last cancellation is unknown"."""
        return _NOUN[self]

    @property
    def in_progress(self) -> str:
        """`resuming this session`, as in "Ana is resuming this session"."""
        return _IN_PROGRESS[self]

    @property
    def done(self) -> str:
        """`it resumed the session`, as in "Ping said it resumed the session"."""
        return _DONE[self]

    @property
    def effect(self) -> str:
        """`the session is no longer paused`, as the upstream said it."""
        return _EFFECT[self]

    @property
    def was_done(self) -> str:
        """`the session was resumed`, as in "We don't know whether the session was resumed"."""
        return _WAS_DONE[self]

    @property
    def shown(self) -> str:
        """`shows it not paused`, as in "a check afterwards shows it not paused"."""
        return _SHOWN[self]

    @property
    def already(self) -> str:
        """`not paused`, as in "the session was not paused": there was nothing to do."""
        return _ALREADY[self]
