"""Signed heads of the log outside the database, so that a cut end or an old copy is noticed.

A checkpoint goes to a file, to the process's log, to the database and to the configured sinks. It
never moves back: a head below the newest checkpoint is not signed, unless an admin accepted a
restored log (restore.py).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from pingadmin.audit.chain import canonical, checkpoint_file
from pingadmin.audit.chain.checkpoint import (
    Checkpoint,
    InvalidCheckpoint,
    first_valid,
    parse,
    seal_checkpoint,
)
from pingadmin.audit.integrity.faults import Fault, FaultKind
from pingadmin.audit.integrity.verification import Anchor, Verification
from pingadmin.audit.models import AuditEvent, KeptCheckpoint

# Copies in the database that are tried until one is valid.
_TRIED_COPIES = 100

log = logging.getLogger(__name__)


class NotSigned(Exception):
    """The log's head cannot be signed; the text says why."""


@dataclass(frozen=True)
class CheckpointSet:
    """binding: the checkpoints that the log must agree with, oldest first.

    given_up: those that an accepted restore gave up.
    faults: lines that are not valid, and checkpoints that one location has lost.
    """

    binding: list[Checkpoint]
    given_up: list[Checkpoint]
    faults: list[Fault]

    def anchors(self) -> list[Anchor]:
        return [_anchor(checkpoint) for checkpoint in self.binding]


def load_all(*, copy: Path | None = None, check_signatures: bool = True) -> CheckpointSet:
    """Every known checkpoint: in CHECKPOINT_FILE, in the database, and in a copy from elsewhere.

    A line of the other two that the file lacks is a fault; the other two may lack lines. Checking
    signatures takes a second for every ten thousand; MACs are always checked.
    """
    path = settings.CHECKPOINT_FILE
    try:
        checkpoints, faults = _parse_lines(
            checkpoint_file.read_lines(path), path.name, check_signatures
        )
    except OSError as error:
        reason = error.strerror
        checkpoints = []
        faults = [Fault.of(FaultKind.UNREADABLE, None, place=path.name, reason=reason)]
    lost: list[Checkpoint] = []
    for location, lines in _other_locations(copy).items():
        found, invalid = _parse_lines(lines, location, check_signatures)
        in_file = {*checkpoints, *lost}
        missing = [checkpoint for checkpoint in found if checkpoint not in in_file]
        faults += invalid + [_lost_fault(checkpoint, location, path.name) for checkpoint in missing]
        lost += missing
    # In the file's order and not by time: clocks jump.
    binding, given_up = _split_at_restores(lost + checkpoints)
    return CheckpointSet(binding, given_up, faults)


def make_if_due() -> Checkpoint | None:
    """A checkpoint once CHECKPOINT_EVENTS events or CHECKPOINT_SECONDS have come after the newest.

    None of a log without an event: it would vouch for nothing. Raises NotSigned, OSError and
    django.db.Error.
    """
    with checkpoint_file.locked(settings.CHECKPOINT_FILE):
        newest = checkpoint_file.newest_checkpoint(settings.CHECKPOINT_FILE)
        _keep_if_missing(newest)
    if newest is None:
        return make() if AuditEvent.objects.last_seq() else None
    return make() if _is_due(newest) else None


def make(*, restored: int | None = None) -> Checkpoint:
    """Verifies every event since the newest checkpoint, signs the head, and writes it down.

    It goes to the file, the log and the database. Sinks get it later, from sinks.send_next().
    restored: the seq of an accepted restore. Raises NotSigned, OSError and django.db.Error.
    """
    path = settings.CHECKPOINT_FILE
    with checkpoint_file.locked(path):
        _keep_if_missing(checkpoint_file.newest_checkpoint(path))
        verification = _verify_new_events(restored)
        checkpoint = seal_checkpoint(
            seq=verification.seq,
            row_hash=verification.last_hash,
            at=canonical.format_time(timezone.now()),
            restored=restored,
        )
        checkpoint_file.append_line(path, checkpoint.line)
        log.info("checkpoint %s", checkpoint.line)
        _keep(checkpoint)
    return checkpoint


