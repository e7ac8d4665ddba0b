"""The two acts on a session, and the words that each is told in. They share one machinery; this is the difference."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """name: in the address, in the permission, in the audit log, and of the upstream's call.

    pauses: what a look-up says of "paused" where the act had its effect. The others are words for people: she is
    `doing` it, it `did` the session, which then is `after`; where nothing was to be done it was `already`.
    """

    name: str
    pauses: bool
    doing: str
    did: str
    after: str
    already: str


RESUME = Action(
    "resume",
    False,
    doing="resuming",
    did="resumed",
    after="not paused any more",
    already="not paused",
)
PAUSE = Action(
    "pause", True, doing="pausing", did="paused", after="paused now", already="paused already"
)

ACTIONS = {action.name: action for action in (RESUME, PAUSE)}
