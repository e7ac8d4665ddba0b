"""Attempts that meet killed processes, other writers and full disks (faults.md, T34 to T44)."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from pingadmin.demo import cast
from tests.support.disruptions import (
    fill_the_disk,
    ignoring_a_dead_server,
    in_background,
    is_connected,
    let_leases_lapse,
    other_writer,
    reader,
    reconcile_until,
    until,
)
from tests.support.html import parse
from tests.support.panel import Panel, panel_environment
from tests.support.panel_resumes import PAGE, RESUME, WHY, is_called, stored_attempts

pytestmark = pytest.mark.process

MATCH = "PATCH */resume"


def events(panel):
    rows = panel.rows(
        "SELECT phase, result FROM audit_auditevent WHERE action IN ('resume', 'look') ORDER BY seq"
    )
    return [(row["phase"], row["result"]) for row in rows]


def test_two_people_at_once_make_one_call_and_the_second_reads_who(panel, simulator):
    simulator.fault("delay", match=MATCH, seconds=3)
    people = [panel.login("support"), panel.login("support2")]
    together = threading.Barrier(2)

    def click(person):
        together.wait(60)
        return person.post(RESUME, WHY)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(click, people), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [302, 409]
    assert "is resuming this session" in answers[1].text
    assert simulator.call_count("/resume") == 1
    assert events(panel) == [("intent", ""), ("outcome", "ok")]


def test_a_double_click_makes_one_call_and_ends_in_one_result(panel, simulator):
    simulator.fault("delay", match=MATCH, seconds=3)
    person = panel.login("support")
    page = parse(person.get(PAGE))
    form_token = page.one("form[action$='/resume/'] [name=form_token]")["value"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda _: person.post(RESUME, WHY | {"form_token": form_token}), range(2))
        )
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    assert person.post(RESUME, WHY | {"form_token": form_token}).status_code == 302
    assert simulator.call_count("/resume") == 1 and len(stored_attempts(panel)) == 1


def test_a_browser_that_goes_away_does_not_lose_the_outcome(panel, simulator):
    simulator.fault("delay", match=MATCH, seconds=3)
    person = panel.login("support")
    with pytest.raises(requests.Timeout):
        person.http.post(
            panel.url + RESUME,
            data=WHY | {"csrfmiddlewaretoken": person.http.cookies["csrf"]},
            timeout=0.3,
        )
    until(lambda: events(panel) == [("intent", ""), ("outcome", "ok")])
    assert simulator.call_count("/resume") == 1


def test_a_deploy_during_a_resume_waits_for_its_outcome(new_panel, simulator):
    panel = new_panel()
    simulator.fault("delay", match=MATCH, seconds=3)
    person = panel.login("support")
    with in_background(lambda: person.post(RESUME, WHY)) as answer:
        until(is_called(simulator))
        panel.server.end()
        assert answer.result().status_code == 302
    assert events(panel) == [("intent", ""), ("outcome", "ok")]


def test_a_process_killed_while_calling_leaves_an_intent_that_reconcile_closes_as_unknown(
    new_panel, simulator
):
    panel = new_panel()
    simulator.fault("hang", match=MATCH, seconds=30)
    person = panel.login("support")
    with in_background(lambda: ignoring_a_dead_server(lambda: person.post(RESUME, WHY))):
        until(is_called(simulator))
        panel.kill()
    assert events(panel) == [("intent", "")] and stored_attempts(panel)[0]["is_open"] == 1
    panel.start()
    assert "is resuming this session" in panel.login("support2").get(PAGE).text
    let_leases_lapse(panel)
    reconcile_until(panel, lambda: len(events(panel)) == 3)
    assert events(panel) == [("intent", ""), ("outcome", "unknown"), ("evidence", "")]
    assert stored_attempts(panel)[0]["word"] == "process_lost"
    page = parse(panel.login("support").get(PAGE))
    assert page.has("[data-result=unknown]") and page.has("[data-state=disconnected]")
    assert "Resume session" in page.texts("button"), "the block is lifted: somebody has looked"
    assert simulator.call_count("/resume") == 1


def test_a_process_killed_between_answer_and_outcome_is_told_the_same_way(new_panel, simulator):
    panel = new_panel(DATABASE_WAIT_SECONDS="60")
    simulator.fault("delay", match=MATCH, seconds=2)
    person = panel.login("support")
    with in_background(lambda: ignoring_a_dead_server(lambda: person.post(RESUME, WHY))):
        until(is_called(simulator))
        with other_writer(panel):
            until(lambda: not is_connected(panel.pids(), simulator.url))
            panel.kill()
    assert events(panel) == [("intent", "")]
    let_leases_lapse(panel)
    reconcile_until(panel, lambda: not stored_attempts(panel)[0]["is_open"])
    assert events(panel)[:2] == [("intent", ""), ("outcome", "unknown")]
    assert simulator.call_count("/resume") == 1


def test_a_locked_database_before_the_intent_sends_nothing(new_panel, simulator):
    panel = new_panel(DATABASE_WAIT_SECONDS="0.2")
    person = panel.login("support")
    person.get(PAGE)
    with other_writer(panel):
        answer = person.post(RESUME, WHY)
    assert (
        answer.status_code == 503
        and "Nothing was sent: the audit log can’t be written" in answer.text
    )
    assert "Customer approved" in answer.text
    assert simulator.call_count("/resume") == 0 and events(panel) == []


def test_a_database_file_that_was_taken_away_is_noticed_and_nothing_is_sent(new_panel, simulator):
    panel = new_panel(workers=1)
    person = panel.login("support")
    person.get(PAGE)
    for file in panel.directory.glob("pingadmin.sqlite3*"):
        file.rename(file.with_name(f"away-{file.name}"))
    assert person.post(RESUME, WHY).status_code == 503
    assert panel.visitor().get("/readyz").status_code == 503
    assert simulator.call_count("/resume") == 0


def test_a_full_disk_before_the_intent_sends_nothing(new_panel, simulator):
    panel = new_panel()
    person = panel.login("support")
    person.get(PAGE)
    with reader(panel):
        fill_the_disk(panel)
        answer = person.post(RESUME, WHY)
    assert answer.status_code == 503 and "Nothing was sent" in answer.text
    assert simulator.call_count("/resume") == 0 and events(panel) == []


@pytest.mark.parametrize("healer", ["the next press", "a probe", "reconcile"])
def test_an_outcome_that_cannot_be_written_is_kept_and_recorded_by_whoever_comes_next(
    new_panel, simulator, healer
):
    panel = new_panel(DATABASE_WAIT_SECONDS="0.2")
    simulator.fault("delay", match=MATCH, seconds=2)
    person = panel.login("support")
    person.get(PAGE)
    other = f"/sessions/ping/{cast.PING_PAUSED_TOO}/resume/"
    kept = panel.directory / "data" / "unrecorded-outcomes.jsonl"
    with in_background(lambda: person.post(RESUME, WHY)) as answer:
        until(is_called(simulator))
        with other_writer(panel):
            page = answer.result()
            probe = panel.visitor().get("/readyz")
            refused = person.post(other, WHY)
    assert page.status_code == 200 and "could not be written" in page.text
    assert parse(page).has("[data-result=ok]") and "is resuming this session" not in page.text
    assert "Resume session" not in parse(page).texts("button")
    assert events(panel) == [("intent", "")]
    assert json.loads(kept.read_text())["answer"]["result"] == "ok"
    assert "outcome known but not recorded" in panel.server.output
    assert probe.status_code == 503 and "outcomes: 1 wait to be recorded" in probe.text
    assert refused.status_code == 503 and simulator.call_count("/resume") == 1

    if healer == "a probe":
        until(lambda: panel.visitor().get("/readyz").status_code == 200)
    elif healer == "reconcile":
        panel.manage("reconcile")
    else:
        assert person.post(other, WHY).status_code == 302
    assert events(panel)[:2] == [("intent", ""), ("outcome", "ok")] and not kept.exists()


@pytest.mark.postgres
def test_a_database_that_is_away_at_the_outcome_leaves_a_page_that_says_what_is_known(
    panel_on_postgres, postgres, simulator
):
    panel = panel_on_postgres
    simulator.fault("delay", match=MATCH, seconds=2)
    person = panel.login("support")
    person.get(PAGE)
    url = panel.environment["DATABASE_URL"]
    server, _, name = url.rpartition("/")

    def execute(statement: str) -> None:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    with in_background(lambda: person.post(RESUME, WHY)) as answer:
        until(is_called(simulator))
        execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        page = answer.result()
    assert page.status_code == 200 and parse(page).has("[data-result=ok]")
    assert "could not be written to the database" in page.text
    assert panel.visitor().get("/readyz").text == "database: cannot be reached\n"
    execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    other = f"/sessions/ping/{cast.PING_PAUSED_TOO}/resume/"
    until(lambda: person.post(other, WHY).status_code == 302)
    assert events(panel)[:2] == [("intent", ""), ("outcome", "ok")]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 16 MiB, that can be filled and made read-only."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_disk_that_is_really_full_after_the_call_still_takes_the_outcome(
    small_disk, furnished_file, simulator
):
    panel = panel_on(small_disk, furnished_file, simulator)
    try:
        simulator.fault("delay", match=MATCH, seconds=2)
        person = panel.login("support")
        person.get(PAGE)
        filler = small_disk / "filler"
        with in_background(lambda: person.post(RESUME, WHY)) as answer, reader(panel):
            until(is_called(simulator))
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            page = answer.result()
            probe = panel.visitor().get("/readyz")
        assert page.status_code == 200 and parse(page).has("[data-result=ok]")
        assert "It is kept in a file" in page.text
        assert probe.status_code == 503
        filler.unlink()
        until(lambda: panel.visitor().get("/readyz").status_code == 200)
        assert events(panel)[:2] == [("intent", ""), ("outcome", "ok")]
        assert simulator.call_count("/resume") == 1
    finally:
        panel.close()


def test_a_data_directory_that_turned_read_only_leaves_the_outcome_in_the_log(
    small_disk, new_panel, simulator
):
    panel = new_panel(DATA_DIR=str(small_disk), DATABASE_WAIT_SECONDS="0.2")
    simulator.fault("delay", match=MATCH, seconds=2)
    person = panel.login("support")
    person.get(PAGE)
    with in_background(lambda: person.post(RESUME, WHY)) as answer:
        until(is_called(simulator))
        subprocess.run(["mount", "-o", "remount,ro,size=16m", small_disk], check=True)
        with other_writer(panel):
            page = answer.result()
    assert page.status_code == 200 and parse(page).has("[data-result=ok]")
    assert "in this panel’s log alone" in page.text
    line = next(row for row in panel.server.output.splitlines() if "known but not" in row)
    assert '\\"result\\": \\"ok\\"' in line
    probe = panel.visitor().get("/readyz")
    assert probe.status_code == 503 and f"DATA_DIR ({small_disk})" in probe.text
    assert person.post(RESUME, WHY).status_code == 503
    assert simulator.call_count("/resume") == 1


def panel_on(disk, furnished_file, simulator) -> Panel:
    """A panel whose database and data directory are on that disk; its log is elsewhere."""
    file = shutil.copy(furnished_file, disk)
    names = panel_environment(disk, f"sqlite:///{file}", simulator)
    panel = Panel(disk, names, simulator, workers=1, start=False)
    panel.directory = disk.parent
    panel.start()
    return panel


def test_a_disk_that_fills_up_during_the_call_keeps_the_outcome_in_the_file(new_panel, simulator):
    panel = new_panel()
    simulator.fault("delay", match=MATCH, seconds=2)
    person = panel.login("support")
    person.get(PAGE)
    with in_background(lambda: person.post(RESUME, WHY)) as answer:
        until(is_called(simulator))
        fill_the_disk(panel)
        page = answer.result()
    assert page.status_code == 200 and "could not be written" in page.text
    panel.manage("reconcile")
    assert events(panel) == [("intent", ""), ("outcome", "ok")]


def test_the_collector_checks_an_unknown_outcome_and_ends_when_told(panel, simulator):
    simulator.fault("reset", match=MATCH, after=True)
    panel.login("support").post(RESUME, WHY)
    process = panel.background("collect")
    until(lambda: ("evidence", "") in events(panel))
    assert process.end() == 0
    assert simulator.call_count("/resume") == 1


def test_the_collector_signs_the_head_of_the_audit_log(new_panel):
    panel = new_panel()
    file = panel.directory / "data" / "audit-checkpoints.jsonl"
    process = panel.background("collect")
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    assert process.end() == 0
    head = panel.rows("SELECT seq, row_hash FROM audit_auditevent ORDER BY seq DESC LIMIT 1")[0]
    signed = json.loads(file.read_text().splitlines()[-1])
    assert (signed["seq"], signed["row_hash"]) == (head["seq"], head["row_hash"])


def test_an_intent_survives_a_power_cut_during_the_call(panel, simulator, tmp_path):
    """T46: what is in the files while the upstream is asked holds the intent."""
    simulator.fault("delay", match=MATCH, seconds=20)
    person = panel.login("support")
    with in_background(lambda: person.post(RESUME, WHY)):
        until(is_called(simulator))
        # What only memory held is lost, as the index of the log is.
        database = panel.database.resolve()
        for file in database.parent.glob(f"{database.name}*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, tmp_path / file.name)
        with contextlib.closing(sqlite3.connect(tmp_path / database.name)) as copy:
            query = "SELECT phase FROM audit_auditevent WHERE action = 'resume'"
            assert copy.execute(query).fetchall() == [("intent",)]
        panel.kill()
