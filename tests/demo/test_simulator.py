"""The simulator keeps to what the two vendors publish."""

import json
import re
import subprocess
import sys
import threading

import pytest

from pingadmin.demo import cast
from tests.support.processes import CHECKOUT

STATUS = "/customer/v2/sessions/{}/status"
RESUME = "/customer/v2/sessions/{}/resume"
PAUSE = "/customer/v2/sessions/{}/pause"


def test_a_connected_session_moves_bytes_in_whole_numbers(simulator):
    before = simulator.ask("GET", STATUS.format(cast.PING_CONNECTED)).json()
    simulator.advance(600)
    after = simulator.ask("GET", STATUS.format(cast.PING_CONNECTED)).json()
    assert before["status"] == after["status"] == "connected"
    for counter in ("duration", "uploaded_bytes", "downloaded_bytes"):
        assert isinstance(after[counter], int) and not isinstance(after[counter], bool)
        assert after[counter] > before[counter]
    assert 600 <= after["duration"] - before["duration"] < 660


def test_a_session_that_never_connected_reports_no_counters(simulator):
    answer = simulator.ask("GET", STATUS.format(cast.PING_CREATED))
    assert answer.json() == {"client_id": "umbrella-lab-3", "status": "created"}


def test_a_session_connects_by_itself_and_another_comes_and_goes(simulator):
    soon = STATUS.format(cast.PING_CONNECTS_SOON)
    cycle = STATUS.format(cast.PING_COMES_AND_GOES)
    assert simulator.ask("GET", soon).json()["status"] == "created"
    assert simulator.ask("GET", cycle).json()["status"] == "connected"
    simulator.advance(60)
    assert simulator.ask("GET", soon).json()["status"] == "connected"
    assert simulator.ask("GET", cycle).json()["status"] == "disconnected"
    simulator.advance(30)
    assert simulator.ask("GET", cycle).json()["status"] == "connected"


def test_resume_answers_not_paused_and_the_session_connects_a_moment_later(simulator):
    answer = simulator.ask("PATCH", RESUME.format(cast.PING_PAUSED))
    assert (answer.status_code, answer.json()) == (
        200,
        {"session_id": cast.PING_PAUSED, "paused": False},
    )
    before = simulator.ask("GET", STATUS.format(cast.PING_PAUSED)).json()
    assert before["status"] == "disconnected"
    simulator.advance(3)
    after = simulator.ask("GET", STATUS.format(cast.PING_PAUSED)).json()
    assert after["status"] == "connected"
    assert after["downloaded_bytes"] >= before["downloaded_bytes"] > 0


def test_pause_disconnects_and_keeps_the_counters_still(simulator):
    answer = simulator.ask("PATCH", PAUSE.format(cast.PING_CONNECTED))
    assert answer.json() == {"session_id": cast.PING_CONNECTED, "paused": True}
    before = simulator.ask("GET", STATUS.format(cast.PING_CONNECTED)).json()
    simulator.advance(1000)
    after = simulator.ask("GET", STATUS.format(cast.PING_CONNECTED)).json()
    assert before == after
    assert after["status"] == "disconnected"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (RESUME.format(cast.PING_CONNECTED), 400, "session_not_paused"),
        (RESUME.format(cast.PING_NOT_REUSABLE), 400, "session_not_reusable"),
        (RESUME.format(cast.PING_UNKNOWN), 404, "session_not_found"),
        (PAUSE.format(cast.PING_PAUSED), 400, "session_already_paused"),
        (PAUSE.format(cast.PING_NOT_REUSABLE), 400, "session_not_reusable"),
    ],
)
def test_ping_refuses_in_its_own_envelope(simulator, path, status, code):
    answer = simulator.ask("PATCH", path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]


def test_ping_takes_the_raw_key_and_agi_a_bearer_token(simulator):
    status, session = STATUS.format(cast.PING_CONNECTED), f"/v1/sessions/{cast.AGI_RUNNING}"
    for key in ("", "wrong", f"Bearer {cast.PING_KEY}"):
        refused = simulator.ask("GET", status, headers={"Authorization": key})
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
    for key in ("", "Bearer wrong", cast.AGI_KEY):
        refused = simulator.ask("GET", session, headers={"Authorization": key})
        assert (refused.status_code, refused.json()) == (
            401,
            {"detail": "Invalid or missing API key"},
        )
    assert (
        simulator.ask("GET", status).status_code == simulator.ask("GET", session).status_code == 200
    )


def test_agi_resumes_to_running_once(simulator):
    path = f"/v1/sessions/{cast.AGI_PAUSED}"
    first = simulator.ask("POST", f"{path}/resume")
    assert first.json() == {"success": True, "message": "Session resumed successfully"}
    assert simulator.ask("GET", path).json()["status"] == "running"
    second = simulator.ask("POST", f"{path}/resume")
    assert second.status_code == 400
    assert "not_paused" in second.text


def test_agi_lists_a_bare_array_newest_first_without_views(simulator):
    listed = simulator.ask("GET", "/v1/sessions").json()
    assert {one["session_id"] for one in listed} == {one["session_id"] for one in cast.AGI_SESSIONS}
    ages = [one["created_at"] for one in listed]
    assert ages == sorted(ages, reverse=True)
    assert not any("vnc_url" in one for one in listed)
    assert "vnc_url" in simulator.ask("GET", f"/v1/sessions/{cast.AGI_RUNNING}").json()


