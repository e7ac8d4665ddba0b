"""The search box: whatever is pasted, the right session opens, or the page says why not."""

import pytest

from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

QUERIES = 17


def find(client, text):
    return client.get("/sessions/", {"q": text})


def test_the_root_leads_to_the_front_door(as_support):
    assert as_support.get("/").url == "/sessions/"


def test_an_empty_front_door_says_what_to_do(as_support):
    page = parse(as_support.get("/sessions/"))
    assert page.text(".empty h2") == "No sessions yet"
    assert page.text(".empty p").startswith("Paste an id")


def test_an_id_opens_its_session(as_support, simulator):
    answer = find(as_support, f" {cast.PING_PAUSED}\n")
    assert answer.url == f"/sessions/ping/{cast.PING_PAUSED}/"
    assert simulator.calls() == {f"GET /customer/v2/sessions/{cast.PING_PAUSED}/status": 1}


def test_opening_what_the_box_found_asks_nothing_again(as_support, simulator):
    as_support.get(find(as_support, cast.PING_PAUSED).url)
    assert simulator.call_count() == 1


def test_an_id_of_an_agent_opens_on_its_system(as_support):
    assert find(as_support, cast.AGI_PAUSED).url == f"/sessions/agi/{cast.AGI_PAUSED}/"


def test_an_agents_id_in_capitals_is_the_same_session(as_support, simulator):
    small = f"/sessions/agi/{cast.AGI_PAUSED}/"
    assert find(as_support, cast.AGI_PAUSED.upper()).url == small
    assert as_support.get(f"/sessions/agi/{cast.AGI_PAUSED.upper()}/").url == small
    as_support.post(f"/sessions/agi/{cast.AGI_PAUSED.upper()}/resume/", {"reason": "x"})
    assert RemoteSession.objects.get().session_id == cast.AGI_PAUSED


def test_an_id_that_several_could_own_is_asked_of_all_and_opens_where_it_is_known(
    as_support, simulator, settings
):
    settings.UPSTREAMS["ping"]["ID_PATTERN"] = ""
    assert find(as_support, cast.AGI_PAUSED).url == f"/sessions/agi/{cast.AGI_PAUSED}/"
    assert simulator.call_count() == 2


def test_an_id_known_to_two_accounts_shows_both_unmixed(as_support, settings):
    staging = settings.UPSTREAMS["ping"] | {"LABEL": "Ping staging"}
    settings.UPSTREAMS = {"ping": settings.UPSTREAMS["ping"], "ping-staging": staging}
    page = parse(find(as_support, cast.PING_PAUSED))
    assert page.attributes("tbody a", "href") == [
        f"/sessions/ping/{cast.PING_PAUSED}/",
        f"/sessions/ping-staging/{cast.PING_PAUSED}/",
    ]
    page = parse(as_support.get(f"/sessions/ping/{cast.PING_PAUSED}/"))
    assert "Same id in other accounts" in page.texts("h2")
    staging = page.one(f"#session a[href='/sessions/ping-staging/{cast.PING_PAUSED}/']")
    assert staging.text() == "Ping staging"


def test_an_unknown_id_says_who_answered_what_and_when_and_what_to_try(as_support):
    page = parse(find(as_support, cast.PING_UNKNOWN))
    row = page.one("tr[data-failure=not_found]")
    assert "Ping answered: not found, at" in row.text() and row.has("time")
    assert "What to try" in page.texts("h2")
    assert not RemoteSession.objects.exists()


def test_a_ticket_with_several_ids_lists_each_of_them(as_support, simulator):
    answer = find(
        as_support, f"INC-1: {cast.PING_PAUSED} and {cast.AGI_RUNNING}, not {cast.PING_UNKNOWN}"
    )
    page = parse(answer)
    assert page.texts("tbody a") == [cast.PING_PAUSED, cast.AGI_RUNNING]
    assert "Ping answered: not found" in page.text("tr[data-failure=not_found]")
    assert simulator.call_count() == 3


@pytest.mark.parametrize(
    "text",
    ["..", "../admin", "a b", "", "%0d%0aSet-Cookie:x", "x" * 129, "<script>alert(1)</script>"],
)
def test_what_is_no_id_is_echoed_escaped_and_asks_nothing(as_support, simulator, text):
    answer = find(as_support, text)
    assert answer.status_code == 400 and "<script>alert" not in answer.text
    assert simulator.call_count() == 0


def test_look_ups_over_the_limit_are_refused_and_audited_once(as_support, simulator, settings):
    settings.LOOKUP_LIMITS = [(2, 60)]
    ids = [cast.PING_PAUSED, cast.PING_CONNECTED, cast.AGI_PAUSED, cast.AGI_RUNNING]
    assert [find(as_support, each).status_code for each in ids] == [302, 302, 429, 429]
    assert find(as_support, cast.PING_PAUSED).status_code == 302, "what we know needs no look-up"
    assert simulator.call_count() == 2
    event = AuditEvent.objects.get(action="look_up_limit")
    assert event.actor_name == "support" and "2 look-ups" in event.detail


def test_the_list_of_a_system_is_asked_for_and_kept(as_support, simulator):
    page = parse(as_support.post("/sessions/agi/discover/", follow=True))
    assert RemoteSession.objects.filter(alias="agi", source="list").count() == len(
        cast.AGI_SESSIONS
    )
    rows = {row.text("label a"): row for row in page.css("#board tbody tr") if row.has("label")}
    assert rows[cast.AGI_PAUSED].text("td.p").startswith("Pausedlist,")
    assert simulator.calls() == {"GET /v1/sessions": 1}


def test_a_system_without_a_list_has_none_to_ask_for(as_support):
    assert as_support.post("/sessions/ping/discover/").status_code == 404


def test_a_list_that_fails_says_so(as_support, simulator):
    simulator.fault("status", status=503, match="GET /v1/sessions", times=2)
    answer = as_support.post("/sessions/agi/discover/")
    assert answer.status_code == 503 and "AGI reported an internal error" in answer.text


def test_without_an_upstream_history_can_still_be_read(as_support, settings):
    find(as_support, cast.PING_PAUSED)
    settings.UPSTREAMS = {}
    assert cast.PING_PAUSED in as_support.get("/sessions/?view=all").text
    page = parse(as_support.get(f"/sessions/ping/{cast.PING_PAUSED}/"))
    assert page.text("#card .notice h3") == "The account “ping” is no longer configured"
    assert not page.has("#resume-button")
    assert find(as_support, cast.PING_PAUSED).url == f"/sessions/ping/{cast.PING_PAUSED}/"
    assert "No upstream account" in find(as_support, cast.PING_UNKNOWN).text


@pytest.mark.parametrize("count", [2, 40])
def test_the_queries_do_not_grow_with_the_rows(
    as_support, simulator, django_assert_num_queries, count
):
    simulator.session("agi", count=count)
    as_support.post("/sessions/agi/discover/")
    as_support.get("/sessions/")
    with django_assert_num_queries(QUERIES):
        as_support.get("/sessions/")


def test_names_from_upstream_are_escaped_everywhere(as_support, settings):
    for session_id in (cast.PING_PAUSED_MARKUP, cast.PING_BIDI):
        page = as_support.get(f"/sessions/ping/{session_id}/").text
        assert "<script>alert" not in page and "\u202e" not in page
    page = as_support.get(f"/sessions/agi/{cast.AGI_MARKUP}/").text
    assert "<img src=x" not in page
