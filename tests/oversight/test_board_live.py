"""What an open board hears of: every change within a poll, nothing where nothing changed, and no row that moves."""

import html
import re
import uuid
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pingadmin.oversight.board import cursor, live
from pingadmin.oversight.models import Presence, TeamState
from pingadmin.remote_sessions.history.coverage import end_watching, extend_watching
from pingadmin.resumes import attempts
from pingadmin.resumes.actions import Action
from pingadmin.resumes.form_token import FormToken
from pingadmin.upstream.records import ActionOutcome
from tests.oversight.board_cast import ago, attempt, known, paused, touched, unknown
from tests.oversight.conftest import acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


class Open:
    """A board that somebody has open: `poll()` asks as the page does, and stands where the answer says."""

    def __init__(self, client, **asked):
        self.client = client
        page = client.get("/sessions/", asked).text
        self.shown = re.search(r'name="shown" value="([^"]*)"', page)[1]
        self._stand(page)

    def poll(self):
        answer = self.client.get(
            f"{self.address}&shown={self.shown}", headers={"HX-Request": "true", "X-Poll": "1"}
        )
        if answer.status_code == 200:
            self._stand(answer.text)
        return answer

    def _stand(self, text):
        self.address = html.unescape(re.search(r'hx-get="(/sessions/rows/[^"]*)"', text)[1])
        self.seconds = int(re.search(r'hx-trigger="every (\d+)s"', text)[1])


def rows(answer):
    template = re.search(r"<template>(.*?)</template>", answer.text, re.S)
    return re.findall(r'<a href="[a-z]+/([^"/]+)/">', template[1]) if template else []


def told(answer):
    _, is_told, news = answer.text.partition('innerHTML:#news">')
    return " ".join(re.sub(r"<[^>]+>", "", news).split()) if is_told else None


def test_nothing_changed_is_304_without_a_body(as_viewer):
    known(watched=True)
    board = Open(as_viewer)
    for _ in range(2):
        answer = board.poll()
        assert (answer.status_code, answer.content) == (304, b"")


def test_a_poll_that_finds_nothing_costs_four_small_queries(as_viewer):
    known(watched=True)
    board = Open(as_viewer)
    with CaptureQueriesContext(connection) as captured:
        assert board.poll().status_code == 304
    assert len(captured) == 4, (
        "the sign-in, the person, the permission, and all that may have changed"
    )


def test_whoever_loses_the_role_loses_the_board_at_the_next_poll(as_viewer, viewer):
    board = Open(as_viewer)
    viewer.groups.clear()
    assert board.poll().status_code == 403


@pytest.mark.parametrize(
    "permission", ["remote_sessions.look_up", "resumes.resume", "oversight.look_up"]
)
def test_the_quick_answer_to_who_may_is_the_slow_one(viewer, support, support2, permission):
    support2.groups.clear()
    support2.user_permissions.add(Permission.objects.get(codename="look_up"))
    boss = get_user_model()(pk=0, is_superuser=True)
    for person in (viewer, support, get_user_model().objects.get(pk=support2.pk), boss):
        assert live.may(person, permission) == person.has_perm(permission)


def test_a_304_says_when_anything_was_heard_at_last(as_viewer):
    extend_watching("ping", ago(4))
    assert Open(as_viewer).poll()["X-Heard"] == "4"


def test_only_the_rows_that_changed_are_sent_and_once(as_viewer):
    sessions = [known(f"ses_{number}", watched=True) for number in range(20)]
    board = Open(as_viewer)
    for session in sessions[:10]:
        touched(session, state="disconnected")
    answer = board.poll()
    assert sorted(rows(answer)) == [f"ses_{number}" for number in range(10)]
    assert "Disconnected" in answer.text and told(answer) is None
    assert board.poll().status_code == 304


def test_a_change_is_heard_of_that_was_dated_before_the_page_and_committed_after(as_viewer):
    session = known("ses_a", watched=True)
    board = Open(as_viewer)
    touched(session, changed_at=ago(3), state="disconnected")
    assert rows(board.poll()) == ["ses_a"]


def test_changes_elsewhere_send_no_row(as_viewer):
    known("ses_a", watched=True)
    other = known("ses_b")
    board = Open(as_viewer)
    touched(other)
    answer = board.poll()
    assert rows(answer) == [] and told(answer) is None and board.poll().status_code == 304


def test_what_belongs_elsewhere_or_is_new_is_announced_and_the_row_stays(as_viewer):
    sessions = [known(f"ses_{number}", watched=True) for number in range(3)]
    board = Open(as_viewer)
    for session in sessions[:2]:
        touched(
            session,
            paused_reported=True,
            paused_reported_at=timezone.now(),
            paused_reported_source="list",
        )
    paused("ses_new", changed_at=timezone.now())
    answer = board.poll()
    assert rows(answer) == ["ses_0", "ses_1"] and "<td>Paused" in answer.text
    assert told(answer) == "2 sessions changed place, 1 is new. Show"
    assert told(board.poll()) is None, "the same news is told once"


