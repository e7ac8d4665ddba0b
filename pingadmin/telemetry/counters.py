"""What each process counts, and how the counts of all come together in one scrape.

A process counts in memory, and a thread of it writes the figures to a file of its own each second.
prometheus_client's own way maps a file into memory, and on a full disk the next count would kill
the process, perhaps amid a resume. Here a full disk makes the figures late, and nothing else.
"""

import atexit
import contextlib
import logging
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import sleep, time_ns

from django.conf import settings
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

WRITE_SECONDS = 1.0
# The metrics of the package that counts register themselves here.
REGISTRY = CollectorRegistry(auto_describe=True)

# When a count began matters less than twice as many lines.
disable_created_metrics()

log = logging.getLogger(__name__)

Labels = tuple[tuple[str, str], ...]


def forget(kind: str) -> None:
    """Remove the figures that processes of a kind ("web", "collector") left when they ended.

    For the first process of that kind, before it begins: a later removal would make sums fall.
    """
    for path in _directory().glob(f"{kind}-*.prom"):
        with contextlib.suppress(OSError):
            path.unlink()


def keep(kind: str) -> None:
    """From now on this process' figures are in a file that every scrape reads."""
    global _own_file
    _own_file = _directory() / f"{kind}-{os.getpid()}-{time_ns()}.prom"
    threading.Thread(target=_write_on_and_on, name="figures", daemon=True).start()
    atexit.register(_write)


def read_all() -> Iterator[Metric]:
    """The figures of every process, added up for each kind, which is their label `process`."""
    _write()
    sums: dict[str, dict[tuple[str, Labels], float]] = defaultdict(lambda: defaultdict(float))
    described: dict[str, Metric] = {}
    for kind, text in _texts():
        for family in text_string_to_metric_families(text):
            described.setdefault(
                family.name, Metric(family.name, family.documentation, family.type)
            )
            for sample in family.samples:
                labels = (*sample.labels.items(), ("process", kind))
                sums[family.name][sample.name, labels] += sample.value
    for name, metric in described.items():
        for (sample_name, labels), value in sums[name].items():
            metric.add_sample(sample_name, dict(labels), value)
        yield metric


_own_file: Path | None = None
_written = b""
# Two writers of one file would remove each other's half-written one.
_writing = threading.Lock()


def _directory() -> Path:
    return Path(settings.DATA_DIR) / "figures"


def _texts() -> Iterator[tuple[str, str]]:
    """The kind of each process, and its figures. One that writes none tells of itself alone."""
    if _own_file is None:
        yield "web", generate_latest(REGISTRY).decode()
    for path in sorted(_directory().glob("*.prom")):
        try:
            yield path.name.split("-")[0], path.read_text()
        except OSError as error:
            log.warning("The figures in %s could not be read (%s).", path.name, error.strerror)


def _write_on_and_on() -> None:
    while True:
        sleep(WRITE_SECONDS)
        _write()


def _write() -> None:
    """Replaces the file as a whole, where it would change. What fails is tried a second later."""
    global _written
    if _own_file is None:
        return
    with _writing:
        figures = generate_latest(REGISTRY)
        if figures == _written:
            return
        part = _own_file.with_suffix(".part")
        try:
            _own_file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(figures)
            part.replace(_own_file)
        except OSError as error:
            # The fault of DATA_DIR itself is on the health page.
            log.debug("Figures could not be written (%s).", error.strerror)
            return
        _written = figures
