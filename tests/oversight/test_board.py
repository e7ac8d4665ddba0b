"""The board: which sessions are on it, in which group, what it says of each, and its filters."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.oversight.board.columns import COLUMNS
from pingadmin.oversight.board.filters import LARGE_PAGE_SIZE
from pingadmin.oversight.board.history import load_past_rows
from pingadmin.oversight.board.listing import load_rows, pending_attempts
from pingadmin.remote_sessions.history.coverage import extend_watching
from tests.factories import (
    PresenceFactory,
    StatusSnapshotFactory,
    TeamStateFactory,
    UnseenSessionFactory,
    WatchSpanFactory,
    from_now,
)
from tests.oversight.board_sessions import (
    ago,
    make_attempt,
    make_failing,
    make_paused,
    make_session,
    make_unresolved,
)
from tests.support.html import Element, parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

GROUPS = [
    "Outcome unknown: check before anyone resumes again",
    "Paused",
    "Failing look-ups",
    "Stale: no update for a while",
    "Watched",
]


def board(client, **query) -> Element:
    """The page of the board under a filter."""
    response = client.get("/sessions/", query)
    assert response.status_code == 200
    return parse(response)


def session_ids(page: Element) -> list[str]:
    """The sessions on the page, in its order."""
    return page.texts("#board label > a")


def row_of(page: Element, session_id: str) -> str:
    """The text of that session's row."""
    return next(row.text() for row in page.css("#board tr") if session_id in row.texts("label > a"))


def counts(page: Element) -> dict[str, int]:
    """The number on each tab."""
    tabs = [chip.rsplit(" ", 1) for chip in page.texts("#views .chip") if chip[-1].isdigit()]
    return {label: int(number) for label, number in tabs}


@pytest.fixture
def troubled(db):
    """One session in each group, and one that belongs in none."""
    return [
        make_session("ses_e", watched=True),
        make_session("ses_d", watched=True, seen=500),
        make_failing("ses_c"),
        make_paused("ses_b"),
        make_unresolved("ses_a"),
        make_session("ses_f"),
    ]


def test_trouble_comes_first_and_every_group_has_its_name(as_viewer, troubled):
    page = board(as_viewer)
    assert session_ids(page) == ["ses_a", "ses_b", "ses_c", "ses_d", "ses_e"]
    headings = [heading.rsplit(" ", 1) for heading in page.texts("th[scope=rowgroup]")]
    assert headings == [[group, "1"] for group in GROUPS]


def test_an_empty_group_is_not_shown(as_viewer):
    make_session(watched=True)
    assert board(as_viewer).texts("th[scope=rowgroup]") == ["Watched 1"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [("look", "abcd"), ("watched", "de"), ("paused", "b"), ("all", "abcdef"), ("", "abcde")],
)
def test_each_view_holds_what_it_says_and_the_tabs_count_exactly_what_they_show(
    as_viewer, troubled, view, expected
):
    page = board(as_viewer, view=view)
    assert sorted(session_ids(page)) == [f"ses_{letter}" for letter in expected]
    assert counts(page) == {"Board": 5, "All sessions": 6}
    assert all(page.attributes("#views [aria-label=Views] .chip", "title"))
    assert page.has("[name=view] option[selected]") == (view != "all")


@pytest.mark.parametrize(
    ("reported", "doubted", "failed"),
    [(1000, (), ()), (3, ["paused_doubted_at"], ()), (3, (), ["failed_at", "failing_since"])],
    ids=["too long ago", "a resume was sent since", "asking failed since"],
)
def test_paused_is_judged_as_on_the_sessions_page(as_viewer, reported, doubted, failed):
    failure = {"failure": "timed_out"} if failed else {}
    make_paused(
        "ses_b",
        watched=True,
        reported=reported,
        **dict.fromkeys([*doubted, *failed], ago(1)),
        **failure,
    )
    page = board(as_viewer)
    assert session_ids(board(as_viewer, view="paused")) == []
    assert "Unknown reported paused" in row_of(page, "ses_b").replace("Unknown", "Unknown ")
    card = parse(as_viewer.get("/sessions/ping/ses_b/")).one("[data-paused]")
    assert card["data-paused"] == "unknown"


