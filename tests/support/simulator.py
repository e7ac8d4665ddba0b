"""Fixtures: both upstream systems, simulated in a process of their own, reset for every test."""

import sys

import pytest
import requests

from pingadmin.demo import cast
from tests.support.processes import Process, clean_environment


class Simulator:
    """A running simulator and its switches (pingadmin/demo/simulator/control.py)."""

    def __init__(self, process: Process, url: str):
        self.process = process
        self.url = url
        self.ping_url, self.agi_url = f"{url}/customer/v2", f"{url}/v1"
        self._http = requests.Session()
        self._http.trust_env = False

    def calls(self, part: str = "") -> dict[str, int]:
        """How often each "METHOD /path" was called, of those that hold `part`."""
        return {name: times for name, times in self._send("GET", "calls").items() if part in name}

    def call_count(self, part: str = "") -> int:
        return sum(self.calls(part).values())

    def fault(self, kind: str, *, match: str = "*", **details) -> None:
        """Switch a fault on for the next call (or `times` calls) that matches "METHOD /path"."""
        self._send("POST", "faults", {"fault": kind, "match": match, **details})

    def clear_faults(self) -> None:
        self._send("DELETE", "faults")

    def session(self, system: str = "ping", **details) -> str:
        """Make a session as cast.py describes one; its id."""
        return self._send("POST", "sessions", {"system": system, **details})[0]["session_id"]

    def message(self, session_id: str, kind: str, content, *, count: int = 1, **details) -> None:
        """Let an agent say something: THOUGHT, QUESTION, DONE, ERROR or LOG."""
        message = {"session_id": session_id, "type": kind, "content": content, "count": count}
        self._send("POST", "messages", message | details)

    def advance(self, seconds: float) -> None:
        """Let that time pass at once."""
        self._send("POST", "clock", {"advance": seconds})

    def stream_fault(self, kind: str, **details) -> None:
        """Let something go wrong on the event stream (demo/simulator/stream_faults.py)."""
        self._send("POST", "stream", {"fault": kind, **details})

    def stream(self) -> dict:
        """How the event stream fares: readers, events made, sent and lost."""
        return self._send("GET", "stream")

    def storm(self, *, sessions: int, heartbeats: int, **details) -> None:
        """Let very many sessions start and beat on the event stream (demo/simulator/storm.py)."""
        self._send("POST", "storm", {"sessions": sessions, "heartbeats": heartbeats, **details})

    def storm_report(self) -> dict:
        """How far the storm is: events wanted and made; and what the stream sent and lost."""
        return self._send("GET", "storm")

    def limits(self, **kinds: dict) -> None:
        """Set Ping's limits, by kind: `client`, `session` and `global`."""
        self._send("POST", "limits", kinds)

    def reset(self) -> None:
        self._send("POST", "reset")

    def ask(self, method: str, path: str, **more) -> requests.Response:
        """An upstream call with the right key, such as ask("GET", "/v1/sessions")."""
        key = f"Bearer {cast.AGI_KEY}" if path.startswith("/v1/") else cast.PING_KEY
        headers = {"Authorization": key} | more.pop("headers", {})
        return self._http.request(method, self.url + path, headers=headers, timeout=60, **more)

    def environment(self) -> dict[str, str]:
        """What a panel process needs in its environment to use this simulator."""
        return {
            "PING_BASE_URL": self.ping_url,
            "PING_API_KEY": cast.PING_KEY,
            "PING_ID_PATTERN": "ses_[0-9a-f]{10}",
            "AGI_BASE_URL": self.agi_url,
            "AGI_API_KEY": cast.AGI_KEY,
        }

    def close(self) -> None:
        self._http.close()
        self.process.end()

    def _send(self, method: str, switch: str, content=None):
        answer = self._http.request(method, f"{self.url}/_sim/{switch}", json=content, timeout=60)
        assert answer.ok, answer.text
        return answer.json()


def start_simulator(directory, *arguments: str) -> Simulator:
    """A simulator on a free port, with further arguments of its command line."""
    process = Process(
        sys.executable,
        "-m",
        "pingadmin.demo",
        "--port",
        "0",
        *arguments,
        env=clean_environment(),
        log=directory / "simulator.log",
    )
    return Simulator(process, process.await_line(r"(http://[^/]+)/customer/v2")[1])


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory):
    simulator = start_simulator(tmp_path_factory.mktemp("simulator"))
    yield simulator
    simulator.close()


@pytest.fixture
def simulator(simulator_process):
    """The simulator with its cast, no faults and no calls counted."""
    simulator_process.reset()
    return simulator_process


@pytest.fixture
def simulated_upstreams(settings, simulator):
    """The settings of this very process point at the simulator; gives the simulator."""
    from pingadmin.config.secret import Secret

    shared = {"ID_PATTERN": ""}
    settings.UPSTREAMS = {
        "ping": {
            "BACKEND": "pingadmin.upstream.ping.PingAPI",
            "LABEL": "Ping",
            "BASE_URL": simulator.ping_url,
            "API_KEY": Secret(cast.PING_KEY),
            "ID_PATTERN": "ses_[0-9a-f]{10}",
        },
        "agi": shared
        | {
            "BACKEND": "pingadmin.upstream.agi.AgiAPI",
            "LABEL": "AGI",
            "BASE_URL": simulator.agi_url,
            "API_KEY": Secret(cast.AGI_KEY),
        },
    }
    return simulator
