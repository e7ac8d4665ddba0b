"""The file has every snapshot and gap in order of time, and runs nothing in a spreadsheet."""

import csv
import io

import pytest

from pingadmin.remote_sessions.models import RemoteSession
from tests.support.session_histories import (
    add_failure,
    add_snapshot,
    add_snapshots,
    add_watch_span,
    at,
    create_session,
)

pytestmark = pytest.mark.django_db
ADDRESS = "/sessions/ping/ses_8f2c71d09a/history.csv"


@pytest.fixture
def session():
    session = create_session()
    add_snapshot(
        session,
        60,
        up=5,
        down=10,
        until=90,
        observation_count=4,
        duration_seconds=30,
        uploaded_before_reset=100,
    )
    add_failure(session, 120, until=180)
    add_snapshot(session, 200, None, None, paused=True, state="", source="resume")
    return session


def downloaded(client, query=""):
    response = client.get(ADDRESS + query)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def kinds(rows):
    return [(row["from"][11:19], row["kind"]) for row in rows]


def test_all_snapshots_are_in_the_file_oldest_first(as_viewer, session):
    add_watch_span(0, 10**6)
    rows = downloaded(as_viewer, "?to=2026-11-22T13:00:00Z")
    assert kinds(rows) == [
        ("12:01:00", "answer"),
        ("12:02:00", "failure"),
        ("12:03:20", "statement"),
    ]
    assert rows[0] == {
        "line": "1",
        "alias": "ping",
        "session_id": "ses_8f2c71d09a",
        "from": "2026-11-22T12:01:00.000Z",
        "until": "2026-11-22T12:01:30.000Z",
        "kind": "answer",
        "state": "connected",
        "paused": "",
        "duration_seconds": "30",
        "downloaded_bytes": "10",
        "uploaded_bytes": "5",
        "downloaded_total": "10",
        "uploaded_total": "105",
        "source": "event stream",
        "times": "4",
        "why": "",
        "snapshot": str(session.snapshots.earliest("first_at").pk),
    }
    assert rows[1]["why"] == "the system did not answer in time"
    assert (rows[1]["uploaded_bytes"], rows[1]["uploaded_total"]) == ("", ""), "unknown is not zero"
    assert rows[2]["paused"] == "yes"


def test_a_gap_is_a_line_in_order_of_time(as_viewer, session):
    add_watch_span(0, 100, "the stream broke off")
    add_watch_span(190, 10**6)
    rows = downloaded(as_viewer, "?to=2026-11-22T13:00:00Z")
    assert kinds(rows)[1] == ("12:01:40", "not watched")
    assert (rows[1]["until"], rows[1]["why"]) == (
        "2026-11-22T12:03:10.000Z",
        "the stream broke off",
    )
    assert len(rows) == 4, "a look-up by hand meanwhile stays"


def test_an_open_gap_has_no_end(as_viewer, session):
    rows = downloaded(as_viewer)
    assert (rows[0]["kind"], rows[0]["until"], rows[0]["why"]) == (
        "not watched",
        "",
        "watching had not begun",
    )


def test_a_range_includes_what_touches_it(as_viewer, session):
    rows = downloaded(as_viewer, "?from=2026-11-22T12:01:30Z&to=2026-11-22T12:02:00Z")
    assert [row["kind"] for row in rows] == ["answer", "not watched", "failure"]
    rows = downloaded(as_viewer, "?from=2026-11-22T12:01:31Z&to=2026-11-22T12:01:59Z")
    assert [row["kind"] for row in rows] == ["not watched"]


def test_the_file_is_named_for_session_and_range(as_viewer, session):
    response = as_viewer.get(f"{ADDRESS}?from=2026-11-22T12:00:00Z&to=2026-11-22T13:00:00Z")
    name = "pingadmin-history_ping_ses_8f2c71d09a_20261122T120000Z_to_20261122T130000Z.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.streaming


def test_no_cell_begins_a_formula(as_viewer, session):
    add_snapshot(session, 300, state="=HYPERLINK(1)")
    assert downloaded(as_viewer)[-1]["state"] == "'=HYPERLINK(1)"


def test_a_long_history_is_streamed_completely(as_viewer, session, django_assert_max_num_queries):
    session.snapshots.all().delete()
    add_snapshots(
        session, ({"first_at": at(n // 3), "uploaded_bytes": n} for n in range(2500)), source="poll"
    )
    with django_assert_max_num_queries(20):
        rows = downloaded(as_viewer)
    assert [row["uploaded_bytes"] for row in rows[1:]] == [str(number) for number in range(2500)]
    assert [row["line"] for row in rows] == [str(number) for number in range(1, 2502)]


def test_an_invalid_range_is_refused(as_viewer, session):
    assert as_viewer.get(f"{ADDRESS}?from=yesterday").status_code == 400


def test_an_unknown_session_has_no_history(as_viewer):
    assert not RemoteSession.objects.exists()
    assert as_viewer.get(ADDRESS).status_code == 404
