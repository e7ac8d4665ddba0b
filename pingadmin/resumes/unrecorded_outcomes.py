"""Outcomes that are known but could not be written to the database.

Each is one JSON line in a file that is synced to the disk, and in the log.

Reconcile writes them to the database later; until then neither a resume nor a pause is sent.
"""

import json
import logging
import os
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

log = logging.getLogger(__name__)


def are_waiting() -> bool:
    """Whether any outcome waits to be recorded."""
    return _waiting_file().exists() or _claimed_file().exists()


def keep(attempt: Attempt, answer: ActionOutcome, *, by: Actor) -> None:
    """Writes one outcome to the log and, synced, to the file."""
    line = json.dumps(
        {"attempt": str(attempt.pk), "answer": asdict(answer), "by": asdict(by)},
        default=datetime.isoformat,
    )
    log.critical("outcome known but not recorded: %s", line)
    _waiting_file().parent.mkdir(parents=True, exist_ok=True)
    # For our own eyes: it holds names of people and the addresses that they came from.
    descriptor = os.open(_waiting_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # An earlier write may have failed half way: a torn line must not swallow this one.
        os.write(descriptor, b"\n" + line.encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def record_all() -> int:
    """Records all outcomes that wait; sets aside what can't be read. Returns the number of lines.

    Raises DatabaseError, with nothing lost.
    """
    if _waiting_file().exists() and not _claimed_file().exists():
        # Renamed before it is read, so that an outcome which is kept meanwhile starts a new file.
        _waiting_file().rename(_claimed_file())
    if not _claimed_file().exists():
        return 0
    text = _claimed_file().read_text(errors="backslashreplace")
    lines = [line for line in text.splitlines() if line]
    for line in lines:
        try:
            _record(json.loads(line))
        except (ValueError, TypeError, KeyError, Attempt.DoesNotExist, ValidationError):
            _set_aside(line)
    _claimed_file().unlink()
    return len(lines)


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


def _waiting_file() -> Path:
    return settings.DATA_DIR / "unrecorded-outcomes.jsonl"


def _claimed_file() -> Path:
    return settings.DATA_DIR / "unrecorded-outcomes.taken.jsonl"
