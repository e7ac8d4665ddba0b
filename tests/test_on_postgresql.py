"""What rests on the database holds on PostgreSQL too: those tests run a second time, there."""

import re
import subprocess
import sys

import pytest

from tests.support.processes import CHECKOUT, clean_environment

PACKAGES = ["accounts", "audit", "client_page", "collector", "notifications", "oversight"]
PACKAGES += ["remote_sessions", "resumes", "session_page", "web"]
# Tests that touch no database, and those that start a server, are left out by their marks. These
# files are left out because another test, which stays, puts the same statements to PostgreSQL.
NOT_AGAIN = {
    "accounts/test_admin.py": "Django's own statements; test_roles.py has ours",
    "accounts/test_session_limits.py": "how long a cookie lasts; the clock is time-machine's",
    "accounts/test_signing_in.py": "allauth's own statements; test_recording.py has ours",
    "accounts/test_single_sign_on.py": "allauth's own statements; test_recording.py has ours",
    "audit/export/test_offline_verifier.py": "a script that reads a file",
    "audit/review/test_review_pages.py": "pages over test_reviews.py and test_review_facets.py",
    "remote_sessions/lookup/test_ids_in_urls.py": "refused before any statement",
    "resumes/test_pause.py": "the statements of test_resume.py with the other action in them",
}


@pytest.mark.postgres
def test_the_tests_that_rest_on_the_database_pass_on_postgresql(postgres):
    url = postgres.create_database()
    marks = "database and not (browser or process or postgres)"
    options = ["-m", marks, "-p", "no:xdist", "--reuse-db"]
    options += [f"--ignore=tests/{file}" for file in NOT_AGAIN]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"tests/{name}" for name in PACKAGES)],
        cwd=CHECKOUT,
        env=clean_environment(DATABASE_URL=url),
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed >= 500, done.stdout
    server, _, name = url.rpartition("/")
    kept = postgres.rows(
        f"{server}/test_{name}", "SELECT count(*) AS migrations FROM django_migrations"
    )
    assert kept[0]["migrations"] > 0, "they ran on this very PostgreSQL"


def test_every_file_that_is_left_out_is_there():
    assert [file for file in NOT_AGAIN if not (CHECKOUT / "tests" / file).is_file()] == []


@pytest.mark.postgres
def test_the_panel_runs_on_postgresql(panel_on_postgres):
    assert panel_on_postgres.login("support").get("/sessions/").status_code == 200
    assert panel_on_postgres.rows("SELECT count(*) AS people FROM accounts_user") == [{"people": 5}]
