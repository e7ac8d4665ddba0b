"""A process of the panel that does single acts, each in a fork of its own that may be killed.

`python -m tests.stateful.process` reads one JSON list of acts a line: they run at the same time,
each in a child process, and one line tells how each ended. An act is [name, arguments] with an
optional number: the child kills itself, as `kill -9` would, before it runs that many lines of
pingadmin's own code. Forks are cheap, so any line can be the last one.
"""

import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import FrameType

import django
from django.core.management import call_command
from django.test import Client

# The packages in which an act is carried out and written down; the rest reads and renders.
PACKAGES = ["audit", "collector", "http", "remote_sessions", "resumes", "upstream"]
CODE = tuple(
    str(Path(__file__).resolve().parents[2] / "pingadmin" / package) + "/" for package in PACKAGES
)


def sign_in(name: str) -> str:
    """A session cookie of that person, as "name=value"."""
    from django.conf import settings
    from django.contrib.auth import get_user_model

    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def press(cookie: str, session: str, action: str) -> int:
    """Resume or pause a session ("ping/ses_..."); the status of the response."""
    client = Client(headers={"cookie": cookie}, SERVER_NAME="127.0.0.1")
    form = {"reason": "Customer called", "ticket": ""}
    return client.post(f"/sessions/{session}/{action}/", form).status_code


def answer(cookie: str, session: str, do: str, question: int) -> int:
    """Answer an agent by that button of its form; the status of the response."""
    client = Client(headers={"cookie": cookie}, SERVER_NAME="127.0.0.1")
    client.get(f"/sessions/{session}/")
    form = {"reason": "Customer called", "ticket": "", "message": "Take the first", "do": do}
    return client.post(f"/sessions/{session}/answer/", form | {"question": question}).status_code


def schedule(cookie: str, session: str) -> int:
    """Schedule a resume; the status of the response."""
    client = Client(headers={"cookie": cookie}, SERVER_NAME="127.0.0.1")
    client.get(f"/sessions/{session}/")
    form = {"reason": "After the cool-down", "ticket": "", "when": "5", "at": ""}
    return client.post(f"/sessions/{session}/resume-later/", form).status_code


def send_due() -> None:
    """What the collector does with scheduled resumes that are due."""
    from pingadmin.collector.steps.scheduled_sender import ScheduledSender

    ScheduledSender(threading.Event()).run_once()


def manage(*arguments: str) -> str:
    """What a command prints. Its exit status is that of SystemExit, raised through."""
    output = StringIO()
    call_command(*arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


ACTS: dict[str, Callable] = {
    act.__name__: act for act in (sign_in, press, answer, schedule, send_due, manage)
}


def kill_at_line(number: int) -> None:
    """From now on this process ends before it runs its n-th line of those packages."""
    lines = itertools.count(1)

    def at_line(frame: FrameType, event: str, argument: object) -> Callable | None:
        if event == "line" and next(lines) >= number:
            os.kill(os.getpid(), signal.SIGKILL)
        return at_line

    def at_call(frame: FrameType, event: str, argument: object) -> Callable | None:
        return at_line if frame.f_code.co_filename.startswith(CODE) else None

    threading.settrace(at_call)
    sys.settrace(at_call)


def _run(act: list, pipe: int) -> None:
    """The child: do it, tell how it ended, and go without any tidying up."""
    name, arguments, *crash = act
    try:
        if crash and crash[0]:
            kill_at_line(crash[0])
        told = {"returned": ACTS[name](*arguments)}
    except SystemExit as ended:
        told = {"exit": ended.code}
    except BaseException as error:
        told = {"raised": f"{type(error).__name__}: {error}"}
    sys.settrace(None)
    os.write(pipe, json.dumps(told).encode())
    os._exit(0)


def _fork(act: list) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _run(act, writing)
    os.close(writing)
    return pid, reading


def _end_of(pid: int, pipe: int) -> dict:
    with os.fdopen(pipe, "rb") as output:
        told = output.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return {"killed": os.WTERMSIG(status)}
    return json.loads(told)


def main() -> None:
    django.setup()
    # What every child would otherwise import again.
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    print("ready", flush=True)
    for line in sys.stdin:
        children = [_fork(act) for act in json.loads(line)]
        print(json.dumps([_end_of(*child) for child in children]), flush=True)


if __name__ == "__main__":
    main()
