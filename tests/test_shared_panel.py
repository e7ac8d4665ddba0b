"""The panel that tests share: what one of them leaves under way never reaches the next."""

import sqlite3
import threading

import pytest

from pingadmin.demo import cast
from tests.support.disruptions import in_background, other_writer, until
from tests.support.panel import put_database
from tests.support.panel_resumes import RESUME, WHY, is_called

pytestmark = pytest.mark.process


def test_a_fresh_database_waits_for_a_resume_under_way(panel, furnished_file, simulator):
    simulator.fault("delay", match="PATCH */resume", seconds=1)
    person = panel.login("support")
    with in_background(lambda: person.post(RESUME, WHY)) as answer:
        until(is_called(simulator))
        panel.refresh(furnished_file)
    assert answer.result().status_code == 302
    assert panel.rows("SELECT * FROM resumes_resumeattempt") == []
    other = f"/sessions/ping/{cast.PING_PAUSED_TOO}/resume/"
    assert panel.login("support").post(other, WHY).status_code == 302


def test_an_outcome_that_was_not_recorded_goes_with_the_old_database(panel, furnished_file):
    data = panel.directory / "data"
    data.mkdir(exist_ok=True)
    (data / "unrecorded-outcomes.jsonl").write_text("{}\n")
    panel.refresh(furnished_file)
    assert panel.login("support").post(RESUME, WHY).status_code == 302


def empty_database(panel):
    """Leave an empty file, as a server does that opens the database while it is missing."""
    panel.database.unlink()
    sqlite3.connect(panel.database).close()


@pytest.mark.parametrize(
    "damage",
    [
        empty_database,
        lambda panel: panel.database.unlink(),
        lambda panel: panel.database.write_bytes(b"This is no database. " * 1000),
        lambda panel: panel.kill(),
    ],
    ids=["empty", "away", "garbage", "server killed"],
)
def test_a_panel_recovers_from_whatever_happened_to_its_database(panel, furnished_file, damage):
    assert panel.login("support").get("/sessions/").status_code == 200
    damage(panel)
    panel.refresh(furnished_file)
    assert panel.login("support").post(RESUME, WHY).status_code == 302
    assert len(panel.rows("SELECT * FROM resumes_resumeattempt")) == 1


def test_whoever_asks_while_the_database_is_made_afresh_finds_one(panel, furnished_file):
    person, statuses, is_over = panel.login("support"), [], threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            statuses.append(person.get("/sessions/").status_code)

    with in_background(ask):
        try:
            for _ in range(20):
                answered = len(statuses)
                put_database(furnished_file, panel.database)
                until(lambda answered=answered: len(statuses) > answered)
        finally:
            is_over.set()
    assert set(statuses) <= {200, 302}, "signed in, or not any more"


def test_a_database_that_stays_locked_is_left_behind(panel, furnished_file):
    with other_writer(panel):
        put_database(furnished_file, panel.database)
        assert panel.login("support").post(RESUME, WHY).status_code == 302


def test_all_that_share_it_run_in_one_worker(request):
    """Without the group in its name, a test goes to any worker, which starts a panel of its own."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@process")
