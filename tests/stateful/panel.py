"""The panel of the state machine: a database file, acts in processes, and what is stored."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from pingadmin.demo.children import die_with_parent
from tests.support.panel import empty_side_files, panel_environment
from tests.support.processes import CHECKOUT
from tests.support.simulator import Simulator

SETTINGS = {
    "RESUME_LIMITS": "100000/m",
    "RESUME_LIMITS_PER_SESSION": "100000/m",
    "LOOKUP_LIMITS": "100000/m",
    "PAUSE_ROLES": "support",
    "CANCEL_ROLES": "support",
    # Short, because a locked database and a lost answer are ordinary here.
    "DATABASE_WAIT_SECONDS": "0.3",
    "UPSTREAM_CIRCUIT_FAILURES": "1000000",
}


class ForkingPanel:
    """One process whose forks act on a SQLite file. Between acts nobody has the file open."""

    def __init__(self, directory: Path, furnished: Path, simulator: Simulator):
        self.directory, self.simulator = directory, simulator
        self.database = directory / "pingadmin.sqlite3"
        environment = panel_environment(directory, f"sqlite:///{self.database}", simulator)
        (directory / "data").mkdir()
        self._log = (directory / "process.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stateful.process"],
            cwd=CHECKOUT,
            env=environment | SETTINGS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            preexec_fn=die_with_parent,
        )
        assert self._process.stdout.readline() == "ready\n", self.log
        shutil.copy(furnished, self.database)
        assert "returned" in self.manage("sync_roles"), self.log
        told = self.act(["sign_in", ["support"]], ["sign_in", ["support2"]])
        self.cookies = [each["returned"] for each in told]
        empty_side_files(self.database)
        self._template = shutil.copy(self.database, directory / "template.sqlite3")

    @property
    def log(self) -> str:
        return (self.directory / "process.log").read_text(errors="replace")

    def begin_anew(self) -> None:
        """The database with its people, no checkpoints, no outcome that waits."""
        self.put_back(self._template)
        shutil.rmtree(self.directory / "data")
        (self.directory / "data").mkdir()
        self.simulator.reset()

    def act(self, *acts: list) -> list[dict]:
        """Do these at the same time, and wait for their ends."""
        self._process.stdin.write(json.dumps(acts) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self.log
        return json.loads(line)

    def manage(self, *arguments: str) -> dict:
        return self.act(["manage", list(arguments)])[0]

    def copy(self, name: str) -> Path:
        """A whole copy of the database as it is now."""
        empty_side_files(self.database)
        return Path(shutil.copy(self.database, self.directory / name))

    def put_back(self, copy: Path) -> None:
        for side_file in self.directory.glob(f"{self.database.name}-*"):
            side_file.unlink()
        shutil.copy(copy, self.database)

    def execute(self, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self.database, timeout=60)) as connection:
            connection.executescript(";".join(statements))

    def rows(self, query: str, *values) -> list[dict]:
        with contextlib.closing(sqlite3.connect(self.database, timeout=60)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        self._log.close()
