"""A resume as a browser sends it to a panel's own process, and what the database keeps of it."""

from collections.abc import Callable

from pingadmin.demo import cast
from tests.support.panel import Panel
from tests.support.simulator import Simulator

PAGE = f"/sessions/ping/{cast.PING_PAUSED}/"
RESUME = f"{PAGE}resume/"
WHY = {"reason": "Customer approved", "ticket": "INC-4412"}


def stored_attempts(panel: Panel) -> list[dict]:
    return panel.rows("SELECT * FROM resumes_resumeattempt ORDER BY opened_at")


def is_called(simulator: Simulator, action: str = "resume") -> Callable[[], bool]:
    """A condition to wait for: the simulator was asked for that action, once."""
    return lambda: simulator.call_count(f"/{action}") == 1
