"""A session's page never lies: each fact has its age, and a look-up that failed its reason."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from tests.support.html import Element, parse
from tests.support.session_histories import add_failure, add_snapshot, create_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

PAGE = f"/sessions/ping/{cast.PING_CONNECTED}/"
STATUS = "GET */status"
HTMX = {"HX-Request": "true"}
QUERIES = 21


def open_page(client, address: str = PAGE) -> Element:
    return parse(client.get(address))


def look_again(client, **options):
    return client.post(PAGE + "refresh/", **options)


def looks_by_itself(page: Element) -> bool:
    """Whether the page looks again as soon as it is open."""
    return page.has("#card form[hx-trigger='submit, load']")


def test_a_session_never_seen_is_looked_up_and_shown_with_source_and_age(as_support, simulator):
    card = open_page(as_support).one("#card")
    assert (card["data-state"], card["data-age"]) == ("connected", "0")
    assert "by look-up" in card.text() and "acme-frankfurt-014" in card.text()
    assert simulator.call_count() == 1


def test_a_known_session_is_shown_from_our_own_database(as_support, simulator):
    open_page(as_support)
    open_page(as_support)
    assert simulator.call_count() == 1


def test_look_again_asks_and_lengthens_the_history(as_support, simulator):
    open_page(as_support)
    assert look_again(as_support).url == PAGE and simulator.call_count() == 2
    assert sum(StatusSnapshot.objects.values_list("observation_count", flat=True)) == 2


def test_look_again_with_htmx_gives_the_same_part_of_the_page(as_support):
    open_page(as_support)
    part = look_again(as_support, headers=HTMX).text
    assert part.lstrip().startswith("<div id=") and "<html" not in part
    assert parse(part).one("#session #card")["data-state"] == "connected"


def test_a_state_grows_stale_and_says_so(as_support, settings):
    open_page(as_support)
    age = int(settings.STALE_AFTER_SECONDS) + 2
    RemoteSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=age))
    card = open_page(as_support).one("#card")
    assert card.text("#state") == "Connected?" and card.has("p.stale")
    assert card["data-age"] == str(age)


def test_an_old_state_is_looked_up_when_the_page_opens_but_not_by_its_own_answer(as_support):
    open_page(as_support)
    assert not looks_by_itself(open_page(as_support))
    RemoteSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=11))
    assert looks_by_itself(open_page(as_support))
    assert not looks_by_itself(parse(look_again(as_support, headers=HTMX)))


@pytest.mark.parametrize(
    ("fault", "how", "reason"),
    [
        ("status", {"status": 401}, "refused our key"),
        ("status", {"status": 404}, "answered: not found"),
        ("status", {"status": 429, "headers": {"Retry-After": "7"}}, "asked us to slow down"),
        ("status", {"status": 500, "times": 2}, "reported an internal error"),
        ("html", {"status": 502, "times": 2}, "reported an internal error"),
        ("garbage", {}, "a response we couldn’t read"),
        ("garbage", {"body": '{"status": 7}'}, "doesn’t fit its documentation"),
        ("reset", {"times": 2}, "cut its response short"),
        ("redirect", {}, "redirect, which is not followed"),
        ("huge", {}, "sent more than we accept"),
    ],
)
def test_a_failed_look_up_keeps_the_last_answer_with_its_age_and_the_reason(
    as_support, simulator, fault, how, reason
):
    open_page(as_support)
    simulator.fault(fault, match=STATUS, **how)
    response = look_again(as_support, follow=True)
    assert response.status_code == 200 and "<script>alert" not in response.text
    card = parse(response).one("#card")
    assert reason in card.text(".notice h3") and "last answer, from" in card.text(".notice p")
    assert card.text("#state") == "Connected?"


def test_a_refused_key_does_not_sign_anybody_out(as_support, simulator):
    open_page(as_support)
    simulator.fault("status", match=STATUS, status=401)
    page = parse(look_again(as_support, follow=True))
    assert "tell whoever runs this panel" in page.text("#card [data-failure=refused_key]")
    assert as_support.get("/sessions/").status_code == 200


def test_a_refused_key_is_on_every_page_until_the_account_answers_again(
    as_support, as_admin, simulator
):
    open_page(as_support)
    simulator.fault("status", match=STATUS, status=401)
    look_again(as_support)
    for page in (open_page(as_support, "/sessions/"), open_page(as_admin, "/audit/")):
        assert page.text("[data-refused-key] h2").startswith("Ping refuses our key since")
    open_page(as_support, f"/sessions/ping/{cast.PING_PAUSED}/")
    assert not open_page(as_admin, "/audit/").has("[data-refused-key]")


def test_an_upstream_that_hangs_is_given_up_at_the_deadline(
    as_support, simulator, seconds_for_answer
):
    open_page(as_support)
    seconds_for_answer(0.5)
    simulator.fault("hang", match=STATUS, seconds=20)
    page = parse(look_again(as_support, follow=True))
    assert "did not answer in time" in page.text("#card .notice h3")


def test_an_unknown_session_is_a_404_that_names_who_said_so(as_support):
    response = as_support.get(f"/sessions/ping/{cast.PING_UNKNOWN}/")
    row = parse(response).one("tr[data-failure=not_found]")
    assert response.status_code == 404
    assert "Ping answered: not found, at" in row.text() and row.has("time")


def test_a_session_never_seen_while_the_upstream_fails_is_a_503_that_claims_nothing(
    as_support, simulator
):
    simulator.fault("status", match=STATUS, status=503, times=2)
    response = as_support.get(PAGE)
    page = parse(response)
    assert response.status_code == 503 and page.text("tbody .tag") == "No answer"
    assert not page.has("[data-state]")


def test_a_state_that_is_not_documented_is_shown_as_it_is_and_never_as_active(
    as_support, simulator
):
    simulator.fault("garbage", match=STATUS, body='{"client_id": "c", "status": "connected-ish"}')
    card = open_page(as_support).one("#card")
    assert card.text("#state") == "connected-ish"
    assert "isn’t in the system’s documentation" in card.text()
    assert card.has(".dot-unknown") and not card.has(".dot-ok")


def test_clocks_that_differ_are_pointed_out(as_support):
    open_page(as_support)
    RemoteSession.objects.update(skew_seconds=-42.4)
    assert "The clocks differ by -42 s" in open_page(as_support).texts("#card .notice h3")


def test_the_timeline_holds_observations_failures_and_resumes_newest_first(as_support, simulator):
    open_page(as_support)
    as_support.post(PAGE + "resume/", {"reason": "False alarm", "ticket": "INC-9"})
    simulator.fault("status", match=STATUS, status=503, times=2)
    look_again(as_support)
    timeline = open_page(as_support).text(".timeline")
    order = [timeline.index(text) for text in ("Look-up failed", "Was not paused", "Connected")]
    assert order == sorted(order)
    assert "False alarm" in timeline and "INC-9" in timeline


@pytest.mark.parametrize("look_ups", [1, 30])
def test_the_queries_do_not_grow_with_the_history(
    as_support, simulator, django_assert_num_queries, look_ups
):
    for number in range(look_ups):
        body = f'{{"client_id": "c", "status": "connected", "uploaded_bytes": {number}}}'
        simulator.fault("garbage", match=STATUS, body=body)
        open_page(as_support) if number == 0 else look_again(as_support)
    with django_assert_num_queries(QUERIES):
        as_support.get(PAGE)


@pytest.mark.parametrize("who", ["as_viewer", "as_auditor"])
def test_people_who_may_only_look_see_no_button(request, who):
    page = open_page(request.getfixturevalue(who))
    assert not page.has("#resume-button")
    assert "Your role can view sessions" in page.text("#resume")


def test_an_account_that_never_was_is_not_found(as_support):
    assert as_support.get("/sessions/nowhere/ses_1/").status_code == 404
    assert as_support.post("/sessions/nowhere/ses_1/refresh/").status_code == 404


def test_the_first_lines_say_since_when_and_what_happened_last(as_support, session_with_history):
    page = open_page(as_support)
    assert "in every answer since 22 Nov, 12:10:00" in page.text("#card .state")
    assert page.text("[aria-labelledby=latest]").startswith("Before that")
    assert "Disconnected" in page.text("[aria-labelledby=latest]")
    as_support.post(PAGE + "watch/", {"watch": "yes"})
    latest = open_page(as_support).text("[aria-labelledby=latest]")
    assert latest.startswith("Last action") and "support started watching it" in latest


@pytest.fixture
def session_with_history(simulator):
    session = create_session("ping", cast.PING_CONNECTED)
    add_snapshot(session, 0, state="disconnected", until=300)
    add_snapshot(session, 600, state="connected", until=900)
    add_failure(session, 960)
    add_snapshot(session, 1200, up=5, state="connected")
    return RemoteSession.objects.get()


def test_the_timeline_folds_what_is_older(as_support, simulator):
    session = create_session("ping", cast.PING_CONNECTED)
    for number in range(30):
        add_snapshot(session, 60 * number, state=("connected", "disconnected")[number % 2])
    page = open_page(as_support)
    shown = page.texts("[aria-labelledby=timeline] .moment")
    folded = page.texts("[aria-labelledby=timeline] details .moment")
    assert len(folded) >= 18 and shown[12:] == folded
    assert page.text("[aria-labelledby=timeline] summary") == f"Show {len(folded)} earlier"
    assert not page.has("details.fold[open]"), "single answers unfold on demand"


def test_an_address_without_its_account_leads_to_the_session(as_support, simulator):
    open_page(as_support)
    assert as_support.get(f"/sessions/{cast.PING_CONNECTED}/").url == PAGE
    response = as_support.get(f"/sessions/{cast.PING_PAUSED}/")
    assert response.url == f"/sessions/?q={cast.PING_PAUSED}", "not seen yet, so it is searched"
    create_session("agi", cast.PING_CONNECTED)
    response = as_support.get(f"/sessions/{cast.PING_CONNECTED}/")
    assert response.url == f"/sessions/?q={cast.PING_CONNECTED}", "two accounts have it"
