"""The panel that tests share: what one of them leaves under way never reaches the next."""

import pytest

from pingadmin.demo import cast
from tests.resumes.test_processes import RESUME, WHY, in_background, is_called, until

pytestmark = pytest.mark.process


def test_a_fresh_database_waits_for_a_press_under_way(panel, furnished_file, simulator):
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
