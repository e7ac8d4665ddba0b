"""The chart's drawing, summary and table agree, and the line breaks where nothing is known."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from pingadmin.audit.log.filters import AuditFilter
from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.history.chart import build_traffic_chart
from pingadmin.remote_sessions.history.time_range import RangeForm, TimeRange
from pingadmin.remote_sessions.models import WatchSpan
from tests.audit.factories import record_event
from tests.support.html import parse
from tests.support.session_histories import add_snapshot, add_watch_span, at, create_session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_thinning(settings):
    """The dates here are fixed. What is drawn must not change as they grow old."""
    settings.HISTORY_FULL_DAYS = 100_000


ADDRESS = "/sessions/ping/ses_8f2c71d09a/chart/"


@pytest.fixture
def session():
    """Two hours at 1 kB/s down and 512 B/s up, an answer a minute, watched all along."""
    session = create_session()
    for minute in range(121):
        add_snapshot(session, 60 * minute, up=60 * minute * 512, down=60 * minute * 1024)
    add_watch_span(-60, 7200)
    return session


def draw(session, begin=0, end=7200):
    return build_traffic_chart(session, TimeRange(at(begin), at(end)))


def get_chart(client, query="", **more):
    return client.get(
        f"{ADDRESS}?from={at(0):%Y-%m-%dT%H:%M:%SZ}&to={at(7200):%Y-%m-%dT%H:%M:%SZ}{query}", **more
    )


def test_a_steady_flow_is_one_line_and_one_row(session):
    chart = draw(session)
    assert chart.down.count("M") == chart.up.count("M") == 1
    assert [(row.from_at, row.until_at, row.down, row.up) for row in chart.rows] == [
        (at(0), at(7200), 1024, 512)
    ]
    assert chart.summary == "Down at most 1.0 kB/s, up at most 512 B/s; known at 480 of 480 points."


def test_the_scale_holds_every_rate_and_names_its_unit(session):
    assert [text for _, text in draw(session).levels] == ["0 B/s", "512 B/s", "1.0 kB/s"]
    chart = draw(session)
    highest = min(float(y) for y in re.findall(r" ([\d.]+)", chart.down))
    assert highest == chart.levels[-1][0]


def test_a_gap_breaks_the_line_and_shows_its_reason(session):
    WatchSpan.objects.all().delete()
    add_watch_span(-60, 2390, "the collector was stopped")
    add_watch_span(3590, 7200)
    chart = draw(session)
    assert chart.down.count("M") == 2, "before it and after it, nothing inside it"
    assert [(gap.text, gap.title) for gap in chart.gaps] == [
        ("not watching", "the collector was stopped")
    ]
    assert chart.gaps[0].x < chart.gaps[0].x + chart.gaps[0].width


def test_a_narrow_gap_is_explained_beside_the_drawing(as_viewer, session):
    WatchSpan.objects.all().delete()
    add_watch_span(-60, 3000, "the stream broke off")
    add_watch_span(3300, 7200)
    assert [gap.text for gap in draw(session).gaps] == [""]
    assert parse(get_chart(as_viewer)).has(".chart-key-gap")


@pytest.mark.parametrize(
    ("zone", "begin", "end", "texts"),
    [
        ("UTC", 0, 5400, "12:00 12:15 12:30 12:45 13:00 13:15 13:30"),
        ("Asia/Kolkata", 0, 14400, "17:30 18:00 18:30 19:00 19:30 20:00 20:30 21:00 21:30"),
        ("UTC", 0, 10, "12:00:00 12:00:02 12:00:04 12:00:06 12:00:08 12:00:10"),
        (
            "UTC",
            43200,
            3 * 86400,
            "23 Nov 00:00 23 Nov 12:00 24 Nov 00:00 24 Nov 12:00 25 Nov 00:00 25 Nov 12:00",
        ),
    ],
)
def test_ticks_are_round_times_in_the_viewers_zone(session, zone, begin, end, texts):
    with timezone.override(zone):
        assert " ".join(tick.text for tick in draw(session, begin, end).ticks) == texts


# Madrid, 25 October 2026: at 3:00 the clocks go back to 2:00, which is 1:00 UTC.
CHANGE = datetime(2026, 10, 25, 1, tzinfo=UTC)


def drawn_around_the_change(session, hours: float):
    span = timedelta(hours=hours)
    time_range = TimeRange(CHANGE - span, CHANGE + span)
    with timezone.override("Europe/Madrid"):
        return build_traffic_chart(session, time_range)


@pytest.mark.parametrize("hours", [4, 12, 48])
def test_ticks_are_round_where_the_clocks_are_changed(session, hours):
    chart = drawn_around_the_change(session, hours)
    assert 3 <= len(chart.ticks) <= 10
    assert all(tick.text.endswith(":00") for tick in chart.ticks)
    assert [tick.x for tick in chart.ticks] == sorted(tick.x for tick in chart.ticks)
    assert len({tick.text for tick in chart.ticks}) == len(chart.ticks)


def test_both_zones_are_named_where_the_clocks_are_changed(session):
    zone = drawn_around_the_change(session, 4).zone
    assert zone == "Europe/Madrid (UTC+2), later Europe/Madrid (UTC+1)"


@pytest.mark.parametrize(
    ("typed", "from_utc", "until_utc"),
    [
        ("2026-10-25T02:30", "00:30", "01:30"),  # happens twice
        ("2026-03-29T02:30", "01:30", "01:30"),  # is skipped
        ("2026-11-22T02:30", "01:30", "01:30"),
    ],
)
def test_a_time_that_the_clocks_show_twice_or_never_has_one_meaning_everywhere(
    typed, from_utc, until_utc
):
    with timezone.override("Europe/Madrid"):
        begins, ends = RangeForm({"from": typed}), RangeForm({"to": typed})
        assert begins.is_valid() and ends.is_valid(), begins.errors
        audit = AuditFilter(QueryDict(f"since={typed}")), AuditFilter(QueryDict(f"until={typed}"))
        assert audit[0].is_valid() and audit[1].is_valid()
    found = [begins.cleaned_data["from"], audit[0].cleaned_data["since"]]
    assert {f"{at.astimezone(UTC):%H:%M}" for at in found} == {from_utc}
    found = [ends.cleaned_data["to"], audit[1].cleaned_data["until"]]
    assert {f"{at.astimezone(UTC):%H:%M}" for at in found} == {until_utc}


@pytest.mark.parametrize("seconds", [60, 900, 21600, 86400, 10**6, 10**8, 3 * 10**9])
def test_there_are_two_to_nine_ticks(session, seconds):
    assert 2 <= len(draw(session, 7, 7 + seconds).ticks) <= 9


def test_without_observations_there_is_no_line():
    chart = draw(create_session())
    assert chart.up == chart.down == ""
    assert chart.summary == "The traffic in this range is not known."
    assert [row.why for row in chart.rows] == [f"not watching: {coverage.NEVER_WATCHED}"]


def test_missing_observations_while_watching_have_their_own_reason():
    add_watch_span(-60, 7200)
    assert [row.why for row in draw(create_session()).rows] == [
        "no observations to calculate it from"
    ]


def test_actions_are_marked_with_actor_and_outcome(session):
    now = timezone.now()
    record_event(action="resume", phase="intent", alias="ping", session_id=session.session_id)
    chart = build_traffic_chart(
        session, TimeRange(now - timedelta(minutes=5), now + timedelta(minutes=5))
    )
    assert len(chart.actions) == 1
    assert chart.actions[0].text.startswith("Resume: no outcome yet, by ")
    assert draw(session).actions == [], "and only those in the range"


@pytest.mark.parametrize(("verified", "result"), [(False, "accepted"), (True, "confirmed")])
def test_an_action_that_no_check_confirmed_is_not_said_to_have_worked(session, verified, result):
    about = {"action": "resume", "alias": "ping", "session_id": session.session_id}
    head = record_event(phase="intent", **about)
    record_event(phase="outcome", story=head.seq, result="ok", verified=verified, **about)
    now = timezone.now()

    chart = build_traffic_chart(
        session, TimeRange(now - timedelta(minutes=5), now + timedelta(minutes=5))
    )

    assert [mark.text for mark in chart.actions] == [f"Resume: {result}, by {head.actor_name}"]


def test_the_number_of_queries_does_not_depend_on_the_length(session, django_assert_num_queries):
    with django_assert_num_queries(3):
        draw(session)
    with django_assert_num_queries(3):
        draw(session, 0, 120)


def test_the_page_works_without_javascript(as_viewer, session):
    response = get_chart(as_viewer)
    assert "<html" in response.text
    page = parse(response)
    assert page.text("#chart-title") == "Traffic of ses_8f2c71d09a, bytes per second"
    assert page.has("#chart details > table")
    assert "1.0 kB/s" in page.texts("svg text")
    assert not page.has("svg [style]")


def test_htmx_gets_the_chart_alone(as_viewer, session):
    fragment = get_chart(as_viewer, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert parse(fragment).one("body > *")["id"] == "chart"


def test_the_session_page_loads_the_chart_afterwards(as_viewer, session):
    placeholder = parse(as_viewer.get("/sessions/ping/ses_8f2c71d09a/")).one("#chart")
    assert (placeholder["hx-get"], placeholder["hx-trigger"]) == (ADDRESS, "load")
    assert placeholder.one("a")["href"] == ADDRESS, "for those without JavaScript"


@pytest.mark.parametrize("name", ["15m", "90m", "6h", "24h", "7d", "all", ""])
def test_every_range_is_answered(as_viewer, session, name):
    response = as_viewer.get(f"{ADDRESS}?range={name}")
    assert response.status_code == 200
    assert response.context["chart"].time_range.name == (name or "90m")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("range=1y", "There’s no such range"),
        ("from=yesterday", "Use the form 2026-11-22T14:02."),
        ("from=9999-12-31T00:00", "between the years 2000 and 2200"),
        ("to=0001-01-01T00:00", "between the years 2000 and 2200"),
        ("from=2026-11-22T14:00&to=2026-11-22T13:00", "later than the start"),
    ],
)
def test_an_invalid_range_gets_an_error_at_its_field(as_viewer, session, query, sentence):
    response = as_viewer.get(f"{ADDRESS}?{query}")
    assert response.status_code == 400
    chart = parse(response).one("#chart")
    assert sentence in chart.text()
    assert not chart.has("svg")


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-11-22T14:00",
        "to=2026-11-22T14:00",
        "from=2190-01-01T00:00",
        "to=2001-01-01T00:00",
    ],
)
def test_one_end_of_the_range_is_enough(as_viewer, session, query):
    assert as_viewer.get(f"{ADDRESS}?{query}").status_code == 200


@pytest.mark.usefixtures("simulated_upstreams")
def test_without_any_traffic_there_is_no_chart(as_viewer):
    silent = create_session("agi", "27c4e1b9-f05a-4836-9d2e-6b8f3a7c0d51")
    address = f"/sessions/agi/{silent.session_id}/"
    page = parse(as_viewer.get(address))
    assert "AGI doesn’t report traffic." in page.text("#chart") and not page.has("#chart[hx-get]")
    page = parse(as_viewer.get(f"{address}chart/"))
    assert "AGI doesn’t report traffic." in page.text("#chart") and not page.has("svg.chart")
    create_session("ping", "ses_1111111111")
    page = parse(as_viewer.get("/sessions/ping/ses_1111111111/chart/"))
    assert "hasn’t reported any traffic of this session yet" in page.text("#chart")


@pytest.mark.parametrize(("age", "name"), [(300, "all"), (5300, "all"), (5500, "90m")])
def test_the_range_fits_what_is_known(as_viewer, age, name):
    session = create_session()
    begin = (timezone.now() - at(0)).total_seconds() - age
    add_snapshot(session, begin, up=1)
    page = parse(as_viewer.get(ADDRESS))
    assert page.one(".chip[aria-current]")["id"] == f"range-{name}"


def test_an_unknown_session_has_no_chart(as_viewer):
    assert as_viewer.get(ADDRESS).status_code == 404
