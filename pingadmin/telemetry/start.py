"""Begins everything that a process tells of itself."""

from pingadmin.telemetry import counters, error_reports, tracing


def begin(process: str) -> None:
    """For each process after it was forked. process: its kind, "web" or "collector"."""
    counters.keep(process)
    error_reports.start(process)
    tracing.start(process)
