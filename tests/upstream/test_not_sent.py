"""T11 and T26: when nothing of a request left us, we say so; when we cannot be sure, we do not."""

import contextlib
import os
import socket
import ssl
import threading
import warnings
from time import monotonic

import pytest

from pingadmin.http import connecting, wire
from pingadmin.http.wire import tls_context
from pingadmin.upstream.errors import UpstreamError
from tests.support.certificates import Authority
from tests.support.processes import until
from tests.support.raw_server import drips, hangs, resets_after, says
from tests.support.upstream_clients import GOOD, ID, SESSION, SYSTEMS, look_up_kind


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trust(authority):
    return tls_context(str(authority.roots))


def assert_nothing_was_sent(api, kind):
    answer = api.resume(ID)
    assert (answer.result, answer.failure) == ("not_sent", kind)
    with pytest.raises(UpstreamError) as caught:
        api.look_up(ID)
    assert (caught.value.kind, caught.value.sent) == (kind, False)


# --- T11 ------------------------------------------------------------------------------------------


@SYSTEMS
def test_t11_connection_refused(api_at):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert_nothing_was_sent(api_at(f"http://127.0.0.1:{port}"), "unreachable")


@SYSTEMS
def test_t11_connect_timeout(settings, api_at):
    settings.UPSTREAM_CONNECT_SECONDS = 0.2
    started = monotonic()
    with full_listener() as port:
        assert_nothing_was_sent(api_at(f"http://127.0.0.1:{port}"), "unreachable")
    assert monotonic() - started < 5  # and not the 13 seconds of both deadlines


@SYSTEMS
def test_t11_unknown_name(monkeypatch, api_at):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(connecting.socket, "getaddrinfo", unknown)
    assert_nothing_was_sent(api_at("http://no-such-host.invalid"), "unreachable")


@SYSTEMS
def test_t11_name_server_that_does_not_answer(settings, monkeypatch, api_at):
    settings.UPSTREAM_CONNECT_SECONDS = 0.2
    over = threading.Event()

    def silent(*args, flags=0, **kwargs):
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        over.wait(30)
        return []

    monkeypatch.setattr(connecting.socket, "getaddrinfo", silent)
    assert_nothing_was_sent(api_at("http://slow-name.invalid"), "unreachable")
    over.set()


@SYSTEMS
def test_t11_the_second_address_of_a_name_is_tried(raw_server, monkeypatch, api_at):
    server = raw_server(says(200, SESSION))
    name_leads_to_nobody_and_to(server, monkeypatch)
    assert api_at("http://two.invalid").resume(ID).result == "ok"
    assert len(server.requests) == 1


@SYSTEMS
@pytest.mark.parametrize("act", ["look_up", "resume"])
def test_an_address_that_drops_packets_leaves_time_for_the_next(
    raw_server, settings, monkeypatch, api_at, act
):
    """As IPv6 does where it is announced and filtered."""
    settings.UPSTREAM_CONNECT_SECONDS = 4
    server = raw_server(says(200, SESSION))
    with full_listener() as silent:
        name_leads_to([("127.0.0.1", silent), ("127.0.0.1", server.port)], monkeypatch)
        getattr(api_at("http://two.invalid"), act)(ID)
    assert len(server.requests) == 1


def test_families_of_addresses_take_turns():
    addresses = [(family, 1, 6, "", number) for number, family in enumerate((6, 6, 6, 4, 4))]
    assert [each[4] for each in connecting._alternate_families(addresses)] == [0, 3, 1, 4, 2]


@SYSTEMS
def test_t11_a_look_up_connects_once_more_and_a_resume_does_not(raw_server, monkeypatch, api_at):
    server = raw_server(says(200, SESSION))
    tried = []

    def connect_at_second_try(call, host, port, options):
        tried.append(host)
        if len(tried) % 2:
            raise ConnectionRefusedError
        return connecting.connect(call, "127.0.0.1", server.port, options)

    monkeypatch.setattr(wire, "connect", connect_at_second_try)
    api = api_at("http://flaky.invalid")
    assert look_up_kind(api) == "ok"
    answer = api.resume(ID)
    assert (answer.result, answer.failure) == ("not_sent", "unreachable")
    assert (len(tried), len(server.requests)) == (3, 1)


@SYSTEMS
def test_the_deadline_also_holds_at_the_second_address(
    raw_server, seconds_for_answer, monkeypatch, api_at
):
    seconds_for_answer(0.3)
    name_leads_to_nobody_and_to(raw_server(drips(GOOD)), monkeypatch)
    answer = api_at("http://two.invalid").resume(ID)
    assert (answer.result, answer.failure) == ("unknown", "timed_out")


@SYSTEMS
def test_t11_failures_to_connect_open_the_circuit(settings, api_at):
    settings.UPSTREAM_CIRCUIT_FAILURES = 3
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = api_at(f"http://127.0.0.1:{port}")
    words = [api.resume(ID).failure for _ in range(4)]
    assert words == ["unreachable"] * 3 + ["circuit_open"]


# --- T26 ------------------------------------------------------------------------------------------


