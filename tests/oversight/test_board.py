"""The board: what belongs on it, in which group, what it says of each session, and what may be asked of it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.oversight.board.listing import asked_about
from pingadmin.oversight.models import Presence, TeamState
from pingadmin.remote_sessions.history.coverage import extend_watching
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, WatchSpan
from tests.oversight.board_cast import ago, attempt, failing, known, paused, unknown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

GROUPS = {
    "Outcome unknown: look before anyone presses again": "ses_a",
    "Paused": "ses_b",
    "Failing look-ups": "ses_c",
    "Stale: not heard of for a while": "ses_d",
    "Watched": "ses_e",
}


def board(client, **asked):
    answer = client.get("/sessions/", asked)
    assert answer.status_code == 200
    return answer.text


def ids(page):
    return re.findall(r'<a href="[a-z-]+/([^"/]+)/">', page)


def row(page, session_id):
    """The text of that session's row, a bar between its cells."""
    html = next(each for each in re.split("<tr", page) if f"/{session_id}/" in each)
    return re.sub(
        r"<[^>]+>", "", html.split("</tbody>")[0].split(">", 1)[1].replace("<td", "|<td")
    ).strip()


def counts(page):
    return {
        label: int(number) for label, number in re.findall(r">([A-Za-z ]+) <b>(\d+)</b></a>", page)
    }


@pytest.fixture
def troubled(db):
    """One session in each group, none of which would be on the board twice, and one that nobody watches."""
    return [
        known("ses_e", watched=True),
        known("ses_d", watched=True, seen=500),
        failing("ses_c"),
        paused("ses_b"),
        unknown("ses_a"),
        known("ses_f"),
    ]


def test_trouble_comes_first_and_every_group_has_its_name(as_viewer, troubled):
    page = board(as_viewer)
    assert ids(page) == ["ses_a", "ses_b", "ses_c", "ses_d", "ses_e"]
    assert re.findall(r"scope=\"rowgroup\">([^<]+)<", page) == list(GROUPS)


def test_an_empty_group_is_not_shown(as_viewer):
    known(watched=True)
    assert "Failing look-ups" not in board(as_viewer)


@pytest.mark.parametrize(
    ("view", "found"),
    [("look", "abcd"), ("watched", "de"), ("paused", "b"), ("all", "abcdef"), ("", "abcde")],
)
def test_each_view_holds_what_it_says_and_its_chip_counts_exactly_that(
    as_viewer, troubled, view, found
):
    page = board(as_viewer, view=view)
    assert sorted(ids(page)) == [f"ses_{letter}" for letter in found]
    assert counts(page) == {
        "Board": 5,
        "Needs a look": 4,
        "Watched": 2,
        "Paused": 1,
        "All known": 6,
    }


@pytest.mark.parametrize(
    ("said", "doubted", "failed"),
    [(1000, (), ()), (3, ["paused_doubted_at"], ()), (3, (), ["failed_at", "failing_since"])],
    ids=["too long ago", "a resume was sent since", "asking failed since"],
)
def test_paused_is_judged_as_on_the_sessions_page(as_viewer, said, doubted, failed):
    failure = {"failure": "timed_out"} if failed else {}
    paused(
        "ses_b", watched=True, said=said, **dict.fromkeys([*doubted, *failed], ago(1)), **failure
    )
    page = board(as_viewer)
    assert counts(page)["Paused"] == 0 and "Unknown said paused" in row(page, "ses_b").replace(
        "Unknown", "Unknown "
    )
    assert 'data-paused="unknown"' in as_viewer.get("/sessions/ping/ses_b/").text


def test_a_failure_that_nobody_watches_is_told_for_an_hour_only(as_viewer):
    failing("ses_a", failed=3700)
    failing("ses_b", failed=3500)
    failing("ses_c", failed=3700, watched=True)
    assert ids(board(as_viewer)) == ["ses_b", "ses_c"]


def test_a_settled_question_is_no_trouble(as_viewer):
    unknown("ses_a", settled=True)
    assert ids(board(as_viewer)) == []


def test_a_row_says_what_is_known_and_who_said_it(as_support, support):
    paused(
        "ses_a",
        downloaded_bytes=310 * 2**20,
        uploaded_bytes=22 * 2**20,
        assigned_to=support,
        source="stream",
    )
    told = row(board(as_support), "ses_a")
    for words in (
        "Connected",
        "ses_a",
        "Ping",
        "client-1",
        "answer to a resume",
        "310 MB / 22 MB",
        "5 s ago",
        "event stream",
        "SU",
    ):
        assert words in told
    assert 'title="assigned to support"' in board(as_support)


def test_a_doubtful_state_has_a_question_mark_and_says_why(as_viewer):
    failing("ses_a", word="refused_key", failure_status=401, seen=540)
    told = row(board(as_viewer), "ses_a")
    assert "Connected?" in told and "9 min ago" in told and "(401), since " in told
    assert "<p class=failed>Connected?" in board(as_viewer)


