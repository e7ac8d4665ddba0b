"""Real processes for tests: awaited by what they print into a file, and ended by pid."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from pingadmin.demo.children import die_with_parent

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# Waits end when the thing has happened; these limits are for a machine that is very busy.
START_SECONDS = 120
END_SECONDS = 60
WAIT_SECONDS = 60


class Process:
    """One process. `user` names another account for it (only root may)."""

    def __init__(self, *arguments: str, env: dict[str, str], log: Path, user: str | None = None):
        self.log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                [str(argument) for argument in arguments],
                cwd=CHECKOUT if user is None else "/",
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=die_with_parent,
                **({"user": user, "group": user, "extra_groups": []} if user else {}),
            )
        self.pid = self._popen.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def await_line(self, pattern: str) -> re.Match:
        """The first match in the output; fails when the process ends, or time is up, before."""
        found = until(
            lambda: re.search(pattern, self.output) or not self.is_alive(), seconds=START_SECONDS
        )
        found = re.search(pattern, self.output) if found else None
        assert found, f"{self._popen.args} did not print {pattern!r}; it printed:\n{self.output}"
        return found

    def pids(self) -> list[int]:
        """This process and all that it started, that live."""
        return [pid for pid in [self.pid, *descendants(self.pid)] if is_running(pid)]

    def wait(self, seconds: float = END_SECONDS) -> int:
        return self._popen.wait(timeout=seconds)

    def send(self, number: int) -> None:
        self._popen.send_signal(number)

    def kill(self) -> None:
        """SIGKILL for it and all that it started: nobody gets to tidy up."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, insist after a while; its exit code."""
        if self.is_alive():
            self.send(number)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
        return self._popen.returncode


def python(*arguments: str, env: dict[str, str], log: Path) -> Process:
    return Process(sys.executable, *arguments, env=env, log=log)


def clean_environment(**names: str) -> dict[str, str]:
    """What any process needs, and these names: nothing else that the tests' own process has."""
    kept = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name in kept} | names


def until(condition, *, seconds: float = WAIT_SECONDS, every: float = 0.02):
    """Poll until the condition gives something true: that, or the last value when time is up."""
    ends = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < ends:
        time.sleep(every)
    return value


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def descendants(pid: int) -> list[int]:
    """Children of a process, and theirs (Linux)."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def is_running(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
