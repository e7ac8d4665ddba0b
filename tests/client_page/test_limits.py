"""Limits are what the system states now; what came of them is a possibility, never a fact."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import RemoteSessionFactory, StatusSnapshotFactory
from tests.oversight.board_sessions import make_paused
from tests.support.html import Element, parse

ADDRESS = "/clients/ping/client-1/"
HTMX = {"HX-Request": "true"}
MB = 1024**2
STOPPED = {"state": "disconnected"}


def open_limits(client) -> Element:
    return parse(client.get(ADDRESS + "limits/", headers=HTMX))


def lines(page: Element) -> list[str]:
    return page.texts(".limit-group p")


def test_the_page_loads_them_later_and_links_to_them_without_javascript(as_viewer):
    RemoteSessionFactory()
    later = parse(as_viewer.get(ADDRESS)).one("#limits")
    assert (later["hx-get"], later["hx-trigger"]) == (ADDRESS + "limits/", "load")
    whole = parse(as_viewer.get(later.one("a")["href"]))
    assert whole.text("h1") == "client-1" and whole.one(f'.page-head a[href="{ADDRESS}"]')


def test_each_limit_is_shown_with_what_is_used_of_it(as_viewer, simulator):
    RemoteSessionFactory(downloaded_bytes=30 * MB, uploaded_bytes=5 * MB)
    RemoteSessionFactory(downloaded_bytes=10 * MB, downloaded_before_reset=30 * MB)
    RemoteSessionFactory(state="disconnected")
    cap = {"downloaded_bytes": 100 * MB}
    simulator.limits(
        client=cap | {"uploaded_bytes": 50 * MB, "max_sessions": 4, "max_reconnections": 1000},
        session=cap | {"download_speed": 2 * MB, "upload_speed": 512},
    )
    page = open_limits(as_viewer)
    assert page.text(".card-head p") == "Stated by Ping, just now"
    assert lines(page) == [
        "Downloaded 70 MB of 100 MB",
        "Uploaded 5.0 MB of 50 MB",
        "Open sessions 2 of 4",
        "Reconnections up to 1,000",
        "Downloaded 40 MB of 100 MB in the largest session",
        "Download speed up to 2.0 MB a second; how fast it is isn’t known",
        "Upload speed up to 512 B a second; how fast it is isn’t known",
        "Ping states none.",
    ]
    assert page.attributes("progress", "value") == ["70", "10", "50", "40"]
    assert not page.has(".notice")


def test_speeds_are_what_the_newest_counters_show(as_viewer, simulator):
    now = timezone.now()
    for rate, session in enumerate([RemoteSessionFactory(), RemoteSessionFactory()], start=1):
        for seconds, before in [(300, 0), (60, 0), (40, 0), (20, 10 * MB)]:
            at = now - timedelta(seconds=seconds)
            downloaded = (300 - seconds) * rate * MB - before
            StatusSnapshotFactory(
                session=session,
                downloaded_bytes=downloaded,
                downloaded_before_reset=before,
                uploaded_bytes=0,
                first_at=at,
                last_at=at,
            )
    simulator.limits(client={"download_speed": 6 * MB}, session={"download_speed": 4 * MB})
    page = open_limits(as_viewer)
    assert lines(page)[:2] == [
        "Download speed 3.0 MB of 6.0 MB a second, over 2 min",
        "Download speed 2.0 MB of 4.0 MB a second in the fastest session, over 2 min",
    ]
    assert page.attributes("progress", "value") == ["50", "50"]


def test_what_is_used_is_not_known_where_nothing_reports_it_or_everybody_counts(
    as_viewer, simulator
):
    RemoteSessionFactory(downloaded_bytes=MB)
    caps = {"downloaded_bytes": 100 * MB, "uploaded_bytes": 100 * MB}
    simulator.limits(client=caps, **{"global": caps})
    unknown = "100 MB; how much is used isn’t known"
    assert lines(open_limits(as_viewer)) == [
        "Downloaded 1.0 MB of 100 MB",
        f"Uploaded {unknown}",
        "Ping states none.",
        f"Downloaded {unknown}",
        f"Uploaded {unknown}",
    ]


def test_a_disconnected_session_near_its_cap_may_have_stopped_there(as_viewer, simulator):
    near = {"downloaded_bytes": 60 * MB, "downloaded_before_reset": 30 * MB}
    stopped = RemoteSessionFactory(session_id="ses_stopped", **STOPPED, **near)
    RemoteSessionFactory(session_id="ses_runs", **near)
    RemoteSessionFactory(session_id="ses_below", **STOPPED, downloaded_bytes=89 * MB)
    make_paused("ses_paused", client_name="client-1", **STOPPED, **near)
    simulator.limits(session={"downloaded_bytes": 100 * MB, "uploaded_bytes": 0})
    notice = open_limits(as_viewer).one(".notice")
    assert notice.attributes("a", "href") == [stopped.get_absolute_url()]
    assert notice.text().startswith(
        "ses_stopped may have stopped at its data cap: 90 MB of 100 MB downloaded, as observed"
    )
    assert "Ping doesn’t say why a session stopped." in notice.text()


def test_only_the_newest_of_many_are_listed(as_viewer, simulator, monkeypatch):
    monkeypatch.setattr("pingadmin.client_page.limits.MAX_LISTED", 1)
    for _ in range(3):
        RemoteSessionFactory(**STOPPED, uploaded_bytes=MB)
    simulator.limits(session={"uploaded_bytes": MB})
    notice = open_limits(as_viewer).one(".notice")
    assert len(notice.css("a")) == 1 and "3 in all are that near" in notice.text()


def test_all_sessions_together_may_have_reached_the_clients_cap(as_viewer, simulator):
    RemoteSessionFactory(downloaded_bytes=50 * MB)
    session = RemoteSessionFactory(state="connected", downloaded_bytes=40 * MB)
    simulator.limits(client={"downloaded_bytes": 100 * MB})
    assert not open_limits(as_viewer).has(".notice")
    session.state = "disconnected"
    session.save()
    notice = open_limits(as_viewer).one(".notice")
    assert "those that are disconnected may have stopped at it" in notice.text()


def test_a_client_with_all_its_sessions_open_may_be_unable_to_open_another(as_viewer, simulator):
    for _ in range(2):
        RemoteSessionFactory()
    simulator.limits(client={"max_sessions": 2})
    assert "it may be unable to open another one" in open_limits(as_viewer).text(".notice")


def test_the_largest_numbers_are_compared_too(as_viewer, simulator):
    largest = 2**63 - 1
    RemoteSessionFactory(**STOPPED, downloaded_bytes=largest, downloaded_before_reset=largest)
    simulator.limits(client={"downloaded_bytes": largest}, session={"downloaded_bytes": largest})
    assert open_limits(as_viewer).attributes("progress", "value") == ["100", "100"]


def test_an_account_without_limits_states_none(as_viewer):
    RemoteSessionFactory()
    page = open_limits(as_viewer)
    assert lines(page) == ["Ping states none."] * 3
    assert "Stated by" not in page.text() and not page.has("progress")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 500},
        {"kind": "close"},
        {"kind": "garbage"},
    ],
    ids=lambda fault: fault.get("status") or fault["kind"],
)
def test_nothing_is_said_of_limits_without_an_answer(as_viewer, simulator, fault):
    RemoteSessionFactory()
    simulator.limits(client={"max_sessions": 2})
    simulator.fault(**fault, match="GET /customer/limits/*", times=0)
    assert as_viewer.get(ADDRESS + "limits/", headers=HTMX).text.strip() == ""
    whole = parse(as_viewer.get(ADDRESS + "limits/"))
    assert "Nothing is known of limits now" in whole.text("main")


def test_one_kind_without_an_answer_leaves_the_others(as_viewer, simulator):
    RemoteSessionFactory()
    simulator.limits(client={"max_sessions": 2}, **{"global": {"download_speed": 512}})
    simulator.fault("status", status=403, match="GET */limits/session")
    assert open_limits(as_viewer).texts("h3") == ["Each client", "Global"]


def test_a_system_that_gives_no_answer_is_asked_no_further(as_viewer, simulator):
    RemoteSessionFactory()
    simulator.fault("close", match="GET */limits/*", times=0)
    as_viewer.get(ADDRESS + "limits/", headers=HTMX)
    assert set(simulator.calls("limits")) == {"GET /customer/limits/client"}


def test_asking_counts_as_a_look_up(as_viewer, viewer, settings, simulator):
    settings.LOOKUP_LIMITS = [(1, 3600)]
    RemoteSessionFactory()
    assert as_viewer.get(ADDRESS + "limits/").status_code == 200
    assert as_viewer.get(ADDRESS + "limits/").status_code == 429
    assert simulator.call_count("limits") == 3


def test_a_system_without_limits_is_not_asked(as_viewer, simulator):
    session = RemoteSessionFactory(alias="agi")
    assert not parse(as_viewer.get(session.client_address)).has("#limits")
    assert as_viewer.get(f"{session.client_address}limits/").status_code == 404
    assert as_viewer.get("/clients/ping/nobody/limits/").status_code == 404
    assert simulator.call_count() == 0