def test_what_left_the_view_is_announced_and_still_shown_as_it_is_now(as_viewer):
    session = paused("ses_a")
    board = Open(as_viewer)
    touched(session, paused_reported=False, paused_reported_at=timezone.now())
    answer = board.poll()
    assert rows(answer) == ["ses_a"] and "<td>Not paused" in answer.text
    assert told(answer) == "1 session changed place. Show"


def test_what_comes_back_takes_the_news_away(as_viewer):
    session = known("ses_a", watched=True)
    board = Open(as_viewer)
    TeamState.objects.update(watched_since=None)
    touched(session)
    assert told(board.poll()) == "1 session changed place. Show"
    TeamState.objects.update(watched_since=ago(1))
    touched(session)
    assert told(board.poll()) == ""


@pytest.mark.parametrize("page", [1, 2, 99])
def test_a_poll_of_all_known_stays_on_its_page(as_viewer, page):
    sessions = [known(f"ses_{number:03}") for number in range(150)]
    board = Open(as_viewer, view="all", sort="id", page=page)
    touched(sessions[-1 if page > 1 else 0])
    assert rows(board.poll()) == ["ses_149" if page > 1 else "ses_000"]
    known("ses_999" if page > 1 else "ses_0", changed_at=timezone.now())
    assert told(board.poll()).endswith(" is new. Show")


@pytest.mark.parametrize("sort", ["seen", "traffic"])
def test_an_order_that_always_moves_is_announced_without_numbers(as_viewer, sort):
    known("ses_a")
    board = Open(as_viewer, view="all", sort=sort)
    known("ses_b", changed_at=timezone.now())
    assert told(board.poll()) == "The order has changed. Show"


def test_a_state_that_turns_stale_by_time_alone_is_sent(as_viewer, settings):
    known("ses_a", watched=True, seen=settings.STALE_AFTER_SECONDS - 5)
    board = Open(as_viewer)
    assert board.poll().status_code == 304
    with time_machine.travel(timezone.now() + timedelta(seconds=7), tick=False):
        answer = board.poll()
        assert rows(answer) == ["ses_a"] and "Connected?" in answer.text
        assert told(answer) == "1 session changed place. Show"


def test_a_pause_that_was_said_too_long_ago_turns_unknown(as_viewer, settings):
    paused("ses_a", said=settings.PAUSED_STATEMENT_SECONDS - 5, seen=1)
    board = Open(as_viewer)
    with time_machine.travel(timezone.now() + timedelta(seconds=7), tick=False):
        answer = board.poll()
        assert rows(answer) == ["ses_a"] and "too long ago to rely on" in answer.text


def test_who_comes_and_who_goes_is_sent(as_viewer, support2):
    session = known("ses_a", watched=True)
    known("ses_b", watched=True)
    board = Open(as_viewer)
    now = timezone.now()
    Presence.objects.create(
        session=session, person=support2, since=now, lease_until=now + timedelta(seconds=30)
    )
    answer = board.poll()
    assert rows(answer) == ["ses_a"] and "support2 is looking" in answer.text
    assert board.poll().status_code == 304
    with time_machine.travel(now + timedelta(seconds=31), tick=False):
        answer = board.poll()
        assert rows(answer) == ["ses_a"] and "support2 is looking" not in answer.text


def test_a_collector_that_stops_is_told_at_once(as_viewer):
    extend_watching("ping", timezone.now())
    board = Open(as_viewer)
    end_watching("ping", timezone.now(), "the collector was stopped")
    answer = board.poll()
    assert (
        '<a href="/collector/">Not live</a>: nothing heard since <time' in answer.text
        and "X-Heard" not in answer
    )
    assert "Live, heard" not in as_viewer.get("/sessions/").text


def test_what_is_watched_in_times_to_come_is_not_live(as_viewer):
    """A clock that was set back, and no collector since: nobody watches now."""
    extend_watching("ping", ago(-60))
    page = as_viewer.get("/sessions/").text
    assert "Not live" in page and "Not watching Ping since" in page
    since = re.search(r'Not watching Ping since <time datetime="([^"]+)"', page)[1]
    assert datetime.fromisoformat(since) <= timezone.now()
    with time_machine.travel(timezone.now() + timedelta(seconds=58), tick=False):
        assert "Live, heard" in as_viewer.get("/sessions/").text, (
            "a clock that is a little ahead is believed"
        )


