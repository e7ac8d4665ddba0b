"""A session's page never lies: each fact with its age, and every way in which asking can fail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

PAGE = f"/sessions/ping/{cast.PING_CONNECTED}/"
STATUS = "GET */status"


def test_a_session_never_seen_is_asked_for_and_shown_with_source_and_age(as_support, simulator):
    page = as_support.get(PAGE)
    assert 'data-state="connected"' in page.text and 'data-age="0"' in page.text
    assert "by look-up" in page.text and "acme-frankfurt-014" in page.text
    assert simulator.call_count() == 1


def test_a_session_that_is_known_is_shown_from_our_own_database(as_support, simulator):
    as_support.get(PAGE)
    as_support.get(PAGE)
    assert simulator.call_count() == 1


def test_look_again_asks_and_lengthens_the_history(as_support, simulator):
    as_support.get(PAGE)
    answer = as_support.post(PAGE + "refresh/")
    assert answer.url == PAGE and simulator.call_count() == 2
    assert sum(StatusSnapshot.objects.values_list("observation_count", flat=True)) == 2


def test_look_again_with_htmx_gives_the_same_part_of_the_page(as_support):
    as_support.get(PAGE)
    part = as_support.post(PAGE + "refresh/", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="session"') and "<html" not in part
    assert 'data-state="connected"' in part


def test_a_state_grows_stale_and_says_so(as_support, settings):
    as_support.get(PAGE)
    RemoteSession.objects.update(
        last_seen_at=timezone.now() - timedelta(seconds=settings.STALE_AFTER_SECONDS + 2)
    )
    page = as_support.get(PAGE).text
    assert "Connected?" in page and 'class="stale"' in page
    assert f'data-age="{int(settings.STALE_AFTER_SECONDS) + 2}"' in page


def test_an_old_state_is_asked_for_when_the_page_opens_but_not_again_by_its_own_answer(as_support):
    as_support.get(PAGE)
    assert "submit, load" not in as_support.get(PAGE).text
    RemoteSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=11))
    assert "submit, load" in as_support.get(PAGE).text
    assert (
        "submit, load"
        not in as_support.post(PAGE + "refresh/", headers={"HX-Request": "true"}).text
    )


@pytest.mark.parametrize(
    ("fault", "how", "says"),
    [
        ("status", {"status": 401}, "refused our key"),
        ("status", {"status": 404}, "answered: not found"),
        ("status", {"status": 429, "headers": {"Retry-After": "7"}}, "asked us to slow down"),
        ("status", {"status": 500, "times": 2}, "answered that it failed itself"),
        ("html", {"status": 502, "times": 2}, "answered that it failed itself"),
        ("garbage", {}, "could not read"),
        ("garbage", {"body": '{"status": 7}'}, "does not fit its documentation"),
        ("reset", {"times": 2}, "broke off its answer"),
        ("redirect", {}, "redirect, which is not followed"),
        ("huge", {}, "sent more than we accept"),
    ],
)
def test_a_failing_look_up_keeps_the_last_answer_with_its_age_and_the_reason(
    as_support, simulator, fault, how, says
):
    as_support.get(PAGE)
    simulator.fault(fault, match=STATUS, **how)
    page = as_support.post(PAGE + "refresh/", follow=True)
    assert page.status_code == 200
    assert says in page.text and "Connected?" in page.text and "last answer, from" in page.text
    assert "<script>alert" not in page.text


def test_a_refused_key_does_not_sign_anybody_out(as_support, simulator):
    as_support.get(PAGE)
    simulator.fault("status", match=STATUS, status=401)
    page = as_support.post(PAGE + "refresh/", follow=True)
    assert "tell whoever runs this panel" in page.text
    assert as_support.get("/sessions/").status_code == 200


def test_a_refused_key_is_told_on_every_page_until_the_account_answers_again(
    as_support, as_admin, simulator
):
    as_support.get(PAGE)
    simulator.fault("status", match=STATUS, status=401)
    as_support.post(PAGE + "refresh/")
    for page in (as_support.get("/sessions/"), as_admin.get("/audit/")):
        assert "Ping refuses our key since" in page.text
    as_support.get(f"/sessions/ping/{cast.PING_PAUSED}/")
    assert "refuses our key" not in as_admin.get("/audit/").text


def test_an_upstream_that_hangs_is_given_up_at_the_deadline(as_support, simulator, settings):
    as_support.get(PAGE)
    settings.UPSTREAM_READ_SECONDS = 0.5
    simulator.fault("hang", match=STATUS, seconds=20)
    assert "did not answer in time" in as_support.post(PAGE + "refresh/", follow=True).text


def test_an_unknown_session_is_a_404_that_says_who_said_so(as_support):
    page = as_support.get(f"/sessions/ping/{cast.PING_UNKNOWN}/")
    assert page.status_code == 404 and "Ping answered: not found, at <time" in page.text


def test_a_session_never_seen_while_the_upstream_fails_is_a_503_that_claims_nothing(
    as_support, simulator
):
    simulator.fault("status", match=STATUS, status=503, times=2)
    page = as_support.get(PAGE)
    assert page.status_code == 503 and "No answer" in page.text and "data-state" not in page.text


def test_a_word_that_is_not_documented_is_shown_as_it_is_and_never_as_active(as_support, simulator):
    simulator.fault("garbage", match=STATUS, body='{"client_id": "c", "status": "connected-ish"}')
    page = as_support.get(PAGE).text
    assert "connected-ish" in page and "not in the system" in page
    assert "dot-unknown" in page and "dot-ok" not in page.split("Timeline")[0]


def test_clocks_that_differ_are_pointed_out(as_support, simulator):
    as_support.get(PAGE)
    RemoteSession.objects.update(skew_seconds=-42.4)
    assert "The clocks differ by -42 s" in as_support.get(PAGE).text


def test_the_timeline_tells_sightings_failures_and_resumes_as_one_story(as_support, simulator):
    as_support.get(PAGE)
    as_support.post(PAGE + "resume/", {"reason": "False alarm", "ticket": "INC-9"})
    simulator.fault("status", match=STATUS, status=503, times=2)
    as_support.post(PAGE + "refresh/")
    page = as_support.get(PAGE).text
    timeline = page[page.index('class="timeline"') : page.index('id="answers"')]
    order = [timeline.index(words) for words in ("Look-up failed", "Was not paused", "Connected")]
    assert order == sorted(order)
    assert "False alarm" in timeline and "INC-9" in timeline


@pytest.mark.parametrize("looks", [1, 30])
def test_the_queries_do_not_grow_with_the_history(
    as_support, simulator, django_assert_num_queries, looks
):
    for number in range(looks):
        body = f'{{"client_id": "c", "status": "connected", "uploaded_bytes": {number}}}'
        simulator.fault("garbage", match=STATUS, body=body)
        as_support.get(PAGE) if number == 0 else as_support.post(PAGE + "refresh/")
    with django_assert_num_queries(QUERIES):
        as_support.get(PAGE)


QUERIES = 18


@pytest.mark.parametrize("who", ["as_viewer", "as_auditor"])
def test_those_who_may_only_look_see_no_button(request, who):
    page = request.getfixturevalue(who).get(PAGE)
    assert page.status_code == 200 and "Resume session</button>" not in page.text
    assert "Your role can view sessions" in page.text


def test_an_account_that_never_was_is_not_found(as_support):
    assert as_support.get("/sessions/nowhere/ses_1/").status_code == 404
    assert as_support.post("/sessions/nowhere/ses_1/refresh/").status_code == 404
