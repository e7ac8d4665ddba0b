"""The file that checkpoints are kept in: one line each, only ever appended to, synced to the disk.

It stands outside the database so that it does not go back in time with it. What a line says is checkpoint.py's
business; nothing here is believed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TAIL_BYTES = 65_536


def lines(path: Path) -> list[str]:
    """All lines, none where there is no file. What is no UTF-8 becomes marks that no checkpoint has."""
    try:
        return path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def last_lines(path: Path) -> list[str]:
    """The whole lines among the last 64 kB, the newest last."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    found = text.splitlines()
    return found[1:] if size > _TAIL_BYTES else found


def state(path: Path) -> tuple | None:
    """Something that changes whenever the file does; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def held(path: Path) -> Iterator[None]:
    """One writer at a time, among processes of this machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def append(path: Path, line: str) -> None:
    """Add one line and sync it. A line that an earlier writer left torn is ended first. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, b"\n" * is_torn + line.encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
