"""The file that holds the checkpoints: one a line, only ever appended to, synced to the disk.

It lies outside the database so that it does not go back in time with it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pingadmin.audit.chain.checkpoint import Checkpoint, first_valid

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
    """The newest checkpoint with a valid MAC. Raises OSError.

    Reads the whole file only where its end holds none.
    """
    return first_valid(reversed(read_last_lines(path))) or first_valid(reversed(read_lines(path)))


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
