"""Fixtures: the panel as people meet it, a real `manage.py serve` with a database of its own.

`panel` shares one server among tests and gives each a fresh database and a fresh simulator. A test
that kills it, or wants other settings, takes `new_panel`, which starts one for it alone.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

from tests.support import canaries
from tests.support.people import PASSWORD
from tests.support.processes import CHECKOUT, Process, clean_environment, python, until
from tests.support.simulator import Simulator

SERVER_SETTINGS = "tests.support.server_settings"
# What a test leaves under way ends within the deadlines of the upstream, or its process was killed.
QUIET_SECONDS = 30


class Person:
    """Somebody without a browser. `get` and `post` take paths and do not follow redirects."""

    def __init__(self, url: str, secrets: list[bytes] = ()):
        self.url, self._secrets = url, secrets
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, path: str, **more) -> requests.Response:
        return self._looked_into(
            self.http.get(self.url + path, timeout=60, **{"allow_redirects": False, **more})
        )

    def post(self, path: str, data: dict | None = None, **more) -> requests.Response:
        """POST with the CSRF token that the last page set."""
        data = {"csrfmiddlewaretoken": self.http.cookies.get("csrf", ""), **(data or {})}
        return self._looked_into(
            self.http.post(
                self.url + path, data=data, timeout=60, **{"allow_redirects": False, **more}
            )
        )

    def _looked_into(self, answer: requests.Response) -> requests.Response:
        sent = answer.content + str(answer.headers).encode()
        assert not canaries.leaks_in(sent, self._secrets), "an answer holds a secret"
        return answer


class Panel:
    """A running panel. `environment` is what its processes run with, `database` its SQLite file."""

    def __init__(
        self,
        directory: Path,
        environment: dict[str, str],
        simulator: Simulator,
        workers: int = 2,
        *,
        start=True,
    ):
        self.directory, self.environment, self.simulator = directory, environment, simulator
        self.database = directory / "pingadmin.sqlite3"
        self._workers = workers
        self._secrets = canaries.secrets_of(environment)
        self._people: list[Person] = []
        self._background: list[Process] = []
        if start:
            self.start()

    def start(self) -> None:
        """Start the server (again)."""
        self.server = python(
            "manage.py",
            "serve",
            "--port",
            "0",
            "--workers",
            str(self._workers),
            env=self.environment,
            log=self.directory / "serve.log",
        )
        self.url = self.server.await_line(r"Serving at (http://\S+)/")[1]
        assert until(lambda: len(self.pids()) == self._workers + 1), self.server.output

    def login(self, name: str = "support", password: str = PASSWORD) -> Person:
        """That person, signed in through the login page."""
        person = Person(self.url, self._secrets)
        self._people.append(person)
        person.get("/accounts/login/")
        answer = person.post("/accounts/login/", {"login": name, "password": password})
        assert answer.status_code == 302, f"{name}: {answer.status_code} {answer.text[:2000]}"
        return person

    def visitor(self) -> Person:
        """Somebody who is not signed in."""
        self._people.append(Person(self.url, self._secrets))
        return self._people[-1]

    def manage(
        self, *arguments: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess:
        """Run a command of this panel to its end; stdout and stderr as text."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def background(self, *arguments: str) -> Process:
        """Start a command that keeps running, such as collect. It ends with the test."""
        log = self.directory / f"{arguments[0]}.log"
        self._background.append(python("manage.py", *arguments, env=self.environment, log=log))
        return self._background[-1]

    def rows(self, query: str, *values) -> list[dict]:
        """What the SQLite file holds, read by this process. Raises sqlite3.Error without a file."""
        address = f"{self.database.as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(address, timeout=60, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def pids(self) -> list[int]:
        """The server's processes: the parent first, then its workers."""
        return self.server.pids()

    def kill(self) -> None:
        """SIGKILL for every server process."""
        self.server.kill()

    def forget_people(self) -> None:
        for person in self._people:
            person.http.close()
        self._people.clear()

    def end_background(self) -> None:
        for process in self._background:
            process.end()
        self._background.clear()

    def close(self) -> None:
        self.forget_people()
        self.end_background()
        self.server.end()
        canaries.assert_files_hold_none(self.directory, self.environment)

    def refresh(self, template: Path) -> None:
        """Give the panel a fresh database, once nothing is under way in the old one.

        What the old database left in the data directory goes with it: its checkpoints would
        rightly refuse the new one, and so would an outcome that could not be recorded.
        """
        self.forget_people()
        self.end_background()
        if not until(self.is_quiet, seconds=QUIET_SECONDS):
            self.kill()
        for old in self.directory.glob("data/*"):
            # The processes that live on have their figures in a directory there.
            if old.is_file():
                old.unlink()
        put_database(template, self.database)
        if not self.server.is_alive():
            self.start()

    def is_quiet(self) -> bool:
        """Whether no attempt and no bulk resume is under way: none is in a file without tables."""
        attempts = "SELECT 1 FROM resumes_resumeattempt WHERE is_open"
        bulk_resumes = "SELECT 1 FROM resumes_bulkresume WHERE ended_at IS NULL"
        try:
            return not self.rows(f"{attempts} UNION ALL {bulk_resumes}")
        except sqlite3.Error:
            return True


