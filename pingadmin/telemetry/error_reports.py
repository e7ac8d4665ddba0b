"""Sends what went wrong inside the panel to Sentry, where SENTRY_DSN is set.

A report says which exception was raised where, in which process, and the request's id, by which the
panel's own log has the rest. It holds no text that could be a customer's or a secret: no message,
no variable, no address, no person.
"""

import contextlib
import queue
import threading
from typing import Any

from django.conf import settings

from pingadmin.http.session import ReportSession, SessionError

SECONDS = 10
# More than this in a burst is dropped: the log has them all.
WAITING_REPORTS = 100
KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment")
KEPT_OF_FRAME = ("filename", "function", "module", "lineno", "in_app")


def start(process: str) -> None:
    """From now on every record of level ERROR in this process is reported. process: its kind."""
    dsn = settings.SENTRY_DSN.reveal()
    if not dsn:
        return
    import sentry_sdk
    from sentry_sdk.consts import EndpointType
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.transport import Transport

    class GuardedTransport(Transport):
        """Calls leave through pingadmin/http alone, and nobody waits for one."""

        def __init__(self, options: dict[str, Any]) -> None:
            super().__init__(options)
            assert self.parsed_dsn is not None
            auth = self.parsed_dsn.to_auth("pingadmin")
            self._url, self._auth = auth.get_api_url(EndpointType.ENVELOPE), auth.to_header()
            self._waiting: queue.Queue[bytes] = queue.Queue(WAITING_REPORTS)
            threading.Thread(target=self._send_on_and_on, name="reports", daemon=True).start()

        def capture_envelope(self, envelope: Any) -> None:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(envelope.serialize())

        def _send_on_and_on(self) -> None:
            headers = {
                "Content-Type": "application/x-sentry-envelope",
                "X-Sentry-Auth": self._auth,
            }
            session = ReportSession(SECONDS)
            while True:
                data = self._waiting.get()
                # A report of the failure would fail too.
                with contextlib.suppress(SessionError):
                    session.post(self._url, data=data, headers=headers)

    sentry_sdk.init(
        dsn=dsn,
        transport=GuardedTransport,
        default_integrations=False,
        integrations=[LoggingIntegration(level=None)],
        auto_session_tracking=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        send_client_reports=False,
        server_name="",
        before_send=lambda event, hint: _without_texts(dict(event), hint, process),  # type: ignore[arg-type,return-value]
    )


def _without_texts(event: dict[str, Any], hint: dict[str, Any], process: str) -> dict[str, Any]:
    """What of an event may leave; everything is left out that is not named here."""
    request = getattr(hint.get("log_record"), "request", None)
    report = {name: event[name] for name in KEPT if name in event}
    report["tags"] = {"process": process, "request_id": getattr(request, "request_id", "")}
    exceptions = (event.get("exception") or {}).get("values", [])
    if exceptions:
        report["exception"] = {"values": [_without_value(each) for each in exceptions]}
    else:
        # Without its arguments: they may hold anything.
        record = hint.get("log_record")
        report["message"] = str(record.msg) if record else "error"
    return report


def _without_value(exception: dict[str, Any]) -> dict[str, Any]:
    frames = (exception.get("stacktrace") or {}).get("frames", [])
    kept = [{name: frame[name] for name in KEPT_OF_FRAME if name in frame} for frame in frames]
    return {
        "type": exception.get("type"),
        "module": exception.get("module"),
        "stacktrace": {"frames": kept},
    }
