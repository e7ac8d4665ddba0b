"""The chart says the same in its drawing, its sentence and its table, and breaks where nothing is known."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.history.chart import chart_of
from pingadmin.remote_sessions.history.time_range import Stretch
from tests.audit.factories import event
from tests.remote_sessions.history import answer, at, session_seen

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_thinned_out(settings):
    """The dates here grow old; what is drawn must not change with that."""
    settings.HISTORY_FULL_DAYS = 100_000


ADDRESS = "/sessions/ping/ses_8f2c71d09a/chart/"


@pytest.fixture
def session():
    """Two hours at 1 kB/s down and 512 B/s up, an answer a minute, watched all along."""
    session = session_seen()
    for minute in range(121):
        answer(session, 60 * minute, up=60 * minute * 512, down=60 * minute * 1024)
    watch(-60, 7200)
    return session


def watch(begin, end, why=""):
    coverage.extend_watching("ping", at(begin))
    session_spans = coverage.WatchSpan.objects.order_by("-pk")[:1]
    coverage.WatchSpan.objects.filter(pk__in=[span.pk for span in session_spans]).update(
        until_at=at(end), end_reason=why
    )


def drawn(session, begin=0, end=7200):
    return chart_of(session, Stretch(at(begin), at(end)))


def asked(client, query="", **more):
    return client.get(
        f"{ADDRESS}?from={at(0):%Y-%m-%dT%H:%M:%SZ}&to={at(7200):%Y-%m-%dT%H:%M:%SZ}{query}", **more
    )


def test_a_steady_flow_is_one_line_and_one_row(session):
    chart = drawn(session)
    assert chart.down.count("M") == chart.up.count("M") == 1
    assert [(row.from_at, row.until_at, row.down, row.up) for row in chart.rows] == [
        (at(0), at(7200), 1024, 512)
    ]
    assert chart.summary == "Down at most 1.0 kB/s, up at most 512 B/s; known at 480 of 480 points."


def test_the_scale_holds_every_rate_and_names_its_unit(session):
    assert [words for _, words in drawn(session).levels] == ["0 B/s", "512 B/s", "1.0 kB/s"]
    assert (
        min(float(y) for y in re.findall(r" ([\d.]+)", drawn(session).down))
        == drawn(session).levels[-1][0]
    )


def test_a_gap_breaks_the_line_and_says_why(session):
    coverage.WatchSpan.objects.all().delete()
    watch(-60, 2390, "the collector was stopped")
    watch(3590, 7200)
    chart = drawn(session)
    assert chart.down.count("M") == 3, "before it, what was asked by hand inside it, after it"
    assert [(gap.words, gap.title) for gap in chart.gaps] == [
        ("not watching", "the collector was stopped")
    ]
    assert chart.gaps[0].x < chart.gaps[0].x + chart.gaps[0].width


def test_a_narrow_gap_has_its_words_beside_the_drawing(as_viewer, session):
    coverage.WatchSpan.objects.all().delete()
    watch(-60, 3000, "the stream broke off")
    watch(3300, 7200)
    assert [gap.words for gap in drawn(session).gaps] == [""]
    assert "chart-key-gap" in asked(as_viewer).content.decode()


@pytest.mark.parametrize(
    ("zone", "begin", "end", "words"),
    [
        ("UTC", 0, 5400, ["12:00", "12:15", "12:30", "12:45", "13:00", "13:15", "13:30"]),
        ("Asia/Kolkata", 0, 14400, ["17:30", "18:00", "18:30", "19:00", "19:30", "20:00", "20:30", "21:00", "21:30"]),
        ("UTC", 0, 10, ["12:00:00", "12:00:02", "12:00:04", "12:00:06", "12:00:08", "12:00:10"]),
        ("UTC", 43200, 3 * 86400, ["23 Nov 00:00", "23 Nov 12:00", "24 Nov 00:00", "24 Nov 12:00", "25 Nov 00:00",
                                   "25 Nov 12:00"]),
    ],
)  # fmt: skip
def test_the_foot_names_round_times_of_the_readers_zone(session, zone, begin, end, words):
    with timezone.override(zone):
        assert [tick.words for tick in drawn(session, begin, end).ticks] == words


@pytest.mark.parametrize("seconds", [60, 900, 21600, 86400, 10**6, 10**8, 3 * 10**9])
def test_the_foot_has_two_to_nine_times(session, seconds):
    assert 2 <= len(drawn(session, 7, 7 + seconds).ticks) <= 9


def test_no_answers_no_line():
    chart = drawn(session_seen())
    assert chart.up == chart.down == ""
    assert chart.summary == "Nothing is known of the traffic in this stretch."
    assert [row.why for row in chart.rows] == [f"not watching: {coverage.NEVER_WATCHED}"]


def test_no_answers_while_watching_is_said_to_be_that():
    watch(-60, 7200)
    assert [row.why for row in drawn(session_seen()).rows] == [
        "no answers from which it could be told"
    ]


def test_acts_are_marked_with_who_and_how_they_ended(session):
    now = timezone.now()
    event(action="resume", phase="intent", alias="ping", session_id=session.session_id)
    chart = chart_of(session, Stretch(now - timedelta(minutes=5), now + timedelta(minutes=5)))
    assert len(chart.acts) == 1
    assert chart.acts[0].words.startswith("resume: no outcome yet, by ")
    assert drawn(session).acts == [], "and only those of the stretch"


def test_as_many_queries_for_a_long_history_as_for_a_short_one(session, django_assert_num_queries):
    with django_assert_num_queries(3):
        drawn(session)
    with django_assert_num_queries(3):
        drawn(session, 0, 120)


def test_the_page_works_without_javascript(as_viewer, session):
    page = asked(as_viewer).content.decode()
    assert "<html" in page
    assert "Traffic of ses_8f2c71d09a, bytes a second" in page
    assert "<details>" in page
    assert "1.0 kB/s" in page
    assert "style=" not in page.partition("<svg")[2].partition("</svg>")[0]


def test_htmx_gets_the_chart_alone(as_viewer, session):
    fragment = asked(as_viewer, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert fragment.strip().startswith('<section id="chart"')


def test_the_session_page_loads_it_afterwards(as_viewer, session):
    page = as_viewer.get("/sessions/ping/ses_8f2c71d09a/").content.decode()
    assert f'hx-get="{ADDRESS}" hx-trigger="load"' in page
    assert f'<a href="{ADDRESS}">' in page


@pytest.mark.parametrize("name", ["15m", "90m", "6h", "24h", "7d", "all", ""])
def test_every_range_is_answered(as_viewer, session, name):
    answer_ = as_viewer.get(f"{ADDRESS}?range={name}")
    assert answer_.status_code == 200
    assert answer_.context["chart"].stretch.name == (name or "90m")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("range=1y", "There’s no such range"),
        ("from=yesterday", "Write it as 2026-11-22T14:02."),
        ("from=9999-12-31T00:00", "between the years 2000 and 2200"),
        ("to=0001-01-01T00:00", "between the years 2000 and 2200"),
        ("from=2026-11-22T14:00&to=2026-11-22T13:00", "later than the beginning"),
    ],
)
def test_a_range_that_cannot_be_read_is_named_and_kept(as_viewer, session, query, sentence):
    answer_ = as_viewer.get(f"{ADDRESS}?{query}")
    assert answer_.status_code == 400
    assert sentence in answer_.content.decode()
    assert "<svg" not in answer_.content.decode().partition('id="chart"')[2]


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-11-22T14:00",
        "to=2026-11-22T14:00",
        "from=2190-01-01T00:00",
        "to=2001-01-01T00:00",
    ],
)
def test_one_end_is_enough(as_viewer, session, query):
    assert as_viewer.get(f"{ADDRESS}?{query}").status_code == 200


def test_a_session_that_nobody_saw_has_no_chart(as_viewer):
    assert as_viewer.get(ADDRESS).status_code == 404
