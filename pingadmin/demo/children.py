"""Processes that live and die together: when one ends, or we are asked to end, all of them end.

Each child gets a process group of its own, so that one Ctrl-C reaches only us and the children end
in our order. On Linux the kernel ends them as well when we are killed without a chance to do it.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType, TracebackType

CHECKOUT = Path(__file__).resolve().parent.parent.parent
GRACE_SECONDS = 25
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


class StopRequested(BaseException):
    """We got SIGTERM or Ctrl-C."""


def die_with_parent() -> None:
    """Request in a fresh child: SIGTERM then comes when its parent dies (where the system can)."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """Use as a context manager: inside it SIGTERM and Ctrl-C raise StopRequested, and leaving it
    ends every child.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Children":
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _request_stop)
        return self

    def __exit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        self._end()
        return error_class is StopRequested

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one with this Python; `name` is what people read when it ends."""
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *arguments], cwd=CHECKOUT, process_group=0, preexec_fn=die_with_parent
        )
        self._names[process.pid] = name
        self._processes.append(process)
        return process

    def wait(self) -> str:
        """Sleep until a child ends by itself; tells which and how."""
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        assert ended is not None  # only WNOHANG returns without one
        how = (
            f"signal {ended.si_status}"
            if ended.si_code != os.CLD_EXITED
            else f"exit code {ended.si_status}"
        )
        return f"{self._names.get(ended.si_pid, 'a process')} ended by itself ({how})"

    def first_dead(self) -> str:
        """The name of a child that has ended, or nothing."""
        return next(
            (self._names[child.pid] for child in self._processes if child.poll() is not None), ""
        )

    def _end(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _request_stop(number: int, frame: FrameType | None) -> None:
    raise StopRequested