def test_agi_pauses_cancels_and_does_not_know_strangers(simulator):
    path = f"/v1/sessions/{cast.AGI_RUNNING}"
    assert simulator.ask("POST", f"{path}/pause").json()["success"] is True
    assert "already_paused" in simulator.ask("POST", f"{path}/pause").text
    assert simulator.ask("GET", f"{path}/status").json() == {"status": "waiting_for_input"}
    assert simulator.ask("POST", f"{path}/cancel").json()["success"] is True
    assert simulator.ask("GET", path).json()["status"] == "finished"
    assert simulator.ask("POST", f"/v1/sessions/{cast.AGI_UNKNOWN}/resume").status_code == 404


def test_an_agent_that_initializes_gets_ready_and_runs(simulator):
    states = []
    for _ in range(3):
        states.append(simulator.ask("GET", f"/v1/sessions/{cast.AGI_STARTING}").json()["status"])
        simulator.advance(9)
    assert states == ["initializing", "ready", "running"]


def test_a_created_ping_session_is_what_was_asked_for(simulator):
    order = {"client_id": "acme-1", "connection_type": "vless", "zone": "de-fra", "reusable": True}
    made = simulator.ask("POST", "/customer/v2/sessions", json=order)
    assert made.status_code == 201
    assert made.json()["reusable"] is True
    assert re.fullmatch(r"ses_[0-9a-f]{10}", made.json()["id"])
    assert simulator.ask("GET", STATUS.format(made.json()["id"])).json()["client_id"] == "acme-1"
    assert (
        simulator.ask("POST", "/customer/v2/sessions", json=order | {"zone": "x"}).status_code
        == 404
    )
    assert simulator.ask("POST", "/customer/v2/sessions", json={}).status_code == 422
    assert simulator.ask("POST", "/customer/v2/sessions", data="no").status_code == 400


def test_zones_tell_node_counts_only_when_asked(simulator):
    plain = simulator.ask("GET", "/customer/v2/zones").json()["zones"]
    counted = simulator.ask("GET", "/customer/v2/zones?include=node_count").json()["zones"]
    assert plain == [{"name": zone["name"], "code": zone["code"]} for zone in counted]
    assert all(isinstance(zone["active_nodes"], int) for zone in counted)


def test_the_event_stream_tells_starts_heartbeats_and_ends(simulator):
    with simulator.ask("GET", "/customer/v2/sessions/events", stream=True) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        lines = stream.iter_lines(chunk_size=1)
        assert next(lines).startswith(b":")
        threading.Thread(target=_make_history, args=[simulator]).start()
        events = _events(lines)
        seen = {}
        while {"session_start", "session_end", "session_heartbeat"} - set(seen):
            event = next(events)
            seen[event["event_type"]] = event
    assert seen["session_end"]["session_id"] == cast.PING_CONNECTED
    assert seen["session_start"]["session_id"] == cast.PING_PAUSED
    assert seen["session_heartbeat"]["client_id"]
    assert all(isinstance(event["downloaded_bytes"], int) for event in seen.values())


def test_calls_are_counted_by_method_and_path_until_forgotten(simulator):
    path = STATUS.format(cast.PING_CONNECTED)
    simulator.ask("GET", path)
    simulator.ask("GET", path)
    simulator.ask("PATCH", RESUME.format(cast.PING_UNKNOWN))
    assert simulator.calls() == {f"GET {path}": 2, f"PATCH {RESUME.format(cast.PING_UNKNOWN)}": 1}
    simulator.reset()
    assert simulator.calls() == {}


def test_sessions_are_made_as_described(simulator):
    session_id = simulator.session("ping", client_id="mine", connected_for=50, paused=True)
    assert simulator.ask("PATCH", RESUME.format(session_id)).status_code == 200
    agent = simulator.session("agi", agent_name="mine", status="paused")
    assert simulator.ask("GET", f"/v1/sessions/{agent}").json()["status"] == "paused"


def test_an_unknown_path_and_a_wrong_method_are_said_so(simulator):
    assert simulator.ask("GET", "/customer/v2/nothing").status_code == 404
    wrong = simulator.ask("DELETE", STATUS.format(cast.PING_CONNECTED))
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET")


def test_the_simulator_runs_on_the_standard_library_alone():
    code = f"""
import sys
sys.path.insert(0, {str(CHECKOUT)!r})
import pingadmin.demo.__main__
print({{"django", "requests", "pingadmin.settings"}} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "set()\n", done.stderr


def _make_history(simulator):
    simulator.ask("PATCH", PAUSE.format(cast.PING_CONNECTED))
    simulator.ask("PATCH", RESUME.format(cast.PING_PAUSED))
    simulator.advance(10)


def _events(lines):
    for line in lines:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def test_limits_are_set_by_a_switch_and_gone_with_a_reset(simulator):
    def ask(kind):
        return simulator.ask("GET", f"/customer/limits/{kind}")

    assert [ask(kind).status_code for kind in ("global", "client", "session")] == [404] * 3
    simulator.limits(client={"max_sessions": 3})
    answer = ask("client").json()
    assert answer["max_sessions"] == 3 and {"id", "created_at", "updated_at"} <= answer.keys()
    assert ask("session").status_code == 404
    assert simulator.ask("PATCH", "/customer/limits/client").status_code == 405
    refused = simulator.ask("GET", "/customer/limits/client", headers={"Authorization": "x"})
    assert refused.status_code == 401
    simulator.reset()
    assert ask("client").status_code == 404