@SYSTEMS
def test_t26_a_trusted_certificate_is_accepted(raw_server, authority, trust, api_at):
    server = raw_server(says(200, SESSION), tls=authority.server())
    api = api_at(server.address, tls=trust)
    assert (look_up_kind(api), look_up_kind(api), api.resume(ID).result) == ("ok", "ok", "ok")
    assert [request.connection for request in server.requests] == [1, 1, 2]


BAD_CERTIFICATES = {
    "expired": {"days": -1},
    "self-signed": {"self_signed": True},
    "for another host": {"host": "other.example"},
    "for another address": {"host": "127.0.0.2"},
}


@SYSTEMS
@pytest.mark.parametrize("options", BAD_CERTIFICATES.values(), ids=BAD_CERTIFICATES)
def test_t26_a_bad_certificate_gets_no_request(raw_server, authority, trust, api_at, options):
    server = raw_server(says(200, SESSION), tls=authority.server(**options))
    assert_nothing_was_sent(api_at(server.address, tls=trust), "tls")
    assert server.requests == []


@SYSTEMS
def test_t26_bad_certificates_open_the_circuit(raw_server, settings, authority, api_at):
    settings.UPSTREAM_CIRCUIT_FAILURES = 3
    api = api_at(raw_server(says(200, SESSION), tls=authority.server()).address)
    assert [api.resume(ID).failure for _ in range(4)] == ["tls", "tls", "tls", "circuit_open"]


@SYSTEMS
def test_t26_an_authority_that_is_not_trusted_gets_no_request(raw_server, authority, api_at):
    server = raw_server(says(200, SESSION), tls=authority.server())
    assert_nothing_was_sent(api_at(server.address), "tls")
    assert server.requests == []


@SYSTEMS
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_t26_old_tls_gets_no_request(raw_server, authority, trust, api_at, version):
    context = authority.server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    server = raw_server(says(200, SESSION), tls=context)
    assert_nothing_was_sent(api_at(server.address, tls=trust), "tls")
    assert server.requests == []


@SYSTEMS
def test_t26_a_server_without_tls_gets_no_request(raw_server, api_at):
    server = raw_server(says(200, SESSION), greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert_nothing_was_sent(api_at(f"https://127.0.0.1:{server.port}"), "tls")
    assert server.requests == []


@SYSTEMS
def test_t26_a_tls_handshake_that_hangs_ends_in_time(settings, api_at):
    settings.UPSTREAM_CONNECT_SECONDS = 0.2
    started = monotonic()
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as listener:  # accepts, by its backlog, and never speaks
        assert_nothing_was_sent(
            api_at(f"https://127.0.0.1:{listener.getsockname()[1]}"), "timed_out"
        )
    assert monotonic() - started < 5


@SYSTEMS
def test_a_call_that_is_ended_before_tls_begins_leaves_no_socket_open(
    raw_server, monkeypatch, authority, trust, api_at
):
    connected = []

    def connect_and_end(call, *args):
        sock = connecting.connect(call, *args)
        connected.append(os.fstat(sock.fileno()).st_ino)
        call.end()
        until(lambda: is_gone(sock))
        return sock

    monkeypatch.setattr(wire, "connect_for_tls", connect_and_end)
    server = raw_server(says(200, SESSION), tls=authority.server())
    assert api_at(server.address, tls=trust).resume(ID).result == "not_sent"
    [inode] = connected
    assert inode not in open_sockets()
    assert server.requests == []


def is_gone(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return True
    return False


def open_sockets() -> set[int]:
    """The inodes of what this process holds open."""
    inodes = set()
    for entry in os.scandir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            inodes.add(os.stat(entry.path).st_ino)
    return inodes


@SYSTEMS
@pytest.mark.parametrize(
    "behaviour, kind",
    [
        (hangs, "timed_out"),
        (drips(GOOD), "timed_out"),
        (drips(GOOD, first=len(GOOD) - 30), "timed_out"),
        (resets_after(), "broken_off"),
        (resets_after(GOOD[:-10]), "broken_off"),
        (says(200, b"x"), "unreadable"),
    ],
    ids=["hang", "drip headers", "drip body", "reset", "reset in body", "not JSON"],
)
def test_faults_inside_tls_are_unknown_as_they_are_without_it(
    raw_server, seconds_for_answer, authority, trust, api_at, behaviour, kind
):
    if kind == "timed_out":
        seconds_for_answer(0.4)
    server = raw_server(behaviour, tls=authority.server())
    answer = api_at(server.address, tls=trust).resume(ID)
    assert (answer.result, answer.failure) == ("unknown", kind)
    assert until(lambda: len(server.requests) == 1)


@contextlib.contextmanager
def full_listener():
    """A port whose queue is full, so that connecting to it takes for ever."""
    with contextlib.ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(8):
            client = open_sockets.enter_context(socket.socket())
            client.settimeout(0.2)
            try:
                client.connect(("127.0.0.1", port))
            except TimeoutError:
                yield port
                return
        pytest.fail("the queue of connections never filled")


def name_leads_to_nobody_and_to(server, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = listener.getsockname()
    name_leads_to([nobody, ("127.0.0.1", server.port)], monkeypatch)


def name_leads_to(addresses, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr(connecting.socket, "getaddrinfo", lambda *args, **kwargs: found)
