"""Reads deploy/Containerfile: its steps, as (instruction, words) pairs, and what it sets."""

import json
from fnmatch import fnmatch
from pathlib import Path
from shutil import copytree

from tests.support.processes import CHECKOUT

FILE = CHECKOUT / "deploy" / "Containerfile"


def steps() -> list[tuple[str, str]]:
    """Each instruction with the rest of its line."""
    lines = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def values(instruction: str) -> list[str]:
    return [rest for name, rest in steps() if name == instruction]


def environment() -> dict[str, str]:
    """What ENV sets."""
    pairs = [pair for rest in values("ENV") for pair in rest.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def command() -> list[str]:
    return json.loads(values("CMD")[0])


def copy_context(place: Path) -> None:
    """What COPY takes: the checkout without what .dockerignore names."""
    ignored = (CHECKOUT / ".dockerignore").read_text().split()

    def left_out(directory: str, names: list[str]) -> set[str]:
        inside = Path(directory).relative_to(CHECKOUT)
        return {
            name
            for name in names
            if name == "__pycache__" or any(fnmatch(str(inside / name), each) for each in ignored)
        }

    copytree(CHECKOUT, place, ignore=left_out, dirs_exist_ok=True)
