"""What acting on a session's page feels like: nothing typed is lost, and no button misleads."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.remote_sessions.models import RemoteSession
from tests.support.html import parse
from tests.support.session_actions import click_resume

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

PAGE = f"/sessions/ping/{cast.PING_PAUSED}/"
HTMX = {"HX-Request": "true"}


def panel(client, address=PAGE):
    return parse(client.get(address)).one("#resume")


def test_after_an_outcome_the_form_waits_behind_a_second_button(as_support, simulator):
    assert not panel(as_support).has("details.again")
    click_resume(as_support, "ping", cast.PING_PAUSED)
    folded = panel(as_support).one("details.again")
    assert folded.texts("summary")[0] == "Resume again…" and "open" not in folded
    assert folded.has("#resume-button")


def test_what_was_refused_or_not_sent_is_tried_again_with_the_main_button(as_support, simulator):
    simulator.fault("status", status=400, match="PATCH */resume")
    click_resume(as_support, "ping", cast.PING_PAUSED)
    assert not panel(as_support).has("details.again") and panel(as_support).has("#resume-button")


def test_a_form_with_a_mistake_is_not_folded(as_support, simulator):
    click_resume(as_support, "ping", cast.PING_PAUSED)
    answer = as_support.post(PAGE + "resume/", {"reason": "", "ticket": "INC-7"})
    assert not parse(answer).one("#resume").has("details.again")


def test_an_id_that_never_was_has_no_resume_panel_and_is_not_on_the_board(as_support, simulator):
    address = f"/sessions/ping/{cast.PING_UNKNOWN}/"
    click_resume(as_support, "ping", cast.PING_UNKNOWN)
    as_support.post(address + "refresh/")
    session = RemoteSession.objects.get(session_id=cast.PING_UNKNOWN)
    assert session.is_not_found
    page = parse(as_support.get(address))
    assert not page.has("#resume-button") and "doesn’t know this id" in page.text("#resume")
    assert "answered: not found" in page.text("#card")
    assert cast.PING_UNKNOWN not in parse(as_support.get("/sessions/")).text("#board")


def test_a_known_session_that_is_not_found_any_more_keeps_its_panel(as_support, simulator):
    as_support.get(PAGE)
    simulator.fault("status", status=404, match="GET */status", times=5)
    as_support.post(PAGE + "refresh/")
    assert panel(as_support).has("#resume-button")
    assert cast.PING_PAUSED in parse(as_support.get("/sessions/")).text("#board")


def test_look_again_says_what_it_found_beside_the_card(as_support, simulator):
    as_support.get(PAGE)
    looked = parse(as_support.post(PAGE + "refresh/", headers=HTMX)).one("#looked")
    assert looked.text().endswith(": Ping answered.") and looked.has("time")
    simulator.fault("status", status=500, match="GET */status", times=5)
    looked = parse(as_support.post(PAGE + "refresh/", headers=HTMX)).one("#looked")
    assert looked.text().endswith("Ping reported an internal error.")
    part = parse(as_support.get(PAGE + "team/"))
    assert not part.has("#looked"), "a heartbeat takes nothing away"


def test_not_sent_names_a_time_where_one_is_known(as_support, simulator, settings):
    settings.UPSTREAM_CIRCUIT_FAILURES = 1
    simulator.fault("status", status=500, match="*", times=99)
    for _ in range(6):
        as_support.post(PAGE + "refresh/")
    click_resume(as_support, "ping", cast.PING_PAUSED)
    outcome = panel(as_support).one("#outcome")
    assert outcome["data-result"] == "not_sent"
    assert int(outcome.one("[data-countdown]")["data-countdown"]) > 0
    assert "You can try again now" not in outcome.text()
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        outcome = panel(as_support).one("#outcome")
    assert "You can try again now" in outcome.text() and not outcome.has("[data-countdown]")


@pytest.mark.parametrize(
    ("summary", "kind"), [("They call back at 15:00", "handover"), ("", "assign")]
)
def test_assigning_never_throws_a_text_away(as_support, support2, summary, kind):
    as_support.get(PAGE)
    fields = {"act": "assign", "to": support2.pk, "summary": summary}
    assert as_support.post(PAGE + "assign/", fields).status_code == 302
    entry = TeamEntry.objects.get()
    assert (entry.kind, entry.text) == (kind, summary)
    assert TeamState.objects.get().assigned_to == support2


def test_what_a_paste_found_can_be_selected_with_its_ticket(as_support, as_viewer, simulator):
    text = {"q": f"INC-7: {cast.PING_PAUSED} and {cast.AGI_PAUSED}, {cast.PING_UNKNOWN}"}
    page = parse(as_support.get("/sessions/", text))
    assert page.attributes("#board tbody input[name=session]", "value") == [
        f"ping/{cast.PING_PAUSED}",
        f"agi/{cast.AGI_PAUSED}",
    ]
    preview = parse(
        as_support.post(
            "/resumes/bulk/",
            page.fields("#board")
            | {"session": page.attributes("#board tbody input[name=session]", "value")},
        )
    )
    assert preview.one("#bulk-form [name=ticket]")["value"] == "INC-7"
    assert not parse(as_viewer.get("/sessions/", text)).has("#board input[name=session]")
