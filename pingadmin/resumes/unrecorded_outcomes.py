"""Outcomes that are known but could not be written to the database.

Each is one JSON line, in the log and in a file that is synced to the disk. Where the disk is full
there is room that was kept beforehand. They are recorded as soon as the database answers: by the
next resume or pause, a readiness probe, the collector or `reconcile`, whichever comes first. Until
then nothing is sent.
"""

import contextlib
import fcntl
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from pingadmin.audit.record.actors import Actor
from pingadmin.resumes.attempts import close_attempt
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.results import PROCESS_LOST
from pingadmin.upstream.records import ActionOutcome

# Outcomes of a few dozen threads, at about a kilobyte each.
ROOM_BYTES = 65_536

log = logging.getLogger(__name__)


def are_waiting() -> bool:
    """Whether any outcome waits to be recorded."""
    return any(_has_text(file) for file in _files())


def count_waiting() -> int:
    """How many outcomes wait. Raises OSError where a file cannot be read."""
    return sum(len(_read_lines(file)) for file in _files())


def reserve_room() -> None:
    """Makes sure that an outcome finds room even when the disk is full.

    Raises OSError where there is none, or it can't be written.
    """
    if _room().exists():
        # What a read-only file system refuses.
        os.close(os.open(_room(), os.O_RDWR))
        return
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with _locked():
        unfinished = _room().with_suffix(".new")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with contextlib.closing(os.fdopen(descriptor, "wb")) as file:
            # Written and not merely allocated: some file systems allocate nothing for zeros alone.
            file.write(bytes(ROOM_BYTES))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(_room())


def keep(attempt: Attempt, answer: ActionOutcome, *, by: Actor) -> None:
    """Writes one outcome to the log and, synced, to a file.

    Raises OSError where no file takes it; then the log alone has it.
    """
    line = json.dumps(
        {"attempt": str(attempt.pk), "answer": asdict(answer), "by": asdict(by)},
        default=datetime.isoformat,
    )
    log.critical("outcome known but not recorded: %s", line)
    with _locked():
        try:
            _append(line.encode())
        except OSError as error:
            log.critical("the disk takes no outcome (%s): the kept room is used", error.strerror)
            _write_into_room(line.encode())


def record_all() -> int:
    """Records all outcomes that wait; sets aside what can't be read. Returns the number of lines.

    Raises DatabaseError or OSError, with nothing lost.
    """
    if not are_waiting():
        return 0
    count = 0
    with _locked():
        for file in _files():
            lines = _read_lines(file)
            for line in lines:
                try:
                    _record(json.loads(line))
                except (ValueError, TypeError, KeyError, Attempt.DoesNotExist, ValidationError):
                    _set_aside(line)
            if _has_text(file):
                # The room too: it was used up, and the next outcome needs some.
                file.unlink()
            count += len(lines)
    reserve_room()
    return count


def _append(line: bytes) -> None:
    # For our own eyes: it holds names of people and the addresses that they came from.
    descriptor = os.open(_waiting_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        try:
            # A torn line of a process that was killed must not swallow this one.
            _write_all(descriptor, b"\n" + line + b"\n")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _write_into_room(line: bytes) -> None:
    """Writes over the zeros of the room, which takes no further space. Raises OSError."""
    descriptor = os.open(_room(), os.O_RDWR)
    try:
        used = len(os.pread(descriptor, ROOM_BYTES, 0).rstrip(b"\0"))
        if used + len(line) + 2 > ROOM_BYTES:
            raise OSError("the kept room is full")
        os.lseek(descriptor, used, os.SEEK_SET)
        _write_all(descriptor, b"\n" + line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    # One write may take less than all of it.
    while data:
        data = data[os.write(descriptor, data) :]


def _read_lines(file: Path) -> list[str]:
    try:
        text = file.read_bytes().replace(b"\0", b"").decode(errors="backslashreplace")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if line]


def _has_text(file: Path) -> bool:
    """Whether there is a file that holds more than zeros. One that cannot be read counts."""
    try:
        with file.open("rb") as opened:
            return bool(opened.read(1).strip(b"\0"))
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _set_aside(line: str) -> None:
    """Keeps, for a person to read, a torn line or one whose attempt is not in this database."""
    log.critical("this outcome cannot be recorded and was set aside: %s", line)
    with (settings.DATA_DIR / "unrecorded-outcomes.unreadable.jsonl").open("a") as file:
        file.write(line + "\n")


def _record(kept: dict[str, Any]) -> None:
    attempt = Attempt.objects.get(pk=kept["attempt"])
    # Recorded before: a process may have ended after that and before it removed the file.
    if not attempt.is_open and attempt.failure != PROCESS_LOST:
        return
    kept_answer = kept["answer"]
    if "word" in kept_answer:
        # A file that version 0.2.0 left behind has the failure under this name.
        kept_answer["failure"] = kept_answer.pop("word")
    values = {field.name: kept_answer[field.name] for field in fields(ActionOutcome)}
    values["answered_at"] = datetime.fromisoformat(values["answered_at"])
    close_attempt(
        attempt, ActionOutcome(**values), by=Actor(**kept["by"]), detail={"recorded": "late"}
    )


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One process of this machine at a time: no line is lost between reading and removal."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    try:
        lock = (settings.DATA_DIR / "unrecorded-outcomes.lock").open("a")
    except OSError:
        # A file system that takes no file: what follows will say so where it matters.
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _files() -> list[Path]:
    """Every file that may hold outcomes, in the order in which they are recorded."""
    # The second is what version 0.2.0 left while it recorded them.
    return [_waiting_file(), settings.DATA_DIR / "unrecorded-outcomes.taken.jsonl", _room()]


def _waiting_file() -> Path:
    return settings.DATA_DIR / "unrecorded-outcomes.jsonl"


def _room() -> Path:
    return settings.DATA_DIR / "unrecorded-outcomes.room"
