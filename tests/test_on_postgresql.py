"""What rests on the database holds on PostgreSQL too: those tests run a second time, there."""

import re
import subprocess
import sys

import pytest

from tests.support.processes import CHECKOUT, clean_environment

# In two halves, so that they run side by side.
BOUND_TO_THE_DATABASE = [
    ["tests/accounts", "tests/audit", "tests/notifications"],
    ["tests/collector", "tests/oversight", "tests/remote_sessions", "tests/resumes"],
]
NOT_AGAIN = "not (browser or process or redis or postgres)"


@pytest.mark.postgres
@pytest.mark.parametrize(
    "half",
    [
        pytest.param(half, marks=pytest.mark.xdist_group(half[0]), id=half[0])
        for half in BOUND_TO_THE_DATABASE
    ],
)
def test_the_suite_that_rests_on_the_database_passes_on_postgresql(postgres, half):
    url = postgres.create_database()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *half, "-m", NOT_AGAIN, "-p", "no:xdist", "--reuse-db"],
        cwd=CHECKOUT,
        env=clean_environment(DATABASE_URL=url),
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed >= 50, done.stdout
    server, _, name = url.rpartition("/")
    kept = postgres.rows(
        f"{server}/test_{name}", "SELECT count(*) AS migrations FROM django_migrations"
    )
    assert kept[0]["migrations"] > 0, "they ran on this very PostgreSQL"


@pytest.mark.postgres
def test_the_panel_runs_on_postgresql(panel_on_postgres):
    assert panel_on_postgres.login("support").get("/sessions/").status_code == 200
    assert panel_on_postgres.rows("SELECT count(*) AS people FROM accounts_user") == [{"people": 5}]