def _keep(checkpoint: Checkpoint) -> None:
    """Copies a checkpoint to the database, with the sinks that it is to be sent to."""
    configured = settings.CHECKPOINT_SINKS
    KeptCheckpoint.objects.create(
        line=checkpoint.line,
        unsent_sinks=configured,
        next_try_at=timezone.now() if configured else None,
    )


def _keep_if_missing(newest: Checkpoint | None) -> None:
    """Copies the file's newest line to the database, where a process died before it did so itself.

    Only the newest line can be missing: whoever adds another one looks here first.
    """
    copies = KeptCheckpoint.objects.newest_first().values_list("line", flat=True)[:_TRIED_COPIES]
    if newest and newest.line not in copies:
        _keep(newest)


def _other_locations(copy: Path | None) -> dict[str, Iterable[str]]:
    """Where checkpoints lie besides the file: location -> lines, oldest first."""
    locations: dict[str, Iterable[str]] = {}
    if copy:
        locations[str(copy)] = checkpoint_file.read_lines(copy)
    locations["the database"] = KeptCheckpoint.objects.oldest_first().values_list("line", flat=True)
    return locations


def _parse_lines(
    lines: Iterable[str], location: str, check_signatures: bool
) -> tuple[list[Checkpoint], list[Fault]]:
    checkpoints, faults = [], []
    for number, line in enumerate(lines, start=1):
        try:
            checkpoints.append(parse(line, check_signature=check_signatures))
        except InvalidCheckpoint as error:
            faults.append(
                Fault.of(FaultKind.BAD_CHECKPOINT, None, line=number, place=location, reason=error)
            )
    return checkpoints, faults


def _lost_fault(checkpoint: Checkpoint, location: str, lost_from: str) -> Fault:
    return Fault.of(
        FaultKind.LOST_CHECKPOINT,
        checkpoint.seq,
        at=checkpoint.at,
        place=location,
        lost_from=lost_from,
    )


def _split_at_restores(
    checkpoints: list[Checkpoint],
) -> tuple[list[Checkpoint], list[Checkpoint]]:
    """Those that bind, and those that an accepted restore gave up."""
    binding: list[Checkpoint] = []
    given_up: list[Checkpoint] = []
    for checkpoint in checkpoints:
        restored = checkpoint.restored
        if restored:
            given_up += [earlier for earlier in binding if earlier.seq >= restored]
            binding = [earlier for earlier in binding if earlier.seq < restored]
        binding.append(checkpoint)
    return binding, given_up


def _is_due(newest: Checkpoint) -> bool:
    new_events = AuditEvent.objects.last_seq() - newest.seq
    age = (timezone.now() - datetime.fromisoformat(newest.at)).total_seconds()
    # A negative age means that the clock was set back, which must not silence the checkpoints.
    return new_events >= settings.CHECKPOINT_EVENTS or not 0 <= age < settings.CHECKPOINT_SECONDS


def _verify_new_events(restored: int | None) -> Verification:
    """Verifies from the newest checkpoint on, or all of a restored log. Raises NotSigned."""
    if restored:
        anchors = load_all().anchors()
        verification = Verification([anchor for anchor in anchors if anchor.seq < restored])
    else:
        newest = _newest_anywhere()
        verification = Verification.starting_at(_anchor(newest)) if newest else Verification()
    verification.advance()
    if verification.fault:
        log.critical("no checkpoint was made: %s", verification.fault.sentence)
        raise NotSigned(verification.fault.sentence)
    if not verification.seq:
        raise NotSigned("The log holds no event, so there is nothing to vouch for.")
    return verification


def _newest_anywhere() -> Checkpoint | None:
    """The highest of the newest in the file and the newest in the database."""
    copies = KeptCheckpoint.objects.newest_first().values_list("line", flat=True)[:_TRIED_COPIES]
    newest = [
        checkpoint_file.newest_checkpoint(settings.CHECKPOINT_FILE),
        first_valid(copies),
    ]
    checkpoints = [checkpoint for checkpoint in newest if checkpoint]
    return max(checkpoints, key=lambda checkpoint: checkpoint.seq, default=None)


def _anchor(checkpoint: Checkpoint) -> Anchor:
    return Anchor(checkpoint.seq, checkpoint.row_hash, checkpoint.at)
