"""The production web server: gunicorn with threads, configured here and nowhere else.

It listens for browsers or a proxy. There is no control socket, forwarded headers are read only
where FORWARDED_ALLOW_IPS names who may send them, and a stop waits for a resume under way.
"""

import socket
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from pingadmin.config import environment
from pingadmin.telemetry import start
from pingadmin.web import arrival, shutdown
from pingadmin.web.middleware import SECURITY_HEADERS

THREADS = 8


class Server(BaseApplication):
    """The panel behind gunicorn. `run()` serves until SIGTERM or SIGINT.

    on_ready: called with the address once the server listens.
    """

    def __init__(
        self, *, host: str, port: int, workers: int, on_ready: Callable[[str], None]
    ) -> None:
        name = f"[{host}]" if ":" in host else host
        self._options = {
            "bind": f"{name}:{port}",
            "workers": workers,
            # The port is read from the socket: 0 asked for a free one.
            "when_ready": lambda arbiter: on_ready(
                f"http://{name}:{arbiter.LISTENERS[0].sock.getsockname()[1]}/"
            ),
        }
        super().__init__(prog="pingadmin")

    def load_config(self) -> None:
        for name, value in (self._options | SETTINGS).items():
            self.cfg.set(name, value)
        longest_action = settings.UPSTREAM_WRITE_SECONDS + settings.UPSTREAM_READ_SECONDS
        self.cfg.set("graceful_timeout", int(longest_action) + 5)
        self.cfg.set("timeout", int(longest_action) + 30)
        self.cfg.set("loglevel", environment.text("LOG_LEVEL", "INFO").lower())
        self.cfg.set("forwarded_allow_ips", environment.text("FORWARDED_ALLOW_IPS"))

    def load(self) -> WSGIHandler:
        return get_wsgi_application()


class Worker(ThreadWorker):
    """gunicorn's threads, with an end to waiting, and headers on what gunicorn answers itself."""

    def handle(self, conn: Any) -> Any:
        with arrival.deadline(conn.sock):
            return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        if req.method in ("GET", "HEAD"):
            arrival.has_arrived()
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        super().handle_error(req, _RefusalSocket(client), addr, exc)


class _RefusalSocket:
    """A socket on which gunicorn writes the page of a refusal: our headers go in between."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def sendall(self, data: bytes) -> None:
        status, rest = data.split(b"\r\n", 1)
        headers = "".join(f"{name}: {value}\r\n" for name, value in REFUSAL_HEADERS.items())
        self._sock.sendall(status + b"\r\n" + headers.encode() + rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class PropagatingLogger(glogging.Logger):
    """Leaves the writing to settings.LOGGING: one event, one line of JSON."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def _begin_worker(worker: shutdown.Worker) -> None:
    shutdown.watch(worker)
    start.begin("web")


# What a request gets that never reached the panel's own middleware.
REFUSAL_HEADERS = SECURITY_HEADERS | {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SETTINGS = {
    "worker_class": "pingadmin.web.server.Worker",
    "threads": THREADS,
    # Loaded once, before the workers fork: they start at once, and SIGTERM finds none half-started.
    "preload_app": True,
    "post_worker_init": _begin_worker,
    "keepalive": 15,
    "limit_request_line": 8190,
    "limit_request_fields": 64,
    "limit_request_field_size": 8190,
    "control_socket_disable": True,
    "accesslog": None,
    "logger_class": PropagatingLogger,
}