def test_a_press_that_is_under_way_or_unknown_is_told(as_viewer):
    unknown("ses_a")
    attempt(known("ses_b", watched=True), is_open=True)
    page = board(as_viewer)
    assert "resume sent " in row(page, "ses_a") and "no answer" in row(page, "ses_a")
    assert "ana is resuming it since" in row(page, "ses_b")


def test_of_two_presses_on_a_session_the_newest_is_told(as_viewer):
    attempt(unknown("ses_a", watched=True), opened_at=ago(2), actor_name="ben")
    assert "ben is resuming it since" in row(board(as_viewer), "ses_a")


def test_who_looks_at_it_is_told(as_viewer, support2):
    session = known("ses_a", watched=True)
    now = timezone.now()
    Presence.objects.create(
        session=session, person=support2, since=now, lease_until=now + timedelta(seconds=20)
    )
    assert 'title="support2 is looking"' in board(as_viewer)


def test_nothing_is_resumed_from_the_board_and_only_who_may_can_choose(as_support, as_viewer):
    paused(cast.PING_PAUSED)
    page = board(as_support)
    assert f'href="ping/{cast.PING_PAUSED}/#resume"' in page and "/resume/" not in page
    assert f'name=session value="ping/{cast.PING_PAUSED}/"' in page
    assert 'action="/resumes/bulk/"' in page
    assert "name=session" not in board(as_viewer) and "Resume…" not in board(as_viewer)


def test_one_counter_alone_is_shown_and_the_other_is_not_known(as_viewer):
    known("ses_a", watched=True, downloaded_bytes=None, uploaded_bytes=2048)
    assert "not known / 2.0 kB" in board(as_viewer)


def test_foreign_text_is_escaped_and_what_is_invisible_is_shown(as_viewer):
    known(
        "ses_a",
        watched=True,
        client_name="<img src=x onerror=alert(1)>\u202egpj",
        state="<b>new</b>",
        is_known_state=False,
    )
    page = board(as_viewer)
    assert "<img src=x" not in page and "<b>new" not in page and "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202egpj" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"system": "agi"}, ["ses_3"]),
        ({"state": "disconnected"}, ["ses_2"]),
        ({"words": "ACME"}, ["ses_1"]),
        ({"words": "ses_2"}, ["ses_2"]),
        ({"words": "inc-77"}, ["ses_4"]),
        ({"assigned": "me"}, ["ses_1"]),
        ({"assigned": "support2"}, ["ses_2"]),
        ({"assigned": "nobody"}, ["ses_3", "ses_4"]),
        ({"assigned": "nobody", "words": "ses_3"}, ["ses_3"]),
    ],
)
@pytest.mark.parametrize("view", ["", "all"])
def test_filters_are_asked_of_everything_and_combine(
    as_support, support, support2, view, asked, found
):
    known("ses_1", watched=True, client_name="acme", assigned_to=support)
    known("ses_2", watched=True, state="disconnected", assigned_to=support2)
    known("ses_3", watched=True, alias="agi")
    unknown("ses_4", ticket="INC-77")
    assert sorted(ids(board(as_support, view=view, **asked))) == found


@pytest.mark.parametrize(
    ("sort", "order"),
    [("seen", "2134"), ("id", "1234"), ("client", "4321"), ("traffic", "3124")],
)
@pytest.mark.parametrize("view", ["watched", "all"])
def test_sorting_is_of_all_and_not_of_the_page(as_viewer, view, sort, order):
    for number, (seen, who, size) in enumerate(
        [(5, "d", 20), (1, "c", 10), (7, "b", 30), (9, "a", None)], start=1
    ):
        known(
            f"ses_{number}",
            watched=True,
            seen=seen,
            client_name=who,
            downloaded_bytes=size,
            uploaded_bytes=size,
        )
    assert ids(board(as_viewer, view=view, sort=sort)) == [f"ses_{number}" for number in order]


@pytest.mark.parametrize("view", ["watched", "all"])
def test_pages_hold_a_hundred_and_nothing_is_lost_between_them(as_viewer, view):
    for _ in range(101):
        known(watched=True)
    first, second = board(as_viewer, view=view), board(as_viewer, view=view, page=2)
    assert "100 of 101 shown. Page 1 of 2." in first and "1 of 101 shown" in second
    assert len(set(ids(first) + ids(second))) == 101
    assert len(ids(board(as_viewer, view=view, size=1000))) == 101
    assert "page=2" in first and 'rel="prev"' in second
    assert ids(board(as_viewer, view=view, page=99)) == ids(second)