def test_a_gap_that_opens_is_told(as_viewer):
    extend_watching("ping", timezone.now())
    board = Open(as_viewer)
    assert board.poll().status_code == 304
    with time_machine.travel(timezone.now() + timedelta(seconds=40), tick=False):
        answer = board.poll()
        assert "Not watching Ping since" in answer.text and "Not live" in answer.text


def test_a_press_that_begins_that_ends_and_that_is_settled_is_heard_of_each_time_and_once(
    as_viewer, support
):
    known("ses_a", watched=True)
    board, by = Open(as_viewer), acting(support)
    press = {
        "alias": "ping",
        "session_id": "ses_a",
        "reason": "x",
        "ticket": "",
        "form_token": FormToken(uuid.uuid4(), None),
    }
    pressed, _ = attempts.open_attempt(action=Action.RESUME, by=by, **press)
    assert "support is resuming it" in board.poll().text
    assert board.poll().status_code == 304
    pressed = attempts.close_attempt(
        pressed, ActionOutcome("unknown", timezone.now(), 9, failure="timed_out"), by=by
    )
    assert "resume sent " in board.poll().text
    assert board.poll().status_code == 304
    attempts.close_unknown(pressed, note="asked the customer", by=by)
    answer = board.poll()
    assert rows(answer) == ["ses_a"] and "resume sent " not in answer.text
    assert board.poll().status_code == 304


def test_a_press_that_was_refused_is_over_at_the_next_poll(as_viewer, support):
    known("ses_a", watched=True)
    by, form_token = acting(support), FormToken(uuid.uuid4(), None)
    pressed, _ = attempts.open_attempt(
        action=Action.RESUME,
        alias="ping",
        session_id="ses_a",
        reason="x",
        ticket="",
        form_token=form_token,
        by=by,
    )
    board = Open(as_viewer)
    attempts.close_attempt(
        pressed, ActionOutcome("rejected", timezone.now(), 9, failure="refused", status=409), by=by
    )
    answer = board.poll()
    assert rows(answer) == ["ses_a"] and "is resuming it" not in answer.text


def test_while_an_outcome_is_unknown_the_page_asks_more_often(as_viewer):
    session = known(watched=True)
    assert Open(as_viewer).seconds == 5
    pressed = attempt(session)
    assert Open(as_viewer).seconds == 2
    pressed.delete()
    board = Open(as_viewer)
    unknown()
    touched(session)
    assert board.poll().status_code == 200


def test_a_poll_with_very_many_changes_elsewhere_still_hears_of_its_own(as_viewer):
    session = known("ses_a", watched=True)
    others = [known() for _ in range(live.MANY + 1)]
    board = Open(as_viewer)
    for other in others:
        touched(other)
    assert rows(board.poll()) == []
    touched(session)
    assert rows(board.poll()) == ["ses_a"]


@pytest.mark.parametrize(
    ("since", "shown", "status"),
    [
        ("", "", 400),
        ("nonsense", "", 400),
        ("1.2.3.4", "", 400),
        ("999999999999999.999999999999999.1.0-0-0", "", 400),
        ("1700000000000.1700000000000.1.0-0-0", "zz", 400),
        ("1700000000000.1700000000000.1.0-0-0", "a" + "z" * 13, 400),
        ("1700000000000.1700000000000.1.0-0-0", "azzzzzzzzzzzz.zzzzzzzzzzzz", 400),
        ("1700000000000.1700000000000.1.0-0-0", "a" + ".".join(["1"] * 1001), 400),
        ("1700000000000.1700000000000.1.0-0-0", "a1.1_b5", 200),
    ],
)
def test_a_poll_that_no_page_sends_is_refused(as_viewer, since, shown, status):
    known()
    assert as_viewer.get("/sessions/rows/", {"since": since, "shown": shown}).status_code == status


def test_the_list_of_what_is_shown_reads_back_as_it_was(as_viewer):
    for number in range(40):
        known(watched=number % 3 == 0)
        paused() if number % 5 == 0 else None
    board = Open(as_viewer)
    shown = cursor.read_shown(board.shown, most=1000)
    assert sorted(set(shown.values())) == ["paused", "watched"] and len(shown) == 14 + 8
    assert len(Open(as_viewer, size=1000).shown) < 120


def test_a_poll_of_somebody_signed_out_leads_to_the_sign_in(as_viewer):
    board = Open(as_viewer)
    as_viewer.logout()
    answer = board.poll()
    assert answer.status_code == 204 and answer["HX-Redirect"].startswith("/accounts/login/")


def test_a_poll_does_not_keep_a_sign_in_alive(as_viewer, settings):
    board = Open(as_viewer)
    with time_machine.travel(
        timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS - 60), tick=False
    ):
        assert board.poll().status_code in (200, 304)
    with time_machine.travel(
        timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS + 60), tick=False
    ):
        assert board.poll().status_code == 204
