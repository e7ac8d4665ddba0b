"""Outcomes that are known but could not be written to the database: one JSON line each, in a file that is
synced to the disk, and in the log. Reconcile brings them in; until then neither a resume nor a pause is sent.
"""

import json
import logging
import os
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError

from pingadmin.audit.record.actors import Actor
from pingadmin.resumes.attempts import close_attempt
from pingadmin.resumes.models import Attempt
from pingadmin.upstream.records import ActionOutcome

log = logging.getLogger(__name__)


def exists() -> bool:
    """Whether any outcome waits to be brought in."""
    return _file().exists() or _taken().exists()


def keep(attempt: Attempt, answer: ActionOutcome, *, by: Actor) -> None:
    """Write one outcome to the log and, synced, to the file."""
    line = json.dumps(
        {"attempt": str(attempt.pk), "answer": asdict(answer), "by": asdict(by)}, default=_iso
    )
    log.critical("outcome known but not recorded: %s", line)
    _file().parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A line that an earlier failure left torn must not swallow this one.
        os.write(descriptor, b"\n" + line.encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def bring_in() -> int:
    """Record every outcome that waits; what cannot be read is set aside. Returns how many lines there were.

    Raises DatabaseError, with nothing lost.
    """
    if _file().exists() and not _taken().exists():
        # Taken aside first: an outcome that is kept meanwhile starts a new file.
        _file().rename(_taken())
    if not _taken().exists():
        return 0
    lines = [line for line in _taken().read_text(errors="backslashreplace").splitlines() if line]
    for line in lines:
        try:
            _record(json.loads(line))
        except (ValueError, TypeError, KeyError, Attempt.DoesNotExist, ValidationError):
            _set_aside(line)
    _taken().unlink()
    return len(lines)


def _set_aside(line: str) -> None:
    """A torn line, or one of an attempt that is not in this database: kept for a person to read."""
    log.critical("this outcome cannot be brought in and was set aside: %s", line)
    with (settings.DATA_DIR / "unrecorded-outcomes.unreadable.jsonl").open("a") as file:
        file.write(line + "\n")


def _record(kept: dict) -> None:
    attempt = Attempt.objects.get(pk=kept["attempt"])
    if not attempt.is_open and attempt.failure != "process_lost":
        return
    kept_answer = kept["answer"]
    if "word" in kept_answer:
        # A file that version 0.2.0 left behind calls the failure so.
        kept_answer["failure"] = kept_answer.pop("word")
    answer = {field.name: kept_answer[field.name] for field in fields(ActionOutcome)}
    answer["answered_at"] = datetime.fromisoformat(answer["answered_at"])
    close_attempt(
        attempt, ActionOutcome(**answer), by=Actor(**kept["by"]), detail={"recorded": "late"}
    )


def _iso(value: datetime) -> str:
    return value.isoformat()


def _file() -> Path:
    return settings.DATA_DIR / "unrecorded-outcomes.jsonl"


def _taken() -> Path:
    return settings.DATA_DIR / "unrecorded-outcomes.taken.jsonl"
