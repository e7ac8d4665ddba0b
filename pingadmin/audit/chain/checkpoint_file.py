"""The file that holds the checkpoints: one a line, only ever appended to, synced to the disk.

It lies outside the database so that it does not go back in time with it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pingadmin.audit.chain.checkpoint import Checkpoint, InvalidCheckpoint, parse

_TAIL_BYTES = 65_536


class FileVersion(NamedTuple):
    """Changes whenever the file does."""

    inode: int
    size: int
    modified_ns: int


def version(path: Path) -> FileVersion | None:
    """The file's version; None where there is no file. Raises OSError where it cannot be read."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return FileVersion(status.st_ino, status.st_size, status.st_mtime_ns)


def newest_checkpoint(path: Path) -> Checkpoint | None:
    """The valid checkpoint with the highest seq since the last accepted restore. Raises OSError.

    The highest and not the last line: somebody may have appended an old line again. Reads the whole
    file only where its end holds none, or a restore.
    """
    tail = _valid(read_last_lines(path))
    if not tail or any(checkpoint.restored for checkpoint in tail):
        tail = _valid(read_lines(path))
    return max(_since_restore(tail), key=lambda checkpoint: checkpoint.seq, default=None)


def _valid(lines: list[str]) -> list[Checkpoint]:
    """The checkpoints with a valid MAC, each where it stands first: a copy states nothing new."""
    checkpoints: dict[str, Checkpoint] = {}
    for line in lines:
        if line not in checkpoints:
            with suppress(InvalidCheckpoint):
                checkpoints[line] = parse(line, check_signature=False)
    return list(checkpoints.values())


def _since_restore(checkpoints: list[Checkpoint]) -> list[Checkpoint]:
    restores = [index for index, each in enumerate(checkpoints) if each.restored]
    return checkpoints[restores[-1] :] if restores else checkpoints


def read_lines(path: Path) -> list[str]:
    """All lines, none where there is no file. Raises OSError.

    Bytes that are not UTF-8 become U+FFFD, which no checkpoint contains.
    """
    try:
        return path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def read_last_lines(path: Path) -> list[str]:
    """The whole lines among the last 64 kB, the newest last."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    lines = text.splitlines()
    return lines[1:] if size > _TAIL_BYTES else lines


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process of this machine writes at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def append_line(path: Path, line: str) -> None:
    """Adds one line and syncs it. Raises OSError.

    Ends a line first that a crash has cut off, so that it cannot spoil this one.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        is_cut_off = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, b"\n" * is_cut_off + line.encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