def test_a_failed_look_up_of_an_unwatched_session_is_shown_for_an_hour_only(as_viewer):
    make_failing("ses_a", failed=3700)
    make_failing("ses_b", failed=3500)
    make_failing("ses_c", failed=3700, watched=True)
    assert session_ids(board(as_viewer)) == ["ses_b", "ses_c"]


def test_a_resolved_outcome_is_no_trouble(as_viewer):
    make_unresolved("ses_a", is_resolved=True)
    assert session_ids(board(as_viewer)) == []


def test_a_row_says_what_is_known_and_where_it_comes_from(as_support, support):
    make_paused(
        "ses_a",
        downloaded_bytes=310 * 2**20,
        uploaded_bytes=22 * 2**20,
        assigned_to=support,
        source="stream",
    )
    page = board(as_support)
    text = row_of(page, "ses_a")
    for expected in (
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
        assert expected in text
    assert page.attributes("#board [role=img]", "title") == ["assigned to support"]


def test_a_doubtful_state_has_a_question_mark_and_says_why(as_viewer):
    make_failing("ses_a", failure="refused_key", failure_status=401, seen=540)
    page = board(as_viewer)
    text = row_of(page, "ses_a")
    assert "Connected?" in text and "9 min ago" in text and "(401), since " in text
    assert page.text("#board .failed") == "Connected?"


def test_an_attempt_that_is_under_way_or_unresolved_is_shown(as_viewer):
    make_unresolved("ses_a")
    make_attempt(make_session("ses_b", watched=True), is_open=True)
    page = board(as_viewer)
    assert "resume sent " in row_of(page, "ses_a") and "No answer" in row_of(page, "ses_a")
    assert "ana is resuming this session, started" in row_of(page, "ses_b")


def test_violet_is_for_unknown_outcomes_alone(as_viewer):
    make_unresolved("ses_a")
    make_session("ses_b", watched=True)
    make_paused("ses_c", watched=True, reported=1000)
    page = board(as_viewer)
    assert page.texts("#board .unknown") == ["Outcome unknown"]
    assert page.texts("#board .u") == [row for row in page.texts("#board .u") if "No answer" in row]
    assert "not reported" in row_of(page, "ses_b") and "Unknown" not in row_of(page, "ses_b")


def test_of_two_attempts_on_a_session_the_newest_is_shown(as_viewer):
    make_attempt(make_unresolved("ses_a", watched=True), opened_at=ago(2), actor_name="ben")
    assert "ben is resuming this session, started" in row_of(board(as_viewer), "ses_a")


def test_a_row_shows_who_is_viewing_the_session(as_viewer, support2):
    session = make_session("ses_a", watched=True)
    PresenceFactory(session=session, person=support2, lease_until=from_now(seconds=20))
    titles = board(as_viewer).attributes("#board [role=img]", "title")
    assert titles == ["support2 is viewing this"]


def test_somebody_who_views_what_is_assigned_to_them_is_shown_once(as_viewer, support):
    session = make_session("ses_a", watched=True, assigned_to=support)
    PresenceFactory(session=session, person=support, lease_until=from_now(seconds=20))
    titles = board(as_viewer).attributes("#board [role=img]", "title")
    assert titles == ["assigned to support, who is viewing this"]


def test_the_filter_button_tells_how_many_filters_are_set(as_viewer, troubled):
    assert board(as_viewer).texts(".filters-fold summary") == ["Filters"]
    page = board(as_viewer, view="look", state="connected", words="ses")
    assert page.texts(".filters-fold summary") == ["Filters 3"]


def test_nothing_is_resumed_from_the_board_and_only_who_may_resume_can_select(
    as_support, as_viewer
):
    make_paused(cast.PING_PAUSED)
    page = board(as_support)
    assert page.attributes("#board td:last-child a", "href") == [f"ping/{cast.PING_PAUSED}/#resume"]
    assert not page.has("[href*='/resume/'], [action*='/resume/']")
    assert page.attributes("[name=session]", "value") == [f"ping/{cast.PING_PAUSED}/"]
    assert page.one("#board")["action"] == "/resumes/bulk/"
    as_seen_by_a_viewer = board(as_viewer)
    assert not as_seen_by_a_viewer.has("[name=session]")
    assert "Resume…" not in as_seen_by_a_viewer.text("#board")


def test_of_two_counters_one_can_be_shown_and_the_other_not_known(as_viewer):
    make_session("ses_a", watched=True, downloaded_bytes=None, uploaded_bytes=2048)
    assert "not known / 2.0 kB" in row_of(board(as_viewer), "ses_a")


def test_foreign_text_is_escaped_and_what_is_invisible_is_shown(as_viewer):
    make_session(
        "ses_a",
        watched=True,
        client_name="<img src=x onerror=alert(1)>\u202egpj",
        state="<b>new</b>",
        is_known_state=False,
    )
    html = as_viewer.get("/sessions/").text
    assert "<img src=x" not in html and "<b>new" not in html and "\u202e" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202egpj" in html


@pytest.mark.parametrize(
    ("query", "expected"),
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
def test_filters_search_every_page_and_combine(
    as_support, support, support2, view, query, expected
):
    make_session("ses_1", watched=True, client_name="acme", assigned_to=support)
    make_session("ses_2", watched=True, state="disconnected", assigned_to=support2)
    make_session("ses_3", watched=True, alias="agi")
    make_unresolved("ses_4", ticket="INC-77")
    assert sorted(session_ids(board(as_support, view=view, **query))) == expected


@pytest.mark.parametrize(
    ("sort", "order"),
    [("seen", "2134"), ("id", "1234"), ("client", "4321"), ("traffic", "3124")],
)
@pytest.mark.parametrize("view", ["watched", "all"])
def test_sorting_is_of_all_rows_and_not_of_the_page_alone(as_viewer, view, sort, order):
    for number, (seen, client, size) in enumerate(
        [(5, "d", 20), (1, "c", 10), (7, "b", 30), (9, "a", None)], start=1
    ):
        make_session(
            f"ses_{number}",
            watched=True,
            seen=seen,
            client_name=client,
            downloaded_bytes=size,
            uploaded_bytes=size,
        )
    assert session_ids(board(as_viewer, view=view, sort=sort)) == [
        f"ses_{number}" for number in order
    ]


@pytest.mark.parametrize("view", ["watched", "all"])
def test_pages_hold_a_hundred_and_nothing_is_lost_between_them(as_viewer, view):
    for _ in range(101):
        make_session(watched=True)
    first, second = board(as_viewer, view=view), board(as_viewer, view=view, page=2)
    assert "100 of 101 shown. Page 1 of 2." in first.text(".pager")
    assert "1 of 101 shown" in second.text(".pager")
    assert len(set(session_ids(first) + session_ids(second))) == 101
    assert len(session_ids(board(as_viewer, view=view, size=1000))) == 101
    assert "page=2" in first.one("[rel=next]")["href"] and second.has("[rel=prev]")
    assert session_ids(board(as_viewer, view=view, page=99)) == session_ids(second)


@pytest.mark.parametrize(
    "query",
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
def test_a_filter_that_makes_no_sense_is_ignored_and_the_page_says_so(as_viewer, troubled, query):
    response = as_viewer.get("/sessions/", query)
    assert "<script>alert" not in response.text
    page = parse(response)
    assert "Filter ignored" in page.texts(".notice h2")
    assert len(session_ids(page)) == 5


def test_an_empty_board_says_what_to_do(as_viewer):
    assert "No sessions yet" in board(as_viewer).text(".empty")
    make_session()
    assert "click “Watch”" in board(as_viewer).text(".empty")
    assert "No sessions match" in board(as_viewer, words="nothing").text(".empty")
    assert "Nothing needs attention" in board(as_viewer, view="look").text(".empty")
    assert "No session is known to be paused" in board(as_viewer, view="paused").text(".empty")


def test_a_board_without_a_collector_says_so(as_viewer):
    make_session(watched=True)
    page = board(as_viewer)
    assert "Ping has never been watched" in page.text("#coverage")
    assert "Not live" in page.text("#live")
    extend_watching("ping", ago(600))
    page = board(as_viewer)
    assert "Ping hasn’t been watched since" in page.text("#coverage") and page.has("#coverage time")
    extend_watching("ping", ago(1))
    extend_watching("agi", ago(1))
    page = board(as_viewer)
    assert page.text("#coverage") == ""
    assert "Live, received" in page.text("#live") and page.has("#live time")


def test_an_unknown_outcome_stays_first_while_the_next_attempt_is_under_way(as_viewer):
    session = make_unresolved("ses_a")
    make_attempt(session, actor_name="ben", is_open=True, opened_at=ago(1))
    page = board(as_viewer)
    assert page.texts("th[scope=rowgroup]") == [f"{GROUPS[0]} 1"]
    assert "Under way" in row_of(page, "ses_a") and "ben is resuming this session" in row_of(
        page, "ses_a"
    )


def test_the_board_at_a_past_moment_shows_what_was_known_then(as_support):
    session, later = (
        make_session("ses_a", watched=True, state="disconnected"),
        make_session("ses_b", watched=True),
    )
    StatusSnapshotFactory(
        session=session,
        source="poll",
        state="connected",
        paused=True,
        first_at=ago(7200),
        last_at=ago(5400),
    )
    StatusSnapshotFactory(
        session=later, source="poll", state="connected", first_at=ago(60), last_at=ago(5)
    )
    page = board(as_support, at=ago(6000).strftime("%Y-%m-%dT%H:%M:%S"))
    assert page.text("#history h2").startswith("Board at ") and page.has("#history h2 time")
    assert not page.has("[data-live], [name=session]")
    assert "Connected" in row_of(page, "ses_a") and "Paused" in row_of(page, "ses_a")
    assert "Not known then" in row_of(page, "ses_b") and "never" in row_of(page, "ses_b")
    assert "Ping wasn’t being watched then" in page.text("#history")


def test_a_past_moment_is_judged_by_the_rules_of_the_present(as_support):
    """Ping's status doesn't show "paused"; the answer to a pause did, and may have been doubted."""
    stated, old, acted, doubted, told = (
        make_session(f"ses_{name}", watched=True) for name in "abcde"
    )
    for session in (stated, old, acted, doubted, told):
        seconds = 8000 if session is old else 6300
        at = ago(seconds)
        StatusSnapshotFactory(
            session=session, source="pause", state="", paused=True, first_at=at, last_at=at
        )
        StatusSnapshotFactory(
            session=session, state="connected", paused=None, first_at=at, last_at=ago(5900)
        )
    make_attempt(acted, opened_at=ago(6100), closed_at=ago(5900), result="ok")
    unknown = {"opened_at": ago(6100), "closed_at": ago(6050), "result": "unknown"}
    make_attempt(doubted, **unknown)
    # What an agent was told changes nothing about "paused".
    make_attempt(told, action="message", **unknown)
    page = board(as_support, at=ago(6000).strftime("%Y-%m-%dT%H:%M:%S"))
    assert page.css("tbody tr td.p")[0].text().startswith("Paused")
    assert "too long ago to rely on" in row_of(page, "ses_b")
    assert "Under way" in row_of(page, "ses_c")
    sessions = (stated, old, acted, doubted, told)
    rows = load_rows([session.pk for session in sessions], now=timezone.now())
    verdicts = {
        row.session.session_id: str(row.card.paused.value)
        for row in load_past_rows(rows, ago(6000))
    }
    assert verdicts == {
        "ses_a": "yes",
        "ses_b": "unknown",
        "ses_c": "yes",
        "ses_d": "unknown",
        "ses_e": "yes",
    }


def test_the_board_at_a_past_moment_says_how_recently_watching_had_resumed(as_support):
    make_session("ses_a", watched=True)
    at = ago(6000).replace(microsecond=0)
    since = at - timedelta(seconds=10)
    WatchSpanFactory(
        alias="ping", from_at=at - timedelta(hours=1), until_at=at - timedelta(minutes=1)
    )
    WatchSpanFactory(alias="ping", from_at=since, until_at=ago(0))
    WatchSpanFactory(alias="agi", from_at=at - timedelta(hours=1), until_at=ago(0))
    page = board(as_support, at=at.strftime("%Y-%m-%dT%H:%M:%S"))
    note = page.text("#history")
    assert f"Ping had been watched again only since {since:%H:%M:%S}" in note.replace(
        f"{since.day} {since:%b}, ", ""
    )
    assert "being watched then" not in note and "AGI had" not in note


@pytest.mark.parametrize("view", ["", "all"])
def test_the_queries_do_not_grow_with_the_rows(as_support, support, view):
    board(as_support, view=view)
    query_counts = []
    for _ in range(2):
        for _ in range(20):
            make_unresolved(watched=True, assigned_to=support)
        with CaptureQueriesContext(connection) as captured:
            board(as_support, view=view)
        query_counts.append(len(captured))
    assert query_counts[0] == query_counts[1] <= 25


@pytest.mark.parametrize("query", [{}, {"view": "all"}, {"view": "all", "sort": "id"}], ids=str)
def test_no_board_without_a_search_reads_all_sessions(as_viewer, query):
    """100,000 sessions must not slow down a board of few."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan is read on SQLite")
    make_session(watched=True)
    with CaptureQueriesContext(connection) as captured:
        board(as_viewer, **query)
    statements = [
        captured_query["sql"]
        for captured_query in captured.captured_queries
        if "remote_sessions_remotesession" in captured_query["sql"]
    ]
    scans = [
        step
        for statement in statements
        for step in query_plan(statement)
        if step.startswith("SCAN remote_sessions_remotesession")
    ]
    assert statements and [step for step in scans if "INDEX" not in step] == []


def test_pending_attempts_are_found_by_index_among_years_of_attempts(db):
    if connection.vendor != "sqlite":
        pytest.skip("the plan is read on SQLite")
    plan = pending_attempts().explain()
    assert "USING INDEX attempt_open" in plan and "USING INDEX attempt_unknown" in plan


def query_plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [step[3] for step in cursor.fetchall()]


def test_a_watched_session_that_was_never_seen_is_not_among_all_sessions(as_viewer):
    session = UnseenSessionFactory(session_id="ses_a")
    assert session_ids(board(as_viewer, view="all")) == []
    TeamStateFactory(session=session, watched_since=ago(1))
    assert "Not seen yet" in row_of(board(as_viewer), "ses_a")


def test_the_heading_and_the_rows_follow_the_table_of_columns(as_support, support):
    for number in range(3):
        make_paused(f"ses_{number}", watched=True, assigned_to=support if number else None)
    make_session("ses_9", watched=True, last_seen_at=None)
    page = board(as_support)
    assert page.attributes(".board th", "class") == [f"col-{column.key}" for column in COLUMNS]
    labels = [column.label for column in COLUMNS if column.label]
    assert page.texts(".board thead th") == [*labels, "Actions"]
    for row in page.css(".board tbody tr:not(.group)"):
        for cell, column in zip(row.css("td"), COLUMNS, strict=True):
            match = row.one(column.cell).node
            assert cell.node in (match, match.getparent()), column.key


def test_the_stylesheet_labels_each_cell_with_its_columns_heading():
    rules = (settings.BASE_DIR / "static/pingadmin.css").read_text()
    for column in COLUMNS:
        if column.label:
            assert f'.board {column.cell}::before {{ content: "{column.label}"; }}' in rules


def test_a_form_takes_every_box_that_a_page_offers(as_support, settings):
    """The largest page of the board, all of it selected for a bulk resume."""
    assert (
        max(LARGE_PAGE_SIZE, 4 * settings.BULK_MOST) + 20 < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    )
    names = [f"ping/ses_{number:04}" for number in range(LARGE_PAGE_SIZE)]
    answer = as_support.post("/resumes/bulk/", {"session": names})
    assert answer.status_code < 500 and "can’t be read" not in answer.text
    assert "1000 sessions; the limit is 20 at a time" in answer.text
