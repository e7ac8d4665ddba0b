"""What the agent asks: quoted, labelled, with its age, for whoever opens it, and stored nowhere."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.remote_sessions.models import AgentTask, RemoteSession
from tests.factories import RemoteSessionFactory
from tests.support.html import Element, parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

HTMX = {"HX-Request": "true"}
POLL = HTMX | {"X-Poll": "1"}
MESSAGES = "GET */messages"
QUESTION = "Approve 249 EUR?"


@pytest.fixture
def session(simulator) -> RemoteSession:
    """A session whose agent has thought, and asks now."""
    thought = {"type": "THOUGHT", "content": "It costs 249 EUR"}
    session_id = simulator.session("agi", messages=[thought], question=QUESTION)
    return RemoteSessionFactory(alias="agi", session_id=session_id, state="running")


def address(session: RemoteSession) -> str:
    return f"/sessions/{session.alias}/{session.session_id}/conversation/"


def read(client, session: RemoteSession) -> Element:
    """The fragment that the page loads."""
    return parse(client.get(address(session), headers=HTMX))


def poll(client, session: RemoteSession, have: str):
    return client.get(f"{address(session)}?have={have}", headers=POLL)


def version_of(part: Element) -> str:
    return part.one("#conversation-poll")["hx-get"].partition("?have=")[2]


def make_pollable(session: RemoteSession) -> None:
    """Let the last poll be long enough ago for another one to ask the system."""
    AgentTask.objects.filter(session=session).update(
        polled_at=timezone.now() - timedelta(seconds=60)
    )


def test_the_page_loads_it_later_and_links_to_it_without_javascript(as_viewer, session):
    panel = parse(as_viewer.get(session.get_absolute_url())).one("#conversation")
    body = panel.one("#conversation-body")
    assert (body["hx-get"], body["hx-trigger"]) == (address(session), "load")
    whole = parse(as_viewer.get(body.one("a")["href"]))
    assert whole.text("#question blockquote") == QUESTION
    assert whole.one(f'.page-head a[href="{session.get_absolute_url()}"]')


def test_a_page_that_looks_again_by_itself_reads_once_afterwards(as_support, session):
    old = timezone.now() - timedelta(minutes=5)
    RemoteSession.objects.filter(pk=session.pk).update(last_seen_at=old)
    page = parse(as_support.get(session.get_absolute_url()))
    assert "hx-get" not in page.one("#conversation-body")
    part = parse(as_support.post(session.get_absolute_url() + "refresh/", headers=HTMX))
    assert part.one("#conversation-body")["hx-trigger"] == "load"


def test_it_quotes_the_question_and_the_last_steps_with_kind_and_time(as_viewer, session):
    part = read(as_viewer, session)
    assert part.text("#question .tag") == "Waiting for input"
    assert "Its task, 0 s ago, by reading its messages" in part.text("#question")
    assert part.text("#question h3") == "The agent asks (its words, not checked)"
    assert part.texts("blockquote") == [QUESTION, QUESTION, "It costs 249 EUR"]
    kinds = [text.partition(",")[0] for text in part.texts("#steps li p")]
    assert kinds == ["Question", "Thought"]
    # The answer's form stands elsewhere on the page, so that no update touches what is typed.
    question = part.one("#question input[name=question]")
    assert question["form"] == "answer-form" and question["value"] == "2"
    assert not part.has("#answer")


def test_only_the_last_ten_steps_are_shown_and_it_says_so(as_viewer, session, simulator):
    simulator.message(session.session_id, "LOG", "clicked", count=15)
    part = read(as_viewer, session)
    assert len(part.css("#steps li")) == 10
    assert "Earlier steps aren’t shown: 7." in part.text("#steps")


def test_nothing_that_was_said_is_stored(as_viewer, session):
    read(as_viewer, session)
    for model in apps.get_models():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            assert "249 EUR" not in repr(cursor.fetchall()), model
    task = AgentTask.objects.get()
    assert (task.execution_state, task.newest_id, task.question_id) == ("waiting_for_input", 2, 2)
    assert task.waiting_since == task.answered_at


def test_hostile_text_is_shown_as_text(as_viewer, simulator, session):
    hostile = "<img src=x onerror=alert(1)>\n<script>alert(1)</script>\u202e{{ 7 }}"
    simulator.message(session.session_id, "QUESTION", hostile)
    simulator.message(session.session_id, "<b>NEW</b>", {"html": "<i>x</i>"})
    html = as_viewer.get(address(session), headers=HTMX).text
    part = parse(as_viewer.get(address(session), headers=HTMX))
    assert not part.has("img, script, b, i")
    assert "&lt;img src=x onerror=alert(1)&gt;<br>&lt;script&gt;" in html
    assert "\\u202e{{ 7 }}" in part.text("#question blockquote")
    assert part.texts("#steps li p")[0].startswith("<b>NEW</b>,")
    assert all("hx-disable" in quote for quote in part.css("blockquote"))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "garbage"},
        {"kind": "huge", "bytes": 9_000_000},
        {"kind": "status", "status": 404},
    ],
)
def test_a_reading_that_fails_says_why_and_that_nothing_is_known(
    as_viewer, session, simulator, fault
):
    read(as_viewer, session)
    simulator.fault(match=MESSAGES, **fault)
    part = read(as_viewer, session)
    assert part.text("#question .tag") == "Waiting for input?"
    assert part.text(".notice h3").startswith("AGI ")
    assert "Whether the agent asks something now isn’t known." in part.text(".notice")
    assert not part.has("#steps blockquote")
    task = AgentTask.objects.get()
    assert task.failure == part.one(".notice")["data-failure"]
    # What was known stays, unless the system knows no such session.
    assert bool(task.waiting_since) == (task.failure != "not_found")


def test_a_conversation_of_5_mb_is_cut_and_says_so(as_viewer, session, simulator):
    simulator.message(session.session_id, "LOG", "x" * 9_900, count=500)
    simulator.message(session.session_id, "QUESTION", "Still there?")
    response = as_viewer.get(address(session), headers=HTMX)
    part = parse(response)
    assert part.text("#question blockquote") == "Still there?"
    assert "its oldest messages were left out" in part.text("#steps")
    assert len(response.content) < 200_000


def test_a_paused_session_says_that_it_must_be_resumed(as_viewer, session, simulator):
    report = {"paused_reported": True, "paused_reported_at": timezone.now()}
    RemoteSession.objects.filter(pk=session.pk).update(state="paused", **report)
    assert "doesn’t continue until somebody resumes it" in read(as_viewer, session).text()


def test_without_a_question_it_says_so(as_viewer, session, simulator):
    simulator.message(session.session_id, "DONE", "Booked")
    part = read(as_viewer, session)
    assert part.text("#question .tag") == "Finished"
    assert "No question waits for an answer." in part.text("#question")


def test_an_open_page_is_answered_by_our_own_database_while_nothing_changes(
    as_viewer, session, simulator
):
    version = version_of(read(as_viewer, session))
    assert simulator.call_count("/messages") == 1
    assert poll(as_viewer, session, version).status_code == 204
    assert simulator.call_count("/messages") == 1


def test_an_open_page_replaces_question_and_steps_once_something_changed(
    as_viewer, session, simulator
):
    version = version_of(read(as_viewer, session))
    simulator.message(session.session_id, "USER", "Yes")
    # As the collector finds it.
    AgentTask.objects.update(newest_id=3)
    part = parse(poll(as_viewer, session, version))
    assert [each["id"] for each in part.css("[hx-swap-oob]")] == ["question", "steps"]
    assert "No question waits" in part.text("#question")
    assert not part.has("#answer")
    assert poll(as_viewer, session, version_of(part)).status_code == 204


def test_without_a_collector_the_poll_reads_by_itself(as_viewer, session, simulator):
    version = version_of(read(as_viewer, session))
    simulator.message(session.session_id, "USER", "Yes")
    AgentTask.objects.update(answered_at=timezone.now() - timedelta(seconds=31))
    assert poll(as_viewer, session, version).status_code == 200


def test_polls_of_one_session_are_bounded_whatever_they_say(as_viewer, session, simulator):
    read(as_viewer, session)
    for _ in range(5):
        poll(as_viewer, session, "nonsense")
    assert simulator.call_count("/messages") == 2
    make_pollable(session)
    assert poll(as_viewer, session, "nonsense").status_code == 200


def test_opening_it_is_a_look_up_and_polling_is_none(as_viewer, session, settings):
    settings.LOOKUP_LIMITS = [(1, 60)]
    version = version_of(read(as_viewer, session))
    assert poll(as_viewer, session, version).status_code == 204
    AgentTask.objects.update(newest_id=99)
    assert poll(as_viewer, session, version).status_code == 200
    assert as_viewer.get(address(session), headers=HTMX).status_code == 429


def test_ping_sessions_have_no_such_panel(as_viewer, simulator):
    session = RemoteSessionFactory(session_id=cast.PING_CONNECTED)
    assert not parse(as_viewer.get(session.get_absolute_url())).has("#conversation")
    assert as_viewer.get(address(session)).status_code == 404


def test_a_session_that_nobody_has_met_is_not_read(as_viewer, simulator):
    assert as_viewer.get(f"/sessions/agi/{cast.AGI_UNKNOWN}/conversation/").status_code == 404
    assert simulator.call_count() == 0


def test_a_growing_message_is_read_again(as_viewer, session, simulator):
    simulator.message(session.session_id, "THOUGHT", "I am wri", growing=True)
    part = read(as_viewer, session)
    assert version_of(part) == "" and "still being written" in part.text("#steps")
