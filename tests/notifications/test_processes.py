"""The collector's own process tells the team of an unknown outcome, once, whatever becomes of that
process.
"""

import pytest

from pingadmin.demo import cast
from tests.support.processes import until
from tests.support.webhooks import PATH, delivered_texts

pytestmark = pytest.mark.process


def unknown_outcome(panel, simulator, session_id: str) -> None:
    simulator.fault("reset", match=f"PATCH */{session_id}/resume", after=True)
    answer = panel.login("support").post(
        f"/sessions/ping/{session_id}/resume/", {"reason": "Customer approved"}
    )
    assert answer.status_code in (200, 302)


def collecting(panel):
    process = panel.background("collect")
    is_running = "SELECT seq FROM notifications_readupto"
    assert until(lambda: panel.rows(is_running)), process.output
    return process


def test_one_message_across_a_killed_and_a_second_collector(webhook, new_panel, simulator):
    server = webhook()
    panel = new_panel(
        workers=1, NOTIFY_URL=server.address + PATH, PANEL_URL="https://panel.example"
    )
    collector = collecting(panel)
    unknown_outcome(panel, simulator, cast.PING_PAUSED)
    assert until(lambda: server.requests)
    delivered = "SELECT event_seq FROM notifications_notification WHERE delivered_at IS NOT NULL"
    assert until(lambda: len(panel.rows(delivered)) == 1), collector.output
    collector.kill()
    collector = collecting(panel)
    unknown_outcome(panel, simulator, cast.PING_PAUSED_TOO)
    assert until(lambda: len(panel.rows(delivered)) == 2), collector.output
    assert collector.end() == 0
    first, second = delivered_texts(server)
    assert cast.PING_PAUSED in first and cast.PING_PAUSED_TOO in second
    assert "canary-webhook" not in collector.output + panel.server.output
