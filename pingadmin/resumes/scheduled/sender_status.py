"""Whether anything runs that sends scheduled resumes: whoever sends them registers how to find out.

The background process is in a package above this one.
"""

from collections.abc import Callable

_checks: list[Callable[[], bool]] = []


def register(check: Callable[[], bool]) -> None:
    """Adds a sender. check: whether it runs now. For an app's ready()."""
    _checks.append(check)


def is_running() -> bool:
    """Whether a sender runs now. One query for each that is registered."""
    return any(check() for check in _checks)
