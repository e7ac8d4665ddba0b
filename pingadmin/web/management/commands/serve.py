"""Serves the panel with the production web server."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from pingadmin.telemetry import counters
from pingadmin.web import static_files
from pingadmin.web.server import Server


class Command(BaseCommand):
    help = "Serve the panel with the production web server; put a TLS proxy before it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
        parser.add_argument("--workers", type=int, default=2, help="processes of 8 threads each")

    def handle(self, *, host: str, port: int, workers: int, **options: Any) -> None:
        if workers < 1:
            raise CommandError("--workers must be at least 1. Two are usual.")
        _check_address(host, port)
        static_files.collect()
        counters.forget("web")
        connections.close_all()
        Server(host=host, port=port, workers=workers, on_ready=self._print_address).run()

    def _print_address(self, address: str) -> None:
        self.stdout.write(f"Serving at {address}")
        self.stdout.flush()


def _check_address(host: str, port: int) -> None:
    """Tries the address first: the web server would retry it and end without a sentence."""
    if not 0 <= port <= 65535:
        raise CommandError(
            f"--port cannot be {port}. Name one from 1 to 65535; 0 takes a free one."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise CommandError(
            f"Port {port} of {host} cannot be used ({error.strerror}). "
            "Name others with --port and --host."
        ) from error
