"""A clean machine in a mount namespace: the panel as an ordinary user meets it, installed in /opt.

What a process sees at /opt, /var/lib and /mnt are directories of the test; all else can be made
read-only. Needs root, for a namespace and for becoming somebody else.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.support.processes import Process
from tests.support.required_parts import need

NOBODY = 65534
# $1: a directory with opt, lib and work; $2: a prefix of Python; $3: the directory above it that
# hides it from others, or nothing; $4: "ro" for a read-only file system; then the command.
_SCRIPT = """
set -e
here=$1 python=$2 hidden=$3 mode=$4; shift 4
mount --bind "$here/lib" /var/lib; mount --bind "$here/work" /mnt
if [ -n "$hidden" ]; then
    mount --bind "$python" /srv; mount -t tmpfs -o mode=755 tmpfs "$hidden"
    mkdir -p "$python"; mount --move /srv "$python"
fi
mount --bind "$here/opt" /opt
if [ "$mode" = ro ]; then mount -o remount,bind,ro /opt; mount -o remount,bind,ro /; fi
cd /mnt
exec setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --no-new-privs "$@"
"""


class Machine:
    """`directory` holds what is at /opt, /var/lib (lib) and /mnt (work), where commands run."""

    def __init__(self, directory: Path):
        self.directory = directory
        for name in ("opt", "lib", "lib/pingadmin", "work"):
            (directory / name).mkdir()
            os.chown(directory / name, NOBODY, NOBODY)
        self._count = 0

    def run(
        self, *command: str, env: dict[str, str], read_only: bool = True, check: bool = True
    ) -> subprocess.CompletedProcess:
        """A command to its end; stdout and stderr as text."""
        done = subprocess.run(
            self._wrapped(command, read_only), env=env, capture_output=True, text=True, timeout=300
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def start(self, *command: str, env: dict[str, str]) -> Process:
        """A command that keeps running, on a read-only file system."""
        self._count += 1
        log = self.directory / f"{self._count}.log"
        return Process(*self._wrapped(command, True), env=env, log=log)

    def beats(self) -> int:
        """How many heartbeats of a collector the database in /var/lib/pingadmin holds."""
        file = self.directory / "lib/pingadmin/pingadmin.sqlite3"
        with contextlib.closing(sqlite3.connect(file, timeout=60)) as connection:
            return connection.execute("SELECT count(*) FROM collector_beat").fetchone()[0]

    def _wrapped(self, command: tuple[str, ...], read_only: bool) -> list[str]:
        prefix = Path(sys.base_prefix)
        hidden = [str(path) for path in prefix.parents if not path.stat().st_mode & 0o001]
        mode = "ro" if read_only else "rw"
        there = [str(self.directory), str(prefix), hidden[-1] if hidden else "", mode]
        return ["unshare", "--mount", "sh", "-c", _SCRIPT, "sh", *there, *command]


def new_machine(directory: Path) -> Machine:
    """Skips where this machine gives no mount namespace."""
    is_root = os.geteuid() == 0
    may = is_root and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0
    need("namespaces", may, "only root may make a mount namespace, and not in every container")
    return Machine(directory)


def packages_path() -> list[str]:
    """Where the packages of the tests' own Python are."""
    return [path for path in sys.path if path.endswith("site-packages")]
