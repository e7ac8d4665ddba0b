"""Spans for OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set; nothing at all elsewhere.

A span says which view answered or which account was asked, how it ended and how long it took. It
holds no address, no id of a session and no person.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings

from pingadmin.http.session import ReportSession

SECONDS = 10
Describe = Callable[[str, str | int], None]

_tracer: Any = None


def start(process: str) -> None:
    """From now on this process' spans are sent. process: its kind."""
    global _tracer
    endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(
        endpoint=f"{endpoint}/v1/traces",
        headers=settings.OTEL_EXPORTER_OTLP_HEADERS,
        timeout=SECONDS,
        session=ReportSession(SECONDS),
    )
    names = {"service.name": "pingadmin", "service.instance.id": process}
    provider = TracerProvider(resource=Resource(names))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("pingadmin")


@contextlib.contextmanager
def span(name: str) -> Iterator[Describe]:
    """A span around the block; the block describes it with what it gives: describe(name, value)."""
    if _tracer is None:
        yield lambda key, value: None
        return
    # An exception's text may hold anything; the log has it.
    with _tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as current:
        yield current.set_attribute
