"""The two actions on a session. They share one machinery; their differences are here."""

from django.db import models

# What people read of each action, in the order of Action's properties below.
_IN_PROGRESS = {"resume": "resuming", "pause": "pausing"}
_DONE = {"resume": "resumed", "pause": "paused"}
_EFFECT = {"resume": "no longer paused", "pause": "paused now"}
_ALREADY = {"resume": "not paused", "pause": "already paused"}


class Action(models.TextChoices):
    """What an attempt does. The value is the word in addresses, permissions and the audit log."""

    RESUME = "resume"
    PAUSE = "pause"

    @property
    def pauses(self) -> bool:
        """What a look-up says of "paused" once the action had its effect."""
        return self is Action.PAUSE

    @property
    def in_progress(self) -> str:
        """`resuming`, as in "Ana is resuming this session"."""
        return _IN_PROGRESS[self]

    @property
    def done(self) -> str:
        """`resumed`, as in "Ping said it resumed the session"."""
        return _DONE[self]

    @property
    def effect(self) -> str:
        """`no longer paused`, as in "Ping said the session is no longer paused"."""
        return _EFFECT[self]

    @property
    def already(self) -> str:
        """`not paused`, as in "the session was not paused": there was nothing to do."""
        return _ALREADY[self]
