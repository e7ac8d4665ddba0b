"""An open board: it receives every change within a poll, and no row moves."""

import uuid
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pingadmin.oversight.board import live
from pingadmin.oversight.board.cursor import decode_shown
from pingadmin.oversight.models import TeamState
from pingadmin.remote_sessions.history.coverage import end_watching, extend_watching
from pingadmin.resumes import attempts
from pingadmin.resumes.actions import Action
from pingadmin.resumes.form_token import FormToken
from pingadmin.upstream.records import ActionOutcome
from tests.factories import PresenceFactory, from_now
from tests.oversight.board_sessions import (
    ago,
    change,
    make_attempt,
    make_paused,
    make_session,
    make_unresolved,
)
from tests.oversight.conftest import acting
from tests.support.html import Element, parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


class OpenBoard:
    """A board that somebody has open: `poll()` asks as the page does, and remembers the answer."""

    def __init__(self, client, **query):
        self.client = client
        page = parse(client.get("/sessions/", query))
        self.shown = page.one("#shown")["value"]
        self._remember(page)

    def poll(self):
        headers = {"HX-Request": "true", "X-Poll": "1"}
        response = self.client.get(f"{self.address}&shown={self.shown}", headers=headers)
        if response.status_code == 200:
            self._remember(parse(response))
        return response

    def _remember(self, page: Element) -> None:
        live = page.one("#live")
        self.address = live["hx-get"]
        self.seconds = int(live["hx-trigger"].removeprefix("every ").removesuffix("s"))


def updated_rows(response) -> list[str]:
    """The ids of the sessions whose rows a poll brings."""
    return parse(response).texts("#live template label > a")


def announced(response) -> str | None:
    """What a poll announces about the order; None where it leaves the announcement as it is."""
    if response.status_code == 304:
        return None
    changes = parse(response).css("[hx-swap-oob='innerHTML:#changes']")
    return changes[0].text() if changes else None


def test_nothing_changed_is_304_without_a_body(as_viewer):
    make_session(watched=True)
    board = OpenBoard(as_viewer)
    for _ in range(2):
        response = board.poll()
        assert (response.status_code, response.content) == (304, b"")


def test_a_poll_that_finds_nothing_costs_four_small_queries(as_viewer):
    make_session(watched=True)
    board = OpenBoard(as_viewer)
    with CaptureQueriesContext(connection) as captured:
        assert board.poll().status_code == 304
    assert len(captured) == 4, (
        "the sign-in, the person, the permission, and everything that may have changed"
    )


def test_a_person_who_loses_the_role_loses_the_board_at_the_next_poll(as_viewer, viewer):
    board = OpenBoard(as_viewer)
    viewer.groups.clear()
    assert board.poll().status_code == 403


@pytest.mark.parametrize(
    "permission", ["remote_sessions.look_up", "resumes.resume", "oversight.look_up"]
)
def test_the_quick_permission_check_agrees_with_djangos(viewer, support, support2, permission):
    support2.groups.clear()
    support2.user_permissions.add(Permission.objects.get(codename="look_up"))
    boss = get_user_model()(pk=0, is_superuser=True)
    for person in (viewer, support, get_user_model().objects.get(pk=support2.pk), boss):
        assert live.has_permission(person, permission) == person.has_perm(permission)


def test_a_304_says_when_anything_was_last_received(as_viewer):
    extend_watching("ping", ago(4))
    assert OpenBoard(as_viewer).poll()["X-Received-Age"] == "4"


def test_only_the_rows_that_changed_are_sent_and_once(as_viewer):
    sessions = [make_session(f"ses_{number}", watched=True) for number in range(20)]
    board = OpenBoard(as_viewer)
    for session in sessions[:10]:
        change(session, state="disconnected")
    response = board.poll()
    assert sorted(updated_rows(response)) == [f"ses_{number}" for number in range(10)]
    assert "Disconnected" in response.text and announced(response) is None
    assert board.poll().status_code == 304


def test_a_change_dated_before_the_page_and_committed_after_it_is_received(as_viewer):
    session = make_session("ses_a", watched=True)
    board = OpenBoard(as_viewer)
    change(session, changed_at=ago(3), state="disconnected")
    assert updated_rows(board.poll()) == ["ses_a"]


def test_changes_elsewhere_send_no_row(as_viewer):
    make_session("ses_a", watched=True)
    other = make_session("ses_b")
    board = OpenBoard(as_viewer)
    change(other)
    response = board.poll()
    assert (
        updated_rows(response) == []
        and announced(response) is None
        and board.poll().status_code == 304
    )


