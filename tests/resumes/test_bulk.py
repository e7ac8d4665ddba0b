"""Bulk resume: a list, one reason, an ordinary resume for each, and nothing is sent late."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.bulk import worker
from pingadmin.resumes.bulk.lifecycle import extend_lease
from pingadmin.resumes.models import Attempt, BulkResume
from tests.conftest import client_of
from tests.factories import RemoteSessionFactory
from tests.support.bulk_resumes import THREE, WHY, form_fields, names, outcomes
from tests.support.html import parse
from tests.support.session_actions import click_resume, resume_calls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams", "at_once")]

SELECT = "/resumes/bulk/"
LOOK_UP = "/resumes/bulk/look-up/"


@pytest.fixture
def at_once(monkeypatch):
    """Does the work before the start is answered, on this thread and its database connection."""
    monkeypatch.setattr(worker, "start_in_thread", worker.run)


@pytest.fixture
def without_worker(monkeypatch, at_once):
    """Nothing works on what is started, as when the process ends right then."""
    monkeypatch.setattr(worker, "start_in_thread", lambda bulk, by: None)


def select(client, *ids, text=""):
    return client.post(SELECT, {"session": names(ids), "ids": text})


def look_up(client, *, text):
    """Select by a text, then look everything up as a page without JavaScript does."""
    return client.post(LOOK_UP, form_fields(select(client, text=text).text))


def look_up_part(client, fields) -> str:
    """The table after the next look-ups, in the form where the page puts it."""
    part = client.post(LOOK_UP, fields, headers={"HX-Request": "true"}).text
    return f'<form id="bulk-form">{part}</form>'


def start(client, *ids, **more):
    """Select, then start with what the preview holds."""
    return client.post(
        "/resumes/bulk/start/", form_fields(select(client, *ids).text) | WHY | more, follow=True
    )


def preview_row(page: str, session_id: str):
    return parse(page).one(f'[data-item="ping/{session_id}"]')


def fault(simulator, session_id, kind, **more):
    simulator.fault(kind, match=f"PATCH */{session_id}/resume", **more)


def results_by_session() -> dict[str, str]:
    return {
        each.session.session_id: each.result for each in Attempt.objects.select_related("session")
    }


# --- Selecting ---


def test_the_page_asks_for_ids_and_says_what_to_do(as_support):
    page = as_support.get(SELECT).text
    assert "Session ids" in page and "You haven’t made a bulk resume yet" in page


def test_a_pasted_ticket_and_ticked_rows_become_one_list(as_support, simulator):
    page = select(as_support, THREE[0], text=f"INC-1: {THREE[0]} and {THREE[1]} hang").text
    assert form_fields(page)["session"] == names(THREE[:2])
    assert form_fields(page)["item"] == names(THREE[:1]), "nobody has seen the other one yet"
    assert parse(page).one("[name=ticket]")["value"] == "INC-1"
    assert "1 listed more than once" in page
    assert simulator.call_count("/sessions") == 0


def test_the_preview_shows_each_state_with_its_age_and_its_source(as_support):
    click_resume(as_support, "ping", THREE[0])
    as_support.get(f"/sessions/ping/{THREE[1]}/")
    page = select(as_support, *THREE, cast.PING_UNKNOWN).text
    row = preview_row(page, THREE[0])
    assert row["data-paused"] == "no"
    assert "will answer that it is not paused" in row.text()
    assert "answer to a resume" in row.text()
    row = preview_row(page, THREE[1])
    assert "Disconnected" in row.text() and "look-up" in row.text()
    assert row["data-age"] == "0"
    assert "Not seen yet" in preview_row(page, cast.PING_UNKNOWN).text()


def test_what_would_not_be_sent_is_explained_and_not_ticked(as_support, simulator):
    fault(simulator, THREE[0], "reset", after=True)
    click_resume(as_support, "ping", THREE[0])
    page = as_support.post(SELECT, {"session": [*names(THREE[:2]), "gone/ses_1"]}).text
    assert form_fields(page)["item"] == [f"ping/{THREE[1]}"]
    assert "the outcome of the last resume is unknown" in page
    assert "the account “gone” is no longer configured" in page


def test_the_person_chooses_where_several_accounts_could_own_an_id(as_support, settings):
    settings.UPSTREAMS = settings.UPSTREAMS | {
        "ping": settings.UPSTREAMS["ping"] | {"ID_PATTERN": ""}
    }
    page = select(as_support, text=cast.AGI_PAUSED).text
    assert "Several accounts could own an id" in page
    assert "item" not in form_fields(page)
    assert form_fields(page)["guess"] == [f"ping/{cast.AGI_PAUSED}", f"agi/{cast.AGI_PAUSED}"]
    as_support.get(f"/sessions/agi/{cast.AGI_PAUSED}/")
    assert form_fields(look_up(as_support, text=cast.AGI_PAUSED).text)["item"] == [
        f"agi/{cast.AGI_PAUSED}"
    ]


def test_what_a_look_up_finds_in_one_account_alone_is_no_guess_any_more(as_support, settings):
    settings.UPSTREAMS = settings.UPSTREAMS | {
        "ping": settings.UPSTREAMS["ping"] | {"ID_PATTERN": ""}
    }
    page = look_up(as_support, text=cast.AGI_PAUSED).text
    assert form_fields(page)["item"] == [f"agi/{cast.AGI_PAUSED}"]
    assert "Not found at Ping" in parse(page).text(f'[data-item="ping/{cast.AGI_PAUSED}"]')


def test_pasted_ids_are_looked_up_and_only_what_can_be_resumed_is_selected(as_support, simulator):
    gone, agents = cast.PING_UNKNOWN, [cast.AGI_PAUSED, cast.AGI_RUNNING]
    page = look_up(as_support, text=f"{THREE[0]} {gone} {' '.join(agents)}").text
    assert form_fields(page)["item"] == [f"ping/{THREE[0]}", f"agi/{cast.AGI_PAUSED}"]
    assert "Not found at Ping." in preview_row(page, gone).text()
    assert "4 of 4 pasted sessions looked up" in parse(page).text("#preview-table [role=status]")
    assert simulator.call_count() == 4 and not RemoteSession.objects.filter(session_id=gone)


def test_what_was_last_reported_not_paused_is_not_selected_though_that_is_in_doubt(as_support):
    long_ago = timezone.now() - timedelta(hours=3)
    RemoteSessionFactory(session_id=THREE[0], paused_reported=False, paused_reported_at=long_ago)
    page = look_up(as_support, text=" ".join(THREE[:2])).text
    assert form_fields(page)["item"] == names(THREE[1:2])


def test_the_look_ups_show_how_far_they_are_and_keep_what_was_unticked(as_support, simulator):
    ids = [f"ses_{number:010x}" for number in range(8)]
    for session_id in ids:
        simulator.session("ping", session_id=session_id)
    fields = form_fields(select(as_support, text=" ".join(ids)).text)
    part = look_up_part(as_support, fields)
    shown = parse(part)
    assert "6 of 8 pasted sessions looked up" in shown.text("[role=status]")
    assert shown.one("progress")["value"] == "6" and shown.one("section")["hx-trigger"] == "load"
    assert form_fields(part)["item"] == names(ids[:6])
    fields = form_fields(part) | {"item": names(ids[1:6])}
    part = look_up_part(as_support, fields)
    assert form_fields(part)["item"] == names(ids[1:])
    assert not parse(part).has("progress") and not parse(part).one("section")["hx-trigger"]


def test_an_upstream_without_an_answer_leaves_a_pasted_session_unselected(as_support, simulator):
    simulator.fault("status", status=500, match=f"GET */{THREE[0]}/status", times=9)
    page = look_up(as_support, text=" ".join(THREE[:2])).text
    assert "No answer." in preview_row(page, THREE[0]).text()
    assert form_fields(page)["item"] == names(THREE[1:2])


def test_look_ups_beyond_the_limit_are_not_made_and_say_so(as_support, simulator, settings):
    settings.LOOKUP_LIMITS = [(6, 60)]
    ids = [f"ses_{number:010x}" for number in range(8)]
    page = look_up(as_support, text=" ".join(ids)).text
    assert simulator.call_count() == 6
    assert "your limit on look-ups is reached" in preview_row(page, ids[7]).text()


def test_sessions_that_are_known_do_not_count_as_ids_that_are_tried(
    as_support, simulator, settings
):
    settings.LOOKUP_LIMITS = [(1, 60)]
    ids = [f"ses_{number:010x}" for number in range(8)]
    for each in ids[1:]:
        RemoteSessionFactory(session_id=each)
    page = look_up(as_support, text=" ".join(ids)).text
    assert simulator.call_count() == 8 and "your limit on look-ups" not in page


def test_how_many_sessions_it_may_have_is_a_setting(as_support, settings):
    settings.BULK_MOST = 2
    page = select(as_support, text=" ".join(THREE)).text
    assert "That text holds 3 ids; the limit is 2 at a time. Remove 1." in page
    assert "Up to 2 at a time" in as_support.get(SELECT).text


def test_21_sessions_are_refused_with_the_number_and_the_text_stays(as_support):
    text = " ".join(f"ses_{number:010x}" for number in range(21))
    answer = select(as_support, text=text)
    assert answer.status_code == 400 and text in answer.text
    assert "holds 21 ids; the limit is 20 at a time. Remove 1." in answer.text
    ticked = select(as_support, *text.split())
    assert ticked.status_code == 400 and "These are 21 sessions" in ticked.text
    assert select(as_support, *text.split()[:20]).status_code == 200


@pytest.mark.parametrize(
    "name", ["", "ping", "ping/", "/ses_1", "ping/..", "PING/ses_1", "ping/<b>", "ping/ses_1\n"]
)
def test_a_malformed_name_is_refused(as_support, name):
    for address in (SELECT, "/resumes/bulk/start/"):
        answer = as_support.post(address, {"session": name, "item": name} | WHY)
        assert answer.status_code == 400 and "Select them again" in answer.text


@pytest.mark.parametrize("text", ["", "   ", "nothing in here", "x" * 20_001])
def test_a_text_without_ids_is_answered_with_what_to_do(as_support, text):
    answer = as_support.post(SELECT, {"ids": text})
    assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_the_preview_tells_the_limits(as_support, settings):
    settings.RESUME_LIMITS = [(2, 60), (60, 3600)]
    page = select(as_support, *THREE).text
    assert "(2 in 1 min, 60 in 60 min) allow 2 now: 1 of these 3 would not be sent" in page


# --- The run ---


def test_each_is_an_ordinary_resume_with_its_own_audit_entry(as_support, simulator):
    page = start(as_support, *THREE).text
    assert outcomes(page) == ["Accepted"] * 3 and "all 3 have an outcome" in page
    assert resume_calls(simulator) == 3
    bulk = BulkResume.objects.get()
    events = AuditEvent.objects.filter(action="resume", batch=str(bulk.pk)).order_by("seq")
    assert [event.phase for event in events] == ["intent", "outcome"] * 3
    assert [event.session_id for event in events][::2] == THREE
    assert {event.reason for event in events if event.phase == "intent"} == {"Customer approved"}
    assert all(
        '"state":"Not seen yet"' in event.shown.replace(": ", ":")
        for event in events
        if event.phase == "intent"
    )


def test_the_list_is_in_the_audit_log_before_anything_is_sent(
    as_support, simulator, without_worker
):
    start(as_support, *THREE)
    event = AuditEvent.objects.get(action="bulk_resume")
    assert all(session_id in event.detail for session_id in THREE) and event.ticket == "INC-4412"
    assert resume_calls(simulator) == 0


def test_one_list_may_hold_sessions_of_both_systems(as_support):
    sent = form_fields(
        as_support.post(SELECT, {"session": [f"ping/{THREE[0]}", f"agi/{cast.AGI_PAUSED}"]}).text
    )
    page = as_support.post("/resumes/bulk/start/", sent | WHY, follow=True).text
    assert outcomes(page) == ["Accepted", "Confirmed"]


def test_every_item_shows_its_own_outcome(as_support, simulator):
    refusal = '{"error": {"code": "quota", "message": "<img src=x onerror=alert(1)>"}}'
    fault(simulator, THREE[0], "status", status=400, body=refusal)
    fault(simulator, THREE[1], "close")
    page = start(as_support, *THREE, cast.PING_CONNECTED).text
    assert outcomes(page) == ["Refused", "Outcome unknown", "Accepted", "Was not paused"]
    assert "&lt;img src=x" in page and "<img src=x" not in page
    assert resume_calls(simulator) == 4


def test_a_hanging_session_is_unknown_and_the_next_one_is_resumed(
    as_support, simulator, seconds_for_answer
):
    seconds_for_answer(3)
    fault(simulator, THREE[0], "hang", seconds=20)
    assert outcomes(start(as_support, *THREE[:2]).text) == ["Outcome unknown", "Accepted"]


def test_an_unticked_session_is_not_sent(as_support, simulator):
    start(as_support, *THREE, item=names(THREE[:1]))
    assert list(results_by_session()) == THREE[:1] and resume_calls(simulator) == 1


def test_a_colleague_who_is_resuming_one_is_named_and_the_rest_continues(
    as_support, support2, simulator
):
    sent = form_fields(select(as_support, *THREE).text)
    click_resume(client_of(support2), "ping", THREE[1])
    Attempt.objects.update(is_open=True, result="", closed_at=None)
    page = as_support.post("/resumes/bulk/start/", sent | WHY, follow=True).text
    assert (
        outcomes(page) == ["Accepted", "Not sent", "Accepted"]
        and "support2 is resuming this session" in page
    )
    assert resume_calls(simulator) == 3


def test_sessions_beyond_the_limit_are_not_sent_and_the_page_says_when_they_can_be(
    as_support, settings, simulator
):
    settings.RESUME_LIMITS = [(2, 60)]
    page = start(as_support, *THREE).text
    assert (
        outcomes(page) == ["Accepted", "Accepted", "Not sent"]
        and "the limit is 2 resumes by support in 1 min" in page
    )
    assert resume_calls(simulator) == 2
    assert AuditEvent.objects.filter(action="resume_limit").count() == 1


@pytest.mark.parametrize(
    ("kind", "more", "first", "message"),
    [
        ("status", {"status": 429}, ["Refused"], "asked us to slow down before"),
        ("status", {"status": 401}, ["Refused"], "refused our key before"),
        ("reset", {"after": True}, ["Outcome unknown"] * 2, "look at those first"),
    ],
)
def test_an_account_that_refuses_or_loses_requests_is_not_asked_again(
    as_support, simulator, kind, more, first, message
):
    simulator.fault(kind, match="PATCH */resume", times=0, **more)
    sent = form_fields(
        as_support.post(SELECT, {"session": [*names(THREE), f"agi/{cast.AGI_PAUSED}"]}).text
    )
    page = as_support.post("/resumes/bulk/start/", sent | WHY, follow=True).text
    rest = ["Not sent"] * (3 - len(first))
    assert outcomes(page) == [*first, *rest, "Confirmed"] and message in page
    assert simulator.call_count("PATCH") == len(first)


def test_an_unreachable_account_is_given_up_after_three(as_support, dead_upstreams):
    ids = [*THREE, cast.PING_CONNECTED, cast.PING_ENDED]
    page = start(as_support, *ids).text
    assert (
        outcomes(page) == ["Not sent"] * 5
        and "the last three at Ping couldn’t be sent either" in page
    )
    assert Attempt.objects.count() == 3


def test_it_ends_while_an_outcome_waits_to_be_recorded(as_support, simulator, monkeypatch):
    def refuse() -> int:
        raise OperationalError

    monkeypatch.setattr("pingadmin.resumes.unrecorded_outcomes.record_all", refuse)
    page = start(as_support, *THREE).text
    assert outcomes(page) == ["Not sent"] * 3 and "the audit log couldn’t be written" in page
    assert resume_calls(simulator) == 0


# --- One start for one form ---


def test_a_form_sent_twice_is_one_bulk_resume(as_support, simulator):
    sent = form_fields(select(as_support, *THREE).text) | WHY
    first, second = (as_support.post("/resumes/bulk/start/", sent) for _ in range(2))
    assert first["Location"] == second["Location"] and BulkResume.objects.count() == 1
    assert resume_calls(simulator) == 3


def test_a_form_sent_again_while_it_runs_leads_to_the_same_page(as_support, without_worker):
    sent = form_fields(select(as_support, *THREE).text) | WHY
    first, second = (as_support.post("/resumes/bulk/start/", sent) for _ in range(2))
    assert second.status_code == 302 and first["Location"] == second["Location"]


def test_the_form_tokens_of_a_used_preview_start_nothing_else(as_support, simulator):
    sent = form_fields(select(as_support, *THREE).text) | WHY
    as_support.post("/resumes/bulk/start/", sent)
    answer = as_support.post("/resumes/bulk/start/", sent | {"token": str(uuid.uuid4())})
    assert answer.status_code == 409 and "was used before" in answer.text
    assert BulkResume.objects.count() == 1 and resume_calls(simulator) == 3


def test_a_preview_of_another_person_starts_nothing(as_support, support2, simulator):
    sent = form_fields(select(as_support, *THREE).text) | WHY
    assert client_of(support2).post("/resumes/bulk/start/", sent).status_code == 409
    as_support.post("/resumes/bulk/start/", sent)
    own = form_fields(select(client_of(support2), *THREE).text) | WHY | {"token": sent["token"]}
    assert client_of(support2).post("/resumes/bulk/start/", own).status_code == 409
    assert resume_calls(simulator) == 3 and BulkResume.objects.count() == 1


def test_a_person_has_one_running_bulk_resume(as_support, without_worker):
    start(as_support, *THREE[:1])
    answer = start(as_support, *THREE[1:])
    assert answer.status_code == 409 and "still running" in answer.text
    assert str(BulkResume.objects.get().pk) in answer.text


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"reason": ""}, "Say why in a few words"),
        ({"reason": "x" * 501}, "under 500 characters"),
        ({"ticket": "not a ticket!"}, "doesn’t look like a ticket"),
        ({"item": []}, "Select 1 to 20 sessions"),
        ({"item": names(f"ses_{number}" for number in range(21))}, "Select 1 to 20 sessions"),
    ],
)
def test_a_form_with_a_mistake_sends_nothing_and_keeps_what_was_typed(
    as_support, simulator, mistake, message
):
    answer = start(as_support, *THREE, **({"item": names(THREE[:2])} | mistake))
    assert answer.status_code == 400 and message in answer.text
    still_ticked = set(form_fields(answer.text).get("item", []))
    assert still_ticked == set(names(THREE)) & set(mistake.get("item", names(THREE[:2])))
    assert (WHY | mistake)["reason"] in answer.text and (WHY | mistake)["ticket"] in answer.text
    assert resume_calls(simulator) == 0 and not BulkResume.objects.exists()


# --- The end, and nothing after it ---


def test_a_list_without_a_worker_is_lost_and_never_sent_late(
    as_support, support, simulator, without_worker
):
    page = start(as_support, *THREE).text
    assert outcomes(page) == ["Waiting"] * 3
    bulk = BulkResume.objects.get()
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=True):
        assert not extend_lease(bulk)
        worker.run(bulk, by=actor(support))
    assert resume_calls(simulator) == 0
    BulkResume.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    page = as_support.get(reverse("bulk:progress", args=[bulk.pk])).text
    assert outcomes(page) == ["Not sent"] * 3 and "the process that worked on it is gone" in page


def test_a_stop_leaves_the_rest_unsent_and_is_audited(
    as_support, support, support2, simulator, without_worker
):
    start(as_support, *THREE)
    bulk = BulkResume.objects.get()
    page = client_of(support2).post(reverse("bulk:stop", args=[bulk.pk]), follow=True).text
    assert "Stopping after the current session" in page
    worker.run(bulk, by=actor(support))
    page = as_support.get(reverse("bulk:progress", args=[bulk.pk])).text
    assert outcomes(page) == ["Not sent"] * 3 and "support2 stopped it" in page
    assert (
        AuditEvent.objects.get(action="bulk_stop").batch == str(bulk.pk)
        and resume_calls(simulator) == 0
    )


def test_it_ends_when_its_time_is_over(as_support, support, simulator, settings, without_worker):
    start(as_support, *THREE)
    settings.BULK_SECONDS = -1
    worker.run(BulkResume.objects.get(), by=actor(support))
    assert (
        "it took longer than" in BulkResume.objects.get().end_reason
        and resume_calls(simulator) == 0
    )


def test_it_ends_when_its_person_may_no_longer_resume(
    as_support, support, simulator, without_worker
):
    start(as_support, *THREE)
    support.groups.clear()
    worker.run(BulkResume.objects.get(), by=actor(support))
    assert "may no longer resume sessions" in BulkResume.objects.get().end_reason
    assert resume_calls(simulator) == 0


def test_a_retry_holds_exactly_the_unsent_sessions(as_support, settings, simulator):
    settings.RESUME_LIMITS = [(3, 60)]
    fault(simulator, THREE[0], "status", status=400)
    fault(simulator, THREE[1], "close")
    start(as_support, *THREE, cast.PING_CONNECTED, cast.PING_ENDED)
    bulk = BulkResume.objects.get()
    preview = as_support.post(reverse("bulk:retry", args=[bulk.pk]))
    sent = form_fields(preview.text)
    assert sent["item"] == names([cast.PING_CONNECTED, cast.PING_ENDED])
    assert "Customer approved" in preview.text and "INC-4412" in preview.text
    settings.RESUME_LIMITS = [(30, 60)]
    page = as_support.post("/resumes/bulk/start/", sent | WHY, follow=True).text
    assert outcomes(page) == ["Was not paused", "Was not paused"] and str(bulk.pk) in page
    assert BulkResume.objects.get(retry_of=bulk)


def test_there_is_no_retry_when_everything_was_sent(as_support):
    page = start(as_support, *THREE[:1]).text
    assert "bulk-retry" not in page
    answer = as_support.post(reverse("bulk:retry", args=[BulkResume.objects.get().pk]))
    assert answer.status_code == 302


# --- The page that follows it ---


def test_the_team_sees_it_and_a_viewer_gets_no_buttons(as_support, as_viewer, without_worker):
    start(as_support, *THREE)
    bulk = BulkResume.objects.get()
    page = as_viewer.get(reverse("bulk:progress", args=[bulk.pk])).text
    assert outcomes(page) == ["Waiting"] * 3 and "bulk-stop" not in page
    assert as_viewer.post(reverse("bulk:stop", args=[bulk.pk])).status_code == 403
    assert as_viewer.get(SELECT).status_code == 403


def test_the_fragment_is_304_until_something_changes(as_support, support, without_worker):
    page = start(as_support, *THREE).text
    bulk = BulkResume.objects.get()
    progress = parse(page).one("#bulk")
    assert "every 2s" in progress["hx-trigger"]
    assert "X-Poll" in progress["hx-headers"], "polling must not keep a sign-in alive"
    seen = progress["hx-get"].partition("?seen=")[2]
    address = reverse("bulk:now", args=[bulk.pk])
    assert as_support.get(address, {"seen": seen}).status_code == 304
    worker.run(bulk, by=actor(support))
    answer = as_support.get(address, {"seen": seen})
    assert answer.status_code == 200 and "<html" not in answer.text
    assert "hx-get" not in parse(answer).one("#bulk"), "it ended: nothing polls any more"


def test_the_number_of_queries_does_not_depend_on_the_items(as_support):
    def queries(call) -> int:
        with CaptureQueriesContext(connection) as captured:
            call()
        return len(captured)

    for ids in (THREE[:1], [*THREE, cast.PING_CONNECTED]):
        start(as_support, *ids)
    many, one = BulkResume.objects.order_by("-begun_at")
    query_counts = [
        queries(lambda pk=bulk.pk: as_support.get(reverse("bulk:now", args=[pk])))
        for bulk in (one, many)
    ]
    assert query_counts[0] == query_counts[1]
    assert queries(lambda: select(as_support, *THREE[:1])) == queries(
        lambda: select(as_support, *THREE)
    )


def test_an_audit_entry_links_to_its_bulk_resume(as_support):
    start(as_support, cast.PING_CONNECTED)
    start(as_support, *THREE)
    bulk = BulkResume.objects.latest("begun_at")
    head = AuditEvent.objects.filter(phase="intent", batch=str(bulk.pk)).first()
    page = as_support.get(f"/audit/{head.seq}/").text
    assert "one of 3" in page and reverse("bulk:progress", args=[bulk.pk]) in page
    log = as_support.get("/audit/", {"batch": str(bulk.pk), "action": "resume"}).text
    assert "3 entries match" in log


def actor(person) -> Actor:
    return Actor("person", str(person.pk), person.username, "support")
