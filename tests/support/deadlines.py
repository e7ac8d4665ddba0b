"""Deadlines that a busy machine doesn't reach before a test has come to what it is about."""

from time import monotonic

import pytest

from pingadmin.http.deadline import DeadlineSocket, get_current_call


@pytest.fixture
def seconds_for_answer(when_sending):
    """seconds_for_answer(0.3): a call ends so long after its request went out.

    However long it took to get there: the settings' own deadlines, which count from the beginning,
    would sometimes pass before anything was sent.
    """

    def limit(seconds: float) -> None:
        def shorten(call):
            call.deadline = min(call.deadline, monotonic() + seconds)

        when_sending(shorten)

    return limit


@pytest.fixture
def deadlines(when_sending):
    """The deadline of each call at the moment when it was sent, as a monotonic() moment."""
    seen = []
    when_sending(lambda call: seen.append(call.deadline))
    return seen


@pytest.fixture
def when_sending(monkeypatch):
    """when_sending(do): do(call) happens each time that a call begins to send."""

    def watch(do) -> None:
        begin_sending = DeadlineSocket._begin_sending

        def begin_and_do(sock):
            begin_sending(sock)
            do(get_current_call())

        monkeypatch.setattr(DeadlineSocket, "_begin_sending", begin_and_do)

    return watch
