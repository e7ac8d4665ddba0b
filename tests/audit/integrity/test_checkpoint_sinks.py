"""Sending checkpoints to sinks: never inside a request, within one deadline, and never lost."""

from datetime import timedelta
from time import monotonic

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from pingadmin.audit.chain import checkpoint_file as file_of_checkpoints
from pingadmin.audit.integrity import checkpoints, sinks
from pingadmin.audit.models import AuditEvent, KeptCheckpoint
from pingadmin.collector.maintenance import Checkpointer
from pingadmin.http import post
from tests.audit.factories import record_event
from tests.support.html import parse
from tests.support.raw_server import drips, hangs, http, says

pytestmark = pytest.mark.django_db

TAKEN = http(200, b"ok", kind="text/plain")
MAIL = "mail:audit@example.org"


@pytest.fixture(autouse=True)
def an_event(db):
    """A log without an event is never signed."""
    record_event()


@pytest.fixture
def sink(settings, raw_server):
    """sink(*script) -> a running server that is the only sink."""

    def start(*script):
        server = raw_server(*(script or [says(204, b"", kind="")]))
        server.url = f"{server.address}/checkpoint"
        settings.CHECKPOINT_SINKS = [server.url]
        return server

    return start


def sink_notes(client) -> str:
    page = parse(client.get("/audit/integrity/"))
    return page.text("[aria-labelledby=checkpoints]")


# --- Never inside a request ---------------------------------------------------------------------


def test_a_dripping_sink_does_not_delay_the_first_byte_of_an_export(sink, as_auditor, monkeypatch):
    monkeypatch.setattr(post, "DEADLINE_SECONDS", 20)
    server = sink(drips(TAKEN, every=1))
    record_event()
    started = monotonic()
    first = next(iter(as_auditor.get("/audit/export.jsonl").streaming_content))
    assert monotonic() - started < 10
    assert first.startswith(b"{")
    assert server.requests == []
    assert "Not sent yet" in sink_notes(as_auditor)


def test_a_checkpoint_waits_for_the_collector_which_sends_it(sink):
    server = sink()
    record_event()
    line = checkpoints.make().line
    assert server.requests == []
    Checkpointer().step()
    assert [request.body for request in server.requests] == [line.encode()]
    log_id = AuditEvent.objects.get(seq=1).row_hash[:16]
    assert server.requests[0].headers["x-pingadmin-log"] == log_id
    Checkpointer().step()
    assert len(server.requests) == 1


def test_the_command_sends_what_it_made(sink, capsys):
    server = sink()
    record_event()
    call_command("audit_checkpoint")
    assert server.requests[0].body.decode() == capsys.readouterr().out.strip()


def test_the_command_says_what_could_not_be_sent(sink, capsys):
    server = sink(says(503, b""))
    record_event()
    call_command("audit_checkpoint")
    assert f"Not sent to {server.url}" in capsys.readouterr().err


def test_without_sinks_nothing_waits(as_auditor):
    checkpoints.make()
    assert sinks.send_next() is False
    assert "sent" not in sink_notes(as_auditor).lower()


# --- Within one deadline ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "behaviour",
    [hangs, drips(TAKEN, every=0.05), drips(TAKEN, first=len(TAKEN) - 2, every=0.25)],
    ids=["silence", "dripped headers", "dripped body"],
)
def test_a_sink_is_given_up_at_the_deadline(sink, seconds_for_answer, behaviour):
    seconds_for_answer(0.3)
    server = sink(behaviour)
    checkpoints.make()
    assert sinks.send_next() is True
    kept = KeptCheckpoint.objects.get()
    assert kept.failed_sinks == f"{server.url}: did not answer in time"
    assert kept.unsent_sinks == [server.url]


def test_a_redirect_is_not_followed(sink, raw_server):
    elsewhere = raw_server(says(200, {}))
    server = sink(says(307, b"", f"Location: {elsewhere.address}/"))
    checkpoints.make()
    sinks.send_next()
    assert (len(server.requests), elsewhere.connections) == (1, 0)
    assert "redirect" in KeptCheckpoint.objects.get().failed_sinks


def test_a_proxy_of_the_environment_is_ignored(sink, raw_server, monkeypatch):
    proxy, server = raw_server(says(200, {})), sink()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.address)
    monkeypatch.delenv("no_proxy", raising=False)
    checkpoints.make()
    sinks.send_next()
    assert (len(server.requests), proxy.connections) == (1, 0)


# --- Never lost ---------------------------------------------------------------------------------


def test_only_the_sink_that_failed_is_tried_again(sink, settings, as_auditor):
    server = sink(says(503, b""), says(204, b"", kind=""))
    settings.CHECKPOINT_SINKS = [server.url, MAIL]
    checkpoints.make()
    assert sinks.send_next() is True
    assert sinks.send_next() is False, "it rests before the next try"
    assert f"Not sent to {server.url}: reported an internal error." in sink_notes(as_auditor)
    with time_machine.travel(timezone.now() + timedelta(seconds=16), tick=False):
        assert sinks.send_next() is True
    kept = KeptCheckpoint.objects.get()
    assert (kept.unsent_sinks, kept.failed_sinks, kept.next_try_at) == ([], "", None)
    assert (len(server.requests), len(mail.outbox)) == (2, 1)


def test_a_sink_that_never_takes_it_is_given_up_and_said_so(sink, as_auditor):
    server = sink(says(503, b""))
    checkpoints.make()
    with time_machine.travel(timezone.now(), tick=False) as now:
        for _ in range(20):
            sinks.send_next()
            now.shift(timedelta(hours=3))
    assert len(server.requests) == len(sinks.RETRY_DELAYS) + 1
    kept = KeptCheckpoint.objects.get()
    assert (kept.unsent_sinks, kept.next_try_at) == ([server.url], None)
    assert "Given up after 6 tries" in sink_notes(as_auditor)


def test_what_a_killed_sender_left_is_sent_later(sink, monkeypatch):
    server = sink()
    line = checkpoints.make().line

    def killed(*args, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sinks, "post_json", killed)
        sinks.send_next()
    assert sinks.send_next() is False, "another process may be sending it"
    with time_machine.travel(timezone.now() + sinks.LEASE, tick=False):
        assert sinks.send_next() is True
    assert [request.body for request in server.requests] == [line.encode()]


@pytest.mark.parametrize("make", [checkpoints.make, checkpoints.make_if_due])
def test_a_line_that_a_killed_process_left_in_the_file_alone_is_sent(sink, monkeypatch, make):
    server = sink()
    record_event()

    def killed(**fields):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(KeptCheckpoint.objects, "create", killed)
        checkpoints.make()
    [line] = file_of_checkpoints.read_lines(django_settings.CHECKPOINT_FILE)
    assert not KeptCheckpoint.objects.exists()

    make()
    sinks.send_all_due()

    assert line.encode() in [request.body for request in server.requests]
    assert KeptCheckpoint.objects.filter(line=line).count() == 1
    assert checkpoints.load_all().faults == []


def test_older_checkpoints_that_were_not_sent_are_counted(sink, as_auditor):
    sink(says(503, b""))
    for _ in range(7):
        record_event()
        checkpoints.make()
    sinks.send_all_due()
    assert "7 checkpoints are still to be sent" in sink_notes(as_auditor)


def test_a_checkpoint_of_the_release_before_waits_for_nothing(db):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_keptcheckpoint (line, failed_sinks) VALUES ('{}', 'x: HTTPError')"
        )
    kept = KeptCheckpoint.objects.get()
    assert (kept.unsent_sinks, kept.tries, kept.next_try_at) == ([], 0, None)