def put_database(template: Path, place: Path) -> None:
    """Put a copy in the place of a SQLite database, whatever is there, in one step.

    The place is a symbolic link that is pointed elsewhere: whoever opens it finds the old database
    or the new one, never none. Each file has side files of its own, so a request that is under way
    ends with the old ones, and nothing of it reaches the new database.
    """
    fresh = place.with_name(f"{place.stem}-{uuid.uuid4().hex}{place.suffix}")
    shutil.copy(template, fresh)
    link = fresh.with_suffix(".link")
    link.symlink_to(fresh.name)
    os.replace(link, place)
    for old in set(place.parent.glob(f"{place.stem}[-.]*")) - {place, fresh}:
        old.unlink(missing_ok=True)


def panel_environment(directory: Path, database_url: str, simulator: Simulator) -> dict[str, str]:
    return clean_environment(
        DJANGO_SETTINGS_MODULE=SERVER_SETTINGS,
        ALLOW_HTTP="true",
        ALLOWED_HOSTS="127.0.0.1,localhost",
        SECRET_KEY="for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        AUDIT_KEY="for-tests-of-the-audit-only-9876543210-zyxwvutsrqponm",
        DATABASE_URL=database_url,
        DATA_DIR=str(directory / "data"),
        TICKET_URL="https://tickets.example/browse/{ticket}",
        UPSTREAM_CIRCUIT_OPEN_SECONDS="0.5",
        PYTHONUNBUFFERED="1",
        **simulator.environment(),
    )


def furnish(environment: dict[str, str]) -> None:
    """Tables, roles and people in an empty database, in one process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.seed_database"],
        cwd=CHECKOUT,
        env=environment | {"PINGADMIN_NEW_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def empty_side_files(file: Path) -> None:
    """Bring everything into the one file, so that a copy of it is whole."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="session")
def furnished_file(tmp_path_factory, simulator_process) -> Path:
    """A SQLite file with everything but sessions in it, to be copied."""
    directory = tmp_path_factory.mktemp("furnished")
    file = directory / "pingadmin.sqlite3"
    furnish(panel_environment(directory, f"sqlite:///{file}", simulator_process))
    empty_side_files(file)
    return file


@pytest.fixture(scope="session")
def file_after(tmp_path_factory, furnished_file, simulator_process):
    """Call it with Python code for a furnished file in which that code has run. It is made once."""
    files: dict[str, Path] = {}

    def make(code: str) -> Path:
        if code not in files:
            directory = tmp_path_factory.mktemp("after")
            file = shutil.copy(furnished_file, directory)
            environment = panel_environment(directory, f"sqlite:///{file}", simulator_process)
            command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
            subprocess.run(command, cwd=CHECKOUT, env=environment, check=True, timeout=300)
            empty_side_files(file)
            files[code] = file
        return files[code]

    return make


@pytest.fixture
def new_panel(tmp_path, furnished_file, simulator):
    """Call it to start a panel for this test alone: new_panel(UPSTREAM_WRITE_SECONDS="1", ...).

    It has one worker unless told otherwise: each one imports the whole panel again.
    """
    started = []

    def start(*, workers: int = 1, **environment: str) -> Panel:
        directory = tmp_path / f"panel{len(started)}"
        directory.mkdir()
        file = shutil.copy(furnished_file, directory)
        names = panel_environment(directory, f"sqlite:///{file}", simulator) | environment
        started.append(Panel(directory, names, simulator, workers))
        return started[-1]

    yield start
    for panel in started:
        panel.close()


@pytest.fixture(scope="session")
def shared_panel(tmp_path_factory, furnished_file, simulator_process):
    directory = tmp_path_factory.mktemp("panel")
    file = shutil.copy(furnished_file, directory)
    environment = panel_environment(directory, f"sqlite:///{file}", simulator_process)
    # Kept connections would stay with the database that a test left.
    environment |= {"CLOSE_CONNECTIONS": "true"}
    panel = Panel(directory, environment, simulator_process)
    yield panel
    panel.close()


@pytest.fixture
def panel(shared_panel, furnished_file, simulator) -> Panel:
    """The panel with its people, a fresh database and a fresh simulator."""
    shared_panel.refresh(furnished_file)
    return shared_panel


@pytest.fixture(scope="session")
def furnished_database(tmp_path_factory, postgres, simulator_process) -> str:
    """The name of a PostgreSQL database with everything but sessions in it, to be copied."""
    url = postgres.create_database()
    furnish(panel_environment(tmp_path_factory.mktemp("furnished"), url, simulator_process))
    return url.rpartition("/")[2]


@pytest.fixture
def panel_on_postgres(tmp_path, postgres, furnished_database, simulator):
    """The same on the private PostgreSQL, in a database of its own. `rows` asks that one."""
    url = postgres.create_database(like=furnished_database)
    names = panel_environment(tmp_path, url, simulator)
    panel = Panel(tmp_path, names, simulator)
    panel.rows = lambda query, *values: postgres.rows(url, query, *values)
    yield panel
    panel.close()
