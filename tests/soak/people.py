"""People who use the panel without pause, each in a thread: they look up, resume, read, export."""

import collections
import random
import threading
from collections.abc import Callable

import requests

from tests.support.html import parse
from tests.support.panel import Panel, Person
from tests.support.simulator import Simulator

# One in so many resumes is sent twice at once, or by somebody who goes away.
SENT_TWICE = 6
GONE_AWAY = 8
BULK_SIZE = 4
PAUSED = {
    "ping": {"client_id": "acme", "connected_for": 600, "paused_ago": 60, "paused": True},
    "agi": {"agent_name": "agi-0", "status": "paused", "created_ago": 600},
}
WHY = {"reason": "Customer called", "ticket": "INC-4412"}


class Visits:
    """What everybody was answered. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.statuses: collections.Counter[int] = collections.Counter()
        self.presses = 0
        self.lost_connections = 0
        self.faults: list[str] = []

    def answered(self, answer: requests.Response) -> requests.Response:
        with self._lock:
            self.statuses[answer.status_code] += 1
            if answer.status_code == 500:
                self.faults.append(f"500: {answer.request.method} {answer.request.path_url}")
        return answer

    def pressed(self) -> None:
        with self._lock:
            self.presses += 1

    def lost(self) -> None:
        with self._lock:
            self.lost_connections += 1


class User(threading.Thread):
    """One person, who acts until told to stop. Nobody else resumes the sessions that she takes."""

    def __init__(
        self, panel: Panel, simulator: Simulator, name: str, visits: Visits, stop: threading.Event
    ):
        super().__init__(name=f"soak-{name}", daemon=True)
        self._panel, self._simulator, self._visits = panel, simulator, visits
        self._stop_asked = stop
        self._person: Person = panel.login(name)
        # The same choices in every run; what they meet differs.
        self._random = random.Random(name)
        self.failure: BaseException | None = None
        acts: dict[str, list[Callable[[], None]]] = {
            "support": [self._resume, self._resume, self._resume, self._bulk_resume, self._read],
            "auditor": [self._audit],
            "viewer": [self._read],
        }
        self._acts = acts[name.rstrip("0123456789")]

    def run(self) -> None:
        while not self._stop_asked.is_set():
            # After a start the server listens elsewhere.
            self._person.url = self._panel.url
            try:
                self._random.choice(self._acts)()
            except requests.RequestException:
                self._visits.lost()
                self._stop_asked.wait(0.2)
            except BaseException as failure:
                self.failure = failure
                raise

    def _get(self, path: str) -> requests.Response:
        return self._visits.answered(self._person.get(path))

    def _post(self, path: str, form: dict) -> requests.Response:
        return self._visits.answered(self._person.post(path, form))

    def _paused_session(self) -> str:
        system = self._random.choice(list(PAUSED))
        return f"{system}/{self._simulator.session(system, **PAUSED[system])}"

    def _resume(self) -> None:
        page = f"/sessions/{self._paused_session()}/"
        form = _fields(self._get(page), f"form[action$='{page}resume/']")
        if not form:
            return
        form |= WHY
        self._visits.pressed()
        if not self._random.randrange(GONE_AWAY):
            self._send_and_leave(f"{page}resume/", form)
            return
        self._post(f"{page}resume/", form)
        if not self._random.randrange(SENT_TWICE):
            self._post(f"{page}resume/", form)

    def _send_and_leave(self, path: str, form: dict) -> None:
        self._person.http.post(
            self._person.url + path, data=form, timeout=0.05, allow_redirects=False
        )

    def _bulk_resume(self) -> None:
        sessions = [self._paused_session() for _ in range(BULK_SIZE)]
        self._get("/resumes/bulk/")
        form = _fields(self._post("/resumes/bulk/", {"session": sessions}), "#bulk-form")
        if form:
            self._visits.pressed()
            self._post("/resumes/bulk/start/", form | WHY)

    def _read(self) -> None:
        board = self._get("/sessions/")
        links = parse(board).attributes(
            "a[href^='/sessions/ping/'], a[href^='/sessions/agi/']", "href"
        )
        if links:
            self._get(self._random.choice(links))

    def _audit(self) -> None:
        for path in (
            "/audit/",
            "/audit/?result=unknown",
            "/audit/integrity/",
            "/audit/?review=pending",
        ):
            self._get(path)
        self._get("/audit/export.csv")


def _fields(page: requests.Response, form: str) -> dict:
    """What a form would send as it stands; empty where the page doesn't have it."""
    document = parse(page)
    return document.fields(form) if document.has(form) else {}
