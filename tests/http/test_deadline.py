"""A call's deadline covers all of its waits together, and any thread may end the call."""

import socket
import threading
from time import monotonic, sleep

import pytest

from pingadmin.http.deadline import Call, DeadlineSocket, current_call


def test_an_answer_after_the_deadline_is_not_believed():
    call = Call(monotonic() - 0.001, connect_seconds=1)
    assert not call.is_in_time()


def test_nothing_is_sent_once_the_deadline_has_passed(pair):
    ours, theirs = pair
    call = Call(monotonic() - 0.001, connect_seconds=1)
    with current_call(call), pytest.raises(TimeoutError):
        ours.sendall(b"x")
    assert not call.sent


def test_nothing_is_sent_by_a_call_that_was_ended(pair):
    ours, theirs = pair
    call = Call(monotonic() + 60, connect_seconds=1)
    call.end()
    with current_call(call), pytest.raises(TimeoutError):
        ours.sendall(b"x")
    assert not call.sent


def test_a_call_that_ended_leaves_the_connection_to_the_next_one(pair):
    ours, theirs = pair
    for deadline in (0.05, 10):
        call = Call(monotonic() + deadline, connect_seconds=1)
        with current_call(call):
            ours.sendall(b"x")
            theirs.recv(1)
    sleep(0.1)
    theirs.sendall(b"y")
    assert ours.recv_into(bytearray(1)) == 1


def test_every_wait_gets_what_is_left_of_the_whole_call(pair):
    ours, theirs = pair
    call = Call(monotonic() + 0.3, connect_seconds=1)
    with current_call(call):
        ours.sendall(b"x")
    received = 0
    with pytest.raises(TimeoutError):
        for _ in range(40):
            theirs.sendall(b"y")
            received += ours.recv_into(bytearray(1))
            sleep(0.05)
    assert received < 10


def test_another_thread_may_end_a_call_that_waits(pair):
    ours, theirs = pair
    call = Call(monotonic() + 60, connect_seconds=1)
    with current_call(call):
        ours.sendall(b"x")
    threading.Timer(0.05, call.end).start()
    assert ours.recv_into(bytearray(1)) == 0


@pytest.fixture
def pair():
    """Two connected sockets: ours, which keeps deadlines, and the other side's."""
    ours, theirs = socket.socketpair()
    ours = DeadlineSocket(fileno=ours.detach())
    with ours, theirs:
        yield ours, theirs
