"""Through the organisation's proxy and with its CA: what the proxy learns, and what it breaks."""

import base64
import contextlib
import socket
import threading

import pytest

from pingadmin.config.secret import Secret
from pingadmin.http import post
from tests.support.certificates import Authority
from tests.support.raw_server import says
from tests.support.upstream_clients import GOOD, ID, PING_KEY, SESSION, agi_at, ping_at

NAME = "upstream.example"
SYSTEMS = pytest.mark.parametrize("api_at", [ping_at, agi_at], ids=["ping", "agi"])


class Proxy:
    """Answers CONNECT as it is told, and carries bytes to a port of this machine, whatever name
    was asked for.
    """

    def __init__(self, port: int, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self.heads: list[bytes] = []
        self.carried = b""
        self._target, self._answer = port, answer
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://ana:p%40ss@127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.heads.append(head)
            if self._answer is None:
                return
            if callable(self._answer):
                self._answer(client)
                return
            client.sendall(self._answer)
            if b" 200 " not in self._answer:
                client.close()
                return
            # Closed here: the test may have closed all the others already.
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                self._open.append(server)
                back = threading.Thread(target=self._carry, args=[server, client], daemon=True)
                back.start()
                self._carry(client, server, keep=True)
                back.join()

    def _carry(self, source, sink, *, keep: bool = False) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if keep:
                    self.carried += chunk
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(raw_server, authority, settings, monkeypatch):
    """A server for that name, whose CA the settings trust."""
    settings.CA_FILE = str(authority.roots)
    # What others set for their own programs is not for us.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    return raw_server(says(200, SESSION), tls=authority.server(host=NAME))


@pytest.fixture
def proxy(server, settings):
    """proxy(answer) -> a running proxy that the settings name."""
    with contextlib.ExitStack() as running:

        def start(*answer) -> Proxy:
            started = running.enter_context(contextlib.closing(Proxy(server.port, *answer)))
            settings.OUTBOUND_PROXY = Secret(started.address)
            return started

        yield start


@SYSTEMS
def test_everything_goes_through_it_encrypted(proxy, server, api_at):
    through = proxy()
    api = api_at(f"https://{NAME}:8443")
    assert api.look_up(ID).session_id == ID and api.resume(ID).result == "ok"
    first = through.heads[0].decode()
    assert first.startswith(f"CONNECT {NAME}:8443 HTTP/1.1\r\nHost: {NAME}:8443\r\n")
    pair = base64.b64encode(b"ana:p@ss").decode()
    assert f"Proxy-Authorization: Basic {pair}\r\n" in first
    assert PING_KEY.encode() not in through.carried + b"".join(through.heads)
    assert ID.encode() not in through.carried + b"".join(through.heads)
    assert len(server.requests) == 2


def test_a_webhook_goes_through_it_too(proxy, server):
    through = proxy()
    server.script[0] = says(200, b"ok", kind="text/plain")
    assert post.post_json(Secret(f"https://{NAME}/hook/secret"), b"{}") == 200
    assert len(through.heads) == 1 and b"secret" not in through.carried


def drip(client) -> None:
    with contextlib.suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            client.sendall(bytes([byte]))
            threading.Event().wait(0.05)


FAULTS = {
    "it asks for a password": b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
    "it forbids the host": b"HTTP/1.1 403 Forbidden\r\n\r\n",
    "it leads elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n",
    "it speaks of something else": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "it answers for the server": b"HTTP/1.1 200 OK\r\n\r\n" + GOOD,
    "it has no end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000,
    "it closes": lambda client: client.close(),
    "it is silent": None,
    "it drips": drip,
}


@SYSTEMS
@pytest.mark.parametrize("answer", FAULTS.values(), ids=FAULTS)
def test_where_no_tunnel_stands_nothing_was_sent(proxy, server, settings, api_at, answer):
    settings.UPSTREAM_CONNECT_SECONDS = 0.5
    proxy(answer)
    outcome = api_at(f"https://{NAME}").resume(ID)
    assert outcome.result == "not_sent" and outcome.failure in ("unreachable", "timed_out")
    assert server.requests == []


def test_a_proxy_that_is_away_is_no_reason_to_go_round_it(server, settings):
    settings.OUTBOUND_PROXY = Secret("http://127.0.0.1:9")
    outcome = ping_at(f"https://{NAME}:{server.port}").resume(ID)
    assert (outcome.result, outcome.failure) == ("not_sent", "unreachable")


@pytest.mark.parametrize("excepted", [NAME, ".example", "Upstream.Example"])
def test_hosts_that_are_left_out_and_this_machine_are_asked_directly(
    proxy, server, settings, monkeypatch, excepted
):
    through = proxy()
    settings.OUTBOUND_PROXY_EXCEPT = [excepted.casefold()]
    real = socket.getaddrinfo

    def here(host, *rest, flags=0, **more):
        if flags & socket.AI_NUMERICHOST and host == NAME:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        return real("127.0.0.1" if host == NAME else host, *rest, flags=flags, **more)

    monkeypatch.setattr("pingadmin.http.connecting.socket.getaddrinfo", here)
    assert ping_at(f"https://{NAME}:{server.port}").resume(ID).result == "ok"
    assert through.heads == []


def test_a_certificate_of_another_ca_is_refused_through_it_too(proxy, server, settings):
    settings.CA_FILE = ""
    proxy()
    outcome = ping_at(f"https://{NAME}").resume(ID)
    assert (outcome.result, outcome.failure) == ("not_sent", "tls")
    assert server.requests == []


def test_the_wrong_name_is_refused(raw_server, authority, settings):
    settings.CA_FILE = str(authority.roots)
    other = raw_server(says(200, SESSION), tls=authority.server(host="other.example"))
    with contextlib.closing(Proxy(other.port)) as through:
        settings.OUTBOUND_PROXY = Secret(through.address)
        assert ping_at(f"https://{NAME}").resume(ID).failure == "tls"
