"""A bulk resume in real processes: its thread, and what a kill, a stop and a second click leave."""

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from pingadmin.demo import cast
from tests.support.bulk_resumes import THREE, WHY, form_fields, names, outcomes
from tests.support.disruptions import let_leases_lapse, other_writer, reconcile_until, until
from tests.support.html import parse

pytestmark = pytest.mark.process


def preview(person, ids=THREE) -> dict:
    return form_fields(person.post("/resumes/bulk/", {"session": names(ids)}).text) | WHY


def start(person, ids=THREE) -> str:
    """Start with these; the address of the page that follows it."""
    person.get("/resumes/bulk/")
    answer = person.post("/resumes/bulk/start/", preview(person, ids))
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def is_over(person, address):
    return lambda: parse(person.get(address)).has("[data-running=false]")


def test_it_runs_by_itself_and_calls_once_for_each(panel, simulator):
    person = panel.login("support")
    address = start(person)
    until(is_over(person, address))
    assert outcomes(panel.login("viewer").get(address).text) == ["Accepted"] * 3
    assert sorted(simulator.calls("/resume").values()) == [1, 1, 1]


def test_two_clicks_at_once_start_it_once(panel, simulator):
    person = panel.login("support")
    person.get("/resumes/bulk/")
    sent = preview(person)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: person.post("/resumes/bulk/start/", sent), range(2)))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    until(is_over(person, answers[0].headers["Location"]))
    assert sorted(simulator.calls("/resume").values()) == [1, 1, 1]


def test_a_process_killed_half_way_leaves_a_true_record_and_sends_nothing_late(
    new_panel, simulator
):
    panel = new_panel()
    simulator.fault("hang", match=f"PATCH */{THREE[1]}/resume", seconds=30)
    address = start(panel.login("support"))
    until(lambda: len(simulator.calls("/resume")) == 2)
    panel.kill()
    let_leases_lapse(panel)
    panel.start()
    person = panel.login("support")
    until(is_over(person, address))
    page = person.get(address).text
    assert outcomes(page)[::2] == ["Accepted", "Not sent"] and outcomes(page)[1] != "Not sent"
    assert "the process that worked on it is gone" in page
    reconcile_until(panel, lambda: "Outcome unknown" in outcomes(person.get(address).text))
    retried = form_fields(person.post(address + "retry/").text)
    assert retried["item"] == names(THREE[2:])
    assert sorted(simulator.calls("/resume").values()) == [1, 1]


def test_a_server_that_is_told_to_stop_finishes_the_item_under_way_and_sends_no_other(
    new_panel, simulator
):
    panel = new_panel(workers=1)
    simulator.fault("delay", match=f"PATCH */{THREE[0]}/resume", seconds=3)
    address = start(panel.login("support"))
    until(lambda: simulator.calls("/resume"))
    panel.server.end()
    panel.start()
    page = panel.login("support").get(address).text
    assert (
        outcomes(page) == ["Accepted", "Not sent", "Not sent"]
        and "the server was told to stop" in page
    )
    assert len(simulator.calls("/resume")) == 1


def test_a_stop_lets_the_item_under_way_end(panel, simulator):
    simulator.fault("delay", match=f"PATCH */{THREE[0]}/resume", seconds=4)
    person = panel.login("support")
    address = start(person)
    until(lambda: simulator.calls("/resume"))
    assert person.post(address + "stop/").status_code == 302
    until(is_over(person, address))
    page = person.get(address).text
    assert outcomes(page) == ["Accepted", "Not sent", "Not sent"] and "support stopped it" in page
    assert len(simulator.calls("/resume")) == 1


def test_a_locked_database_starts_nothing(new_panel, simulator):
    panel = new_panel(workers=1, DATABASE_WAIT_SECONDS="0.2")
    person = panel.login("support")
    person.get("/resumes/bulk/")
    sent = preview(person)
    with other_writer(panel):
        answer = person.post("/resumes/bulk/start/", sent)
    assert (
        answer.status_code == 503
        and "Nothing was sent: the audit log can’t be written" in answer.text
    )
    assert "Customer approved" in answer.text
    assert panel.rows("SELECT * FROM resumes_bulkresume") == [] and simulator.calls("/resume") == {}


def test_it_runs_on_postgresql_too(panel_on_postgres, simulator):
    person = panel_on_postgres.login("support")
    person.get("/resumes/bulk/")
    sent = preview(person, [*THREE, cast.PING_CONNECTED])
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: person.post("/resumes/bulk/start/", sent), range(2)))
    addresses = {answer.headers.get("Location") for answer in answers}
    assert len(addresses) == 1
    address = addresses.pop()
    until(is_over(person, address))
    page = person.get(address).text
    assert outcomes(page) == ["Accepted"] * 3 + ["Was not paused"]
    assert re.search(r"audit #\d+", parse(page).text())
    assert sorted(simulator.calls("/resume").values()) == [1] * 4


def test_two_bulk_resumes_of_one_person_start_one_after_the_other(panel_on_postgres, simulator):
    """On SQLite only one transaction writes at a time; on PostgreSQL they wait for the person."""
    person = panel_on_postgres.login("support")
    person.get("/resumes/bulk/")
    forms = [preview(person, THREE[:1]), preview(person, THREE[1:2])]
    hold = "SELECT 1 FROM accounts_user WHERE username = 'support' FOR UPDATE"
    waiting = "SELECT count(*) AS number FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with ThreadPoolExecutor(2) as pool:
        with psycopg.connect(panel_on_postgres.environment["DATABASE_URL"]) as connection:
            connection.execute(hold)
            starts = [pool.submit(person.post, "/resumes/bulk/start/", form) for form in forms]
            until(lambda: panel_on_postgres.rows(waiting)[0]["number"] == 2)
        statuses = sorted(start.result().status_code for start in starts)
    assert statuses == [302, 409]
    assert len(panel_on_postgres.rows("SELECT * FROM resumes_bulkresume")) == 1
