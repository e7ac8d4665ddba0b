"""The production web server: gunicorn with threads, configured here and nowhere else.

It listens for browsers or a proxy. No control socket, no reading of forwarded headers unless
FORWARDED_ALLOW_IPS names who may send them, and a drain long enough for a resume that is under way.
"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from pingadmin.config import environment
from pingadmin.web import shutdown

THREADS = 8


class Server(BaseApplication):
    """`run()` serves until SIGTERM or SIGINT. `ready` is called with the address once it listens."""

    def __init__(self, *, host: str, port: int, workers: int, ready):
        self._wanted = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "when_ready": lambda arbiter: ready(_address(host, arbiter.LISTENERS[0])),
        }
        super().__init__(prog="pingadmin")

    def load_config(self):
        longest_resume = settings.UPSTREAM_WRITE_SECONDS + settings.UPSTREAM_READ_SECONDS
        for name, value in (self._wanted | SETTINGS).items():
            self.cfg.set(name, value)
        self.cfg.set("graceful_timeout", int(longest_resume) + 5)
        self.cfg.set("timeout", int(longest_resume) + 30)
        self.cfg.set("loglevel", environment.text("LOG_LEVEL", "INFO").lower())
        self.cfg.set("forwarded_allow_ips", environment.text("FORWARDED_ALLOW_IPS"))

    def load(self):
        return get_wsgi_application()


class Logs(glogging.Logger):
    """Leaves the writing to settings.LOGGING: one event, one line of JSON."""

    def setup(self, cfg):
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


SETTINGS = {
    "worker_class": "gthread",
    "threads": THREADS,
    # Loaded once, before the workers part: they are there at once, and a SIGTERM finds no half-started one.
    "preload_app": True,
    "post_worker_init": shutdown.watch,
    "keepalive": 15,
    "limit_request_line": 8190,
    "limit_request_fields": 64,
    "limit_request_field_size": 8190,
    "control_socket_disable": True,
    "accesslog": None,
    "logger_class": Logs,
}


def _address(host: str, listener) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.sock.getsockname()[1]}/"
