"""Heads of the log that leave the database, so that cutting its end off or putting an old copy back shows.

A checkpoint goes to a file, to the process's log, and to the sinks that are set. It never moves backwards: a head
below the newest checkpoint is not signed again, unless an admin accepted a restored log (restore.py).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from pingadmin.audit.chain import canonical, checkpoint_file
from pingadmin.audit.chain.checkpoint import BadCheckpoint, Checkpoint, read, sealed
from pingadmin.audit.integrity import faults, sinks
from pingadmin.audit.integrity.faults import Fault, fault
from pingadmin.audit.integrity.verification import Anchor, Walk
from pingadmin.audit.models import AuditEvent, KeptCheckpoint

log = logging.getLogger(__name__)


class NotSigned(Exception):
    """The log's head cannot be vouched for; the text says why."""


@dataclass(frozen=True)
class Kept:
    """binding: the checkpoints that the log must agree with, oldest first; given_up: those of before a restore.

    faults: lines that cannot be believed, and checkpoints that one place lost.
    """

    binding: list[Checkpoint]
    given_up: list[Checkpoint]
    faults: list[Fault]

    def anchors(self) -> list[Anchor]:
        return [_anchor(one) for one in self.binding]


def kept(*, copy: Path | None = None, thoroughly: bool = True) -> Kept:
    """Every checkpoint that can be reached: in CHECKPOINT_FILE, in the database, and in a copy kept elsewhere.

    A line of the others that the file lacks is a fault; the others may lack lines. Signatures are looked at only
    thoroughly, which takes a second for every ten thousand.
    """
    path = settings.CHECKPOINT_FILE
    try:
        in_file, bad = _read(checkpoint_file.lines(path), path.name, thoroughly)
    except OSError as problem:
        in_file, bad = [], [fault(faults.UNREADABLE, None, where=path.name, why=problem.strerror)]
    elsewhere = {
        "the database": KeptCheckpoint.objects.order_by("id").values_list("line", flat=True)
    }
    if copy:
        elsewhere = {str(copy): checkpoint_file.lines(copy)} | elsewhere
    lost: list[Checkpoint] = []
    for where, lines in elsewhere.items():
        found, worse = _read(lines, where, thoroughly)
        known = {*in_file, *lost}
        missing = [one for one in found if one not in known]
        bad += worse
        bad += [
            fault(faults.LOST_CHECKPOINT, one.seq, at=one.at, where=where, lost_from=path.name)
            for one in missing
        ]
        lost += missing
    # By the order in the file and not by time: clocks jump.
    binding, given_up = _by_era(lost + in_file)
    return Kept(binding, given_up, bad)


def make_if_due() -> Checkpoint | None:
    """A checkpoint when CHECKPOINT_EVENTS were appended, or CHECKPOINT_SECONDS passed, since the newest one.

    Raises NotSigned, OSError and django.db.Error.
    """
    newest = newest_in_file()
    return make() if newest is None or _is_due(newest) else None


def make(*, restored: int | None = None) -> Checkpoint:
    """Sign the head, after looking at every event since the newest checkpoint, and give it to all places.

    restored: the seq of an accepted restore. Raises NotSigned, OSError and django.db.Error.
    """
    path = settings.CHECKPOINT_FILE
    with checkpoint_file.held(path):
        walk = _walk(restored)
        made = sealed(
            seq=walk.seq, row_hash=walk.head, at=canonical.plain(timezone.now()), restored=restored
        )
        checkpoint_file.append(path, made.line)
    log.info("checkpoint %s", made.line)
    KeptCheckpoint.objects.create(line=made.line, failed_sinks="; ".join(sinks.send(made.line)))
    return made


def newest_in_file() -> Checkpoint | None:
    """The newest that can be believed by its MAC, in CHECKPOINT_FILE; reads the end of the file where that will do."""
    path = settings.CHECKPOINT_FILE
    return _newest(reversed(checkpoint_file.last_lines(path))) or _newest(
        reversed(checkpoint_file.lines(path))
    )


def _is_due(newest: Checkpoint) -> bool:
    head = AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    age = (timezone.now() - datetime.fromisoformat(newest.at)).total_seconds()
    # A clock that was set back must not silence the checkpoints.
    return (
        head - newest.seq >= settings.CHECKPOINT_EVENTS
        or not 0 <= age < settings.CHECKPOINT_SECONDS
    )


def _walk(restored: int | None) -> Walk:
    """The events since the newest checkpoint and its own, or all of an accepted restore; all are good."""
    if restored:
        walk = Walk(anchors=[anchor for anchor in kept().anchors() if anchor.seq < restored])
    else:
        newest = max(_newest_of_each_place(), key=lambda one: one.seq, default=None)
        walk = Walk.since(_anchor(newest)) if newest else Walk()
    walk.step()
    if walk.fault:
        log.critical("no checkpoint was made: %s", walk.fault.sentence)
        raise NotSigned(walk.fault.sentence)
    return walk


def _newest_of_each_place() -> list[Checkpoint]:
    in_database = KeptCheckpoint.objects.order_by("-id").values_list("line", flat=True)
    return [one for one in (newest_in_file(), _newest(in_database[:100])) if one]


def _newest(lines: Iterable[str]) -> Checkpoint | None:
    """The first that can be believed by its MAC."""
    for line in lines:
        try:
            return read(line, thoroughly=False)
        except BadCheckpoint:
            continue
    return None


def _anchor(checkpoint: Checkpoint) -> Anchor:
    return Anchor(checkpoint.seq, checkpoint.row_hash, checkpoint.at)


def _read(
    lines: Iterable[str], where: str, thoroughly: bool
) -> tuple[list[Checkpoint], list[Fault]]:
    good, bad = [], []
    for number, line in enumerate(lines, start=1):
        try:
            good.append(read(line, thoroughly=thoroughly))
        except BadCheckpoint as problem:
            bad.append(fault(faults.BAD_CHECKPOINT, None, line=number, where=where, why=problem))
    return good, bad


def _by_era(checkpoints: list[Checkpoint]) -> tuple[list[Checkpoint], list[Checkpoint]]:
    """Those that bind, and those that an accepted restore gave up."""
    binding, given_up = [], []
    for one in checkpoints:
        if one.restored:
            given_up += [earlier for earlier in binding if earlier.seq >= one.restored]
            binding = [earlier for earlier in binding if earlier.seq < one.restored]
        binding.append(one)
    return binding, given_up
