"""Collects the static files before the server starts, once, however many servers start together."""

import fcntl
import filecmp
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command


def collect() -> None:
    """Fills STATIC_ROOT, unless it holds exactly the files that there are now.

    Raises CommandError where it doesn't and can't be written.
    """
    root = Path(settings.STATIC_ROOT)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / ".collecting").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            stamp, wanted = root / ".collected", _fingerprint()
            if stamp.exists() and stamp.read_text() == wanted:
                return
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(wanted)
    except OSError as error:
        # Where nobody can write, nobody is collecting either, so the files may be compared.
        if not _holds_all_files(root):
            raise CommandError(
                f"The static files can't be collected in {root} ({error.strerror}). Run manage.py "
                "collectstatic while it can be written, or set STATIC_ROOT to a directory that "
                "the panel's user may write."
            ) from error


def _holds_all_files(root: Path) -> bool:
    """Whether collectstatic was run there with the files that there are now."""
    try:
        collected = json.loads((root / "staticfiles.json").read_text())["paths"]
        return all(
            name in collected and filecmp.cmp(source, root / name, shallow=False)
            for name, source in _sources()
        )
    except (OSError, ValueError, KeyError):
        return False


def _fingerprint() -> str:
    """Every source file by name, size and time of change, and how they are stored."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for name, source in _sources():
        stat = source.stat()
        digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[tuple[str, Path]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield name, Path(storage.path(name))