@pytest.mark.parametrize(
    "asked",
    [
        {"view": "nonsense"},
        {"system": "<script>alert(1)</script>"},
        {"size": "7"},
        {"page": "0"},
        {"page": "9" * 40},
        {"sort": "seen;drop"},
        {"at": "yesterday"},
        {"at": "2999-01-01T00:00"},
        {"words": "a" * 201},
        {"words": "\x00"},
        {"state": "\u202e"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_left_out_and_said(as_viewer, troubled, asked):
    page = board(as_viewer, **asked)
    assert "Left out of the question" in page and "<script>alert" not in page
    assert len(ids(page)) == 5


def test_an_empty_board_says_what_to_do(as_viewer):
    assert "No session has been looked at yet" in board(as_viewer)
    known()
    assert "press “Watch”" in board(as_viewer)
    assert "No session matches" in board(as_viewer, words="nothing")
    assert "Nothing needs a look" in board(as_viewer, view="look")
    assert "No session is known to be paused" in board(as_viewer, view="paused")


def test_a_board_that_nobody_feeds_says_so(as_viewer):
    known(watched=True)
    assert "Nobody has watched Ping yet" in board(as_viewer) and "Not live" in board(as_viewer)
    extend_watching("ping", ago(600))
    assert "Not watching Ping since <time" in board(as_viewer)
    extend_watching("ping", ago(1))
    extend_watching("agi", ago(1))
    page = board(as_viewer)
    assert "Not watching" not in page and "Live, heard <time" in page


def test_an_unknown_outcome_stays_first_while_the_next_press_is_under_way(as_viewer):
    session = unknown("ses_a")
    attempt(session, actor_name="ben", is_open=True, opened_at=ago(1))
    page = board(as_viewer)
    assert "Outcome unknown: look before anyone presses again" in page
    assert "Under way" in row(page, "ses_a") and "ben is resuming it" in row(page, "ses_a")


def test_the_board_as_it_was_shows_what_was_known_then(as_support):
    session, later = (
        known("ses_a", watched=True, state="disconnected"),
        known("ses_b", watched=True),
    )
    StatusSnapshot.objects.create(
        session=session,
        source="poll",
        state="connected",
        paused=True,
        first_at=ago(7200),
        last_at=ago(5400),
    )
    StatusSnapshot.objects.create(
        session=later, source="poll", state="connected", first_at=ago(60), last_at=ago(5)
    )
    page = board(as_support, at=ago(6000).strftime("%Y-%m-%dT%H:%M:%S"))
    assert "As it was at <time" in page and "data-live" not in page and "name=session" not in page
    assert "Connected" in row(page, "ses_a") and "Paused" in row(page, "ses_a")
    assert "Not known then" in row(page, "ses_b") and "never" in row(page, "ses_b")
    assert "Ping was not being watched then" in page


def test_the_board_as_it_was_says_how_lately_watching_had_begun_again(as_support):
    known("ses_a", watched=True)
    at = ago(6000).replace(microsecond=0)
    since = at - timedelta(seconds=10)
    WatchSpan.objects.create(
        alias="ping", from_at=at - timedelta(hours=1), until_at=at - timedelta(minutes=1)
    )
    WatchSpan.objects.create(alias="ping", from_at=since, until_at=ago(0))
    WatchSpan.objects.create(alias="agi", from_at=at - timedelta(hours=1), until_at=ago(0))
    page = board(as_support, at=at.strftime("%Y-%m-%dT%H:%M:%S"))
    assert "Ping had been watched again only since <time" in page and f"{since:%H:%M:%S}" in page
    assert "not being watched then" not in page and "AGI had" not in page


@pytest.mark.parametrize("view", ["", "all"])
def test_the_queries_do_not_grow_with_the_rows(as_support, support, view):
    board(as_support, view=view)
    asked = []
    for _ in range(2):
        for _ in range(20):
            unknown(watched=True, assigned_to=support)
        with CaptureQueriesContext(connection) as captured:
            board(as_support, view=view)
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 25


@pytest.mark.parametrize("asked", [{}, {"view": "all"}, {"view": "all", "sort": "id"}], ids=str)
def test_no_question_without_a_search_reads_all_sessions(as_viewer, asked):
    """100,000 known sessions must not slow down a board on which few are."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan is read on SQLite")
    known(watched=True)
    with CaptureQueriesContext(connection) as captured:
        board(as_viewer, **asked)
    told = [
        each["sql"]
        for each in captured.captured_queries
        if "remote_sessions_remotesession" in each["sql"]
    ]
    steps = [
        step
        for sql in told
        for step in plan(sql)
        if step.startswith("SCAN remote_sessions_remotesession")
    ]
    assert told and [step for step in steps if "INDEX" not in step] == []


def test_open_questions_are_found_by_index_among_years_of_presses(db):
    if connection.vendor != "sqlite":
        pytest.skip("the plan is read on SQLite")
    told = asked_about().explain()
    assert "USING INDEX attempt_open" in told and "USING INDEX attempt_unknown" in told


def plan(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [step[3] for step in cursor.fetchall()]


def test_a_session_nobody_saw_is_not_known_yet(as_viewer):
    RemoteSession.objects.create(alias="ping", session_id="ses_a")
    assert ids(board(as_viewer, view="all")) == []
    TeamState.objects.create(session=RemoteSession.objects.get(), watched_since=ago(1))
    assert "Not seen yet" in row(board(as_viewer), "ses_a")