def test_rows_that_belong_elsewhere_and_new_sessions_are_announced_and_no_row_moves(as_viewer):
    sessions = [make_session(f"ses_{number}", watched=True) for number in range(3)]
    board = OpenBoard(as_viewer)
    for session in sessions[:2]:
        change(
            session,
            paused_reported=True,
            paused_reported_at=timezone.now(),
            paused_reported_source="list",
        )
    make_paused("ses_new", changed_at=timezone.now())
    response = board.poll()
    assert (
        sorted(updated_rows(response)) == ["ses_0", "ses_1"]
        and "<td class=p>Paused" in response.text
    )
    assert announced(response) == "2 sessions changed place, 1 is new. Show"
    assert announced(board.poll()) is None, "the same change is announced once"


def test_what_left_the_view_is_announced_and_still_shown_as_it_is_now(as_viewer):
    session = make_paused("ses_a")
    board = OpenBoard(as_viewer)
    change(session, paused_reported=False, paused_reported_at=timezone.now())
    response = board.poll()
    assert updated_rows(response) == ["ses_a"] and "<td class=p>Not paused" in response.text
    assert announced(response) == "1 session changed place. Show"


def test_what_comes_back_withdraws_the_announcement(as_viewer):
    session = make_session("ses_a", watched=True)
    board = OpenBoard(as_viewer)
    TeamState.objects.update(watched_since=None)
    change(session)
    assert announced(board.poll()) == "1 session changed place. Show"
    TeamState.objects.update(watched_since=ago(1))
    change(session)
    assert announced(board.poll()) == ""


@pytest.mark.parametrize("page", [1, 2, 99])
def test_a_poll_of_all_known_stays_on_its_page(as_viewer, page):
    sessions = [make_session(f"ses_{number:03}") for number in range(150)]
    board = OpenBoard(as_viewer, view="all", sort="id", page=page)
    change(sessions[-1 if page > 1 else 0])
    assert updated_rows(board.poll()) == ["ses_149" if page > 1 else "ses_000"]
    make_session("ses_999" if page > 1 else "ses_0", changed_at=timezone.now())
    assert announced(board.poll()).endswith(" is new. Show")


@pytest.mark.parametrize("sort", ["seen", "traffic"])
def test_an_order_that_always_moves_is_announced_without_numbers(as_viewer, sort):
    make_session("ses_a")
    board = OpenBoard(as_viewer, view="all", sort=sort)
    make_session("ses_b", changed_at=timezone.now())
    assert announced(board.poll()) == "The order has changed. Show"


def test_a_state_that_turns_stale_by_time_alone_is_sent(as_viewer, settings):
    make_session("ses_a", watched=True, seen=settings.STALE_AFTER_SECONDS - 5)
    board = OpenBoard(as_viewer)
    assert board.poll().status_code == 304
    with time_machine.travel(timezone.now() + timedelta(seconds=7), tick=False):
        response = board.poll()
        assert updated_rows(response) == ["ses_a"] and "Connected?" in response.text
        assert announced(response) == "1 session changed place. Show"


def test_a_pause_that_was_said_too_long_ago_turns_unknown(as_viewer, settings):
    make_paused("ses_a", reported=settings.PAUSED_STATEMENT_SECONDS - 5, seen=1)
    board = OpenBoard(as_viewer)
    with time_machine.travel(timezone.now() + timedelta(seconds=7), tick=False):
        response = board.poll()
        assert updated_rows(response) == ["ses_a"] and "too long ago to rely on" in response.text


def test_a_viewer_who_comes_or_goes_is_sent(as_viewer, support2):
    session = make_session("ses_a", watched=True)
    make_session("ses_b", watched=True)
    board = OpenBoard(as_viewer)
    PresenceFactory(session=session, person=support2, lease_until=from_now(seconds=30))
    response = board.poll()
    assert updated_rows(response) == ["ses_a"] and "support2 is viewing this" in response.text
    assert board.poll().status_code == 304
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        response = board.poll()
        assert (
            updated_rows(response) == ["ses_a"] and "support2 is viewing this" not in response.text
        )


def test_a_collector_that_stops_is_reported_at_once(as_viewer):
    extend_watching("ping", timezone.now())
    board = OpenBoard(as_viewer)
    end_watching("ping", timezone.now(), "the collector was stopped")
    response = board.poll()
    live_line = parse(response).one("#live")
    assert "Not live: nothing received since" in live_line.text() and live_line.has("time")
    assert live_line.one("a")["href"] == "/collector/"
    assert "X-Received-Age" not in response
    assert "Live, received" not in as_viewer.get("/sessions/").text


