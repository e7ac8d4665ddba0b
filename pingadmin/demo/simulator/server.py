"""The simulator's server, on a loopback port, with one thread for each connection.

It listens for the panel and for tests and calls nobody. Nothing of the panel may be imported here.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from http.server import ThreadingHTTPServer
from typing import Any

from pingadmin.demo.simulator import control, routes
from pingadmin.demo.simulator.connection import Connection
from pingadmin.demo.simulator.faults import HANDLERS, Fault, Faults
from pingadmin.demo.simulator.messages import Request, Response
from pingadmin.demo.simulator.world import World

TICK_SECONDS = 0.25


class Simulator(ThreadingHTTPServer):
    """Listens from the moment it is made; `serve_forever()` answers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(
        self,
        port: int = 0,
        *,
        faults: Sequence[dict[str, Any]] = (),
        heartbeat_seconds: float = 5.0,
        world: World | None = None,
    ) -> None:
        self.world = world or World(heartbeat_seconds=heartbeat_seconds)
        self.faults = Faults()
        self.faults.add(list(faults))
        super().__init__(("127.0.0.1", port), RequestHandler)
        threading.Thread(target=self._tick, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Answer in a thread of its own until the end of the block."""
        thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is what faults are for; it is no error of ours."""

    def _tick(self) -> None:
        pause = threading.Event()
        while not pause.wait(TICK_SECONDS):
            with self.world.now():
                pass


class RequestHandler(Connection):
    """Answers a request by the switches or by the upstreams, unless a fault comes between."""

    server: Simulator

    def handle_request(self) -> None:
        self.extra_headers = {}
        request = self.read_request()
        if request is None:
            return
        if request.path.startswith("/_sim/"):
            self.send(control.respond(self.server.world, self.server.faults, request))
            return
        self.server.world.count(request.method, request.path)
        fault = self.server.faults.take(request.method, request.path)
        if fault is None:
            self.send(routes.respond(self.server.world, request))
            return
        self.extra_headers = fault.headers
        HANDLERS[fault.fault](self, fault, self._response_before(fault, request))

    def clock(self) -> float:
        return self.server.world.clock()

    def _response_before(self, fault: Fault, request: Request) -> Response:
        """The true response where the fault lets the request be carried out, else an empty one."""
        if fault.is_handled_first:
            return routes.respond(self.server.world, request)
        return Response(200)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815
    do_HEAD = do_OPTIONS = do_TRACE = do_QUERY = handle_request  # noqa: N815