def test_an_account_watched_in_the_future_is_not_live(as_viewer):
    """A clock that was set back, and no collector since: nothing watches it now."""
    extend_watching("ping", ago(-60))
    page = parse(as_viewer.get("/sessions/"))
    assert "Not live" in page.text("#live")
    assert "Ping hasn’t been watched since" in page.text("#coverage")
    since = page.attributes("#coverage time", "datetime")[0]
    assert datetime.fromisoformat(since) <= timezone.now()
    with time_machine.travel(timezone.now() + timedelta(seconds=58), tick=False):
        assert "Live, received" in as_viewer.get("/sessions/").text, (
            "a clock that is a little ahead is believed"
        )


def test_a_gap_that_opens_is_reported(as_viewer):
    extend_watching("ping", timezone.now())
    board = OpenBoard(as_viewer)
    assert board.poll().status_code == 304
    with time_machine.travel(timezone.now() + timedelta(seconds=40), tick=False):
        response = board.poll()
        assert "Ping hasn’t been watched since" in response.text and "Not live" in response.text


def test_an_attempt_is_sent_once_when_it_starts_when_it_ends_and_when_it_is_resolved(
    as_viewer, support
):
    make_session("ses_a", watched=True)
    board, by = OpenBoard(as_viewer), acting(support)
    request = attempts.AttemptRequest(
        "ping", "ses_a", "x", "", form_token=FormToken(uuid.uuid4(), None), by=by
    )
    attempt, _ = attempts.open_attempt(Action.RESUME, request)
    assert "support is resuming this session" in board.poll().text
    assert board.poll().status_code == 304
    attempt = attempts.close_attempt(
        attempt, ActionOutcome("unknown", timezone.now(), 9, failure="timed_out"), by=by
    )
    assert "resume sent " in board.poll().text
    assert board.poll().status_code == 304
    attempts.resolve_unknown(attempt, note="asked the customer", by=by)
    response = board.poll()
    assert updated_rows(response) == ["ses_a"] and "resume sent " not in response.text
    assert board.poll().status_code == 304


def test_a_rejected_attempt_is_over_at_the_next_poll(as_viewer, support):
    make_session("ses_a", watched=True)
    by, form_token = acting(support), FormToken(uuid.uuid4(), None)
    request = attempts.AttemptRequest("ping", "ses_a", "x", "", form_token=form_token, by=by)
    attempt, _ = attempts.open_attempt(Action.RESUME, request)
    board = OpenBoard(as_viewer)
    attempts.close_attempt(
        attempt, ActionOutcome("rejected", timezone.now(), 9, failure="refused", status=409), by=by
    )
    response = board.poll()
    assert updated_rows(response) == ["ses_a"] and "is resuming this session" not in response.text


def test_while_an_outcome_is_unknown_the_page_polls_more_often(as_viewer):
    session = make_session(watched=True)
    assert OpenBoard(as_viewer).seconds == 5
    attempt = make_attempt(session)
    assert OpenBoard(as_viewer).seconds == 2
    attempt.delete()
    board = OpenBoard(as_viewer)
    make_unresolved()
    change(session)
    assert board.poll().status_code == 200


def test_a_poll_with_very_many_changes_elsewhere_still_receives_its_own(as_viewer):
    session = make_session("ses_a", watched=True)
    others = [make_session() for _ in range(live.MAX_CHANGES + 1)]
    board = OpenBoard(as_viewer)
    for other in others:
        change(other)
    assert updated_rows(board.poll()) == []
    change(session)
    assert updated_rows(board.poll()) == ["ses_a"]


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
    make_session()
    assert as_viewer.get("/sessions/rows/", {"since": since, "shown": shown}).status_code == status


def test_the_list_of_shown_sessions_decodes_to_what_was_encoded(as_viewer):
    for number in range(40):
        make_session(watched=number % 3 == 0)
        make_paused() if number % 5 == 0 else None
    board = OpenBoard(as_viewer)
    shown = decode_shown(board.shown, max_sessions=1000)
    assert sorted(set(shown.values())) == ["paused", "watched"] and len(shown) == 14 + 8
    assert len(OpenBoard(as_viewer, size=1000).shown) < 120


def test_a_poll_after_signing_out_leads_to_the_sign_in_page(as_viewer):
    board = OpenBoard(as_viewer)
    as_viewer.logout()
    response = board.poll()
    assert response.status_code == 204 and response["HX-Redirect"].startswith("/accounts/login/")


def test_a_poll_does_not_keep_a_sign_in_alive(as_viewer, settings):
    board = OpenBoard(as_viewer)
    with time_machine.travel(
        timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS - 60), tick=False
    ):
        assert board.poll().status_code in (200, 304)
    with time_machine.travel(
        timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS + 60), tick=False
    ):
        assert board.poll().status_code == 204
