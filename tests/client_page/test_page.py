"""A client's page: all its sessions in order, what they amount to, and what was done to them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from pingadmin.client_page import sessions
from pingadmin.client_page.page import Client, build_page
from pingadmin.remote_sessions.models import RemoteSession
from tests.factories import ClientNoteFactory, RemoteSessionFactory, person
from tests.oversight.board_sessions import ago, make_attempt, make_paused, make_unresolved
from tests.support.html import Element, parse

ADDRESS = "/clients/ping/client-1/"


def open_page(client, address: str = ADDRESS) -> Element:
    return parse(client.get(address))


def listed(page: Element) -> list[str]:
    return page.texts("#board label a")


def fact(page: Element, label: str) -> str:
    """What the card with the totals says under that label."""
    facts = {each.text("dt"): each.css("dd")[0].text() for each in page.css("#totals .fact")}
    return facts[label]


def test_unknown_outcomes_come_first_then_open_sessions_then_the_newest(as_viewer):
    RemoteSessionFactory(session_id="ses_old", state="disconnected", last_seen_at=ago(90))
    RemoteSessionFactory(session_id="ses_new", state="disconnected", last_seen_at=ago(30))
    RemoteSessionFactory(session_id="ses_open", state="connected", last_seen_at=ago(900))
    make_unresolved("ses_unknown", state="disconnected", seen=9000)
    page = open_page(as_viewer)
    assert listed(page) == ["ses_unknown", "ses_open", "ses_new", "ses_old"]
    assert page.texts("#board .group") == [
        "Outcome unknown: check before anyone resumes again 1",
        "Open 1",
        "Paused, ended or in another state 2",
    ]
    labels = ("Sessions", "Open", "Outcome unknown")
    assert [fact(page, label) for label in labels] == ["4", "1", "1"]


def test_a_client_with_many_sessions_has_pages_of_them(as_viewer, monkeypatch):
    monkeypatch.setattr(sessions, "PAGE_SIZE", 2)
    for number in range(5):
        RemoteSessionFactory(session_id=f"ses_{number}", last_seen_at=ago(number + 1))
    first = open_page(as_viewer)
    assert listed(first) == ["ses_0", "ses_1"]
    second = open_page(as_viewer, ADDRESS + first.one("a[rel=next]")["href"])
    assert listed(second) == ["ses_2", "ses_3"] and "Page 2 of 3" in second.text(".pager")
    assert second.one("a[rel=prev]")["href"] == "?page=1"
    for number in ("3", "9", "9999999"):
        assert listed(open_page(as_viewer, f"{ADDRESS}?page={number}")) == ["ses_4"]
    for number in ("", "0", "-1", "x", "٣", "9" * 40):
        assert listed(open_page(as_viewer, f"{ADDRESS}?page={number}")) == ["ses_0", "ses_1"]


def test_rows_lead_to_their_sessions_without_repeating_the_client(as_support):
    session = make_paused(client_name="client-1")
    board = open_page(as_support).one("#board")
    assert board.attributes("tbody a", "href") == [
        session.get_absolute_url(),
        f"{session.get_absolute_url()}#resume",
    ]
    assert "Client" not in board.texts("th")


def test_chosen_sessions_go_to_the_preview_of_a_bulk_resume(as_support):
    session = make_paused(client_name="client-1")
    form = open_page(as_support).one("#board")
    assert form["action"] == reverse("bulk:choose")
    names = form.attributes("input[name=session]", "value")
    preview = parse(as_support.post(form["action"], {"session": names}))
    assert session.session_id in preview.text("#bulk-form")


def test_all_paused_sessions_go_to_the_preview_at_once(as_support):
    paused = {make_paused(client_name="client-1").session_id for _ in range(3)}
    make_paused(client_name="client-1", reported=3000)
    make_paused(client_name="client-2")
    RemoteSessionFactory()
    page = open_page(as_support)
    assert page.text("#resume-paused button") == "Resume its 3 paused sessions…"
    fields = page.fields("#resume-paused")
    preview = parse(as_support.post(reverse("bulk:choose"), fields))
    assert preview.text("h1") == "Resume these sessions?"
    ticked = {name.partition("/")[2] for name in preview.fields("#bulk-form")["item"]}
    assert ticked == paused


def test_no_more_paused_sessions_are_sent_than_one_bulk_resume_takes(as_support):
    for _ in range(22):
        make_paused(client_name="client-1")
    page = open_page(as_support)
    assert page.text("#resume-paused button") == "Resume 20 of its 22 paused sessions…"
    preview = as_support.post(reverse("bulk:choose"), page.fields("#resume-paused"))
    assert preview.status_code == 200


@pytest.mark.parametrize("role", ["viewer", "auditor"])
def test_who_may_not_resume_is_offered_nothing_to_select(role, request):
    make_paused(client_name="client-1")
    page = open_page(request.getfixturevalue(f"as_{role}"))
    assert not page.has("#resume-paused") and not page.has("input[name=session]")


def test_the_traffic_of_all_sessions_is_added_with_what_came_before_a_reset(as_viewer):
    now = timezone.now()
    RemoteSessionFactory(
        uploaded_bytes=1024,
        downloaded_bytes=10 * 1024**2,
        downloaded_before_reset=20 * 1024**2,
        last_seen_at=now - timedelta(minutes=5),
    )
    RemoteSessionFactory(downloaded_bytes=1024**2, last_seen_at=now)
    RemoteSessionFactory(last_seen_at=now - timedelta(days=9))
    page = open_page(as_viewer)
    assert (fact(page, "Down"), fact(page, "Up")) == ("31 MB", "1.0 kB")
    source = page.one("#traffic-source")
    assert source.text().startswith("Traffic of the 2 sessions that report it, as last observed")
    assert source.attributes("time", "datetime") == [
        f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now - timedelta(minutes=5), now)
    ]


def test_the_largest_numbers_that_can_be_reported_are_added_exactly():
    largest = 2**63 - 1
    for _ in range(3):
        RemoteSessionFactory(
            uploaded_bytes=largest,
            uploaded_before_reset=largest,
            downloaded_bytes=largest,
            downloaded_before_reset=5,
        )
    totals = build_page_of("client-1").totals
    assert (totals.uploaded_bytes, totals.downloaded_bytes) == (6 * largest, 3 * largest + 15)


def test_nothing_is_said_of_traffic_where_no_session_reports_any(as_viewer):
    RemoteSessionFactory()
    page = open_page(as_viewer)
    assert not page.has("#traffic-source") and page.texts("#totals dt") == [
        "Sessions",
        "Open",
        "Outcome unknown",
    ]


def test_actions_on_any_of_its_sessions_are_listed_newest_first(as_support):
    for session_id in ("ses_7d2a6f01ce", "ses_c8f5930b4a"):
        RemoteSessionFactory(session_id=session_id)
        as_support.post(
            f"/sessions/ping/{session_id}/resume/", {"reason": "Approved", "ticket": "INC-1"}
        )
    other = RemoteSessionFactory(session_id="ses_e61b07d29f", client_name="client-2")
    as_support.post(f"{other.get_absolute_url()}resume/", {"reason": "Not this one"})
    card = open_page(as_support).one("#actions")
    lines = card.texts(".moment > div")
    assert len(lines) == 2
    assert lines[0].startswith("support asked to resume ses_c8f5930b4a")
    assert "“Approved”" in lines[0] and "INC-1" in lines[0]
    assert card.one('a[href^="/audit/?"]')["href"] == "/audit/?client=client-1&alias=ping"


def test_twenty_actions_are_shown_and_the_rest_is_in_the_log(as_support, monkeypatch):
    monkeypatch.setattr("pingadmin.client_page.page.MAX_ACTIONS", 1)
    RemoteSessionFactory(session_id="ses_7d2a6f01ce")
    for _ in range(2):
        as_support.post("/sessions/ping/ses_7d2a6f01ce/resume/", {"reason": "Approved"})
    card = open_page(as_support).one("#actions")
    assert len(card.css(".moment")) == 1 and "Older ones are in the audit log" in card.text()


def test_who_may_not_read_the_audit_log_gets_no_link_to_it(as_viewer, as_support):
    RemoteSessionFactory(session_id="ses_7d2a6f01ce")
    as_support.post("/sessions/ping/ses_7d2a6f01ce/resume/", {"reason": "Approved"})
    card = open_page(as_viewer).one("#actions")
    assert "audit #" in card.text() and not card.has('a[href^="/audit/"]')


@pytest.mark.parametrize(
    ("pattern", "name", "address"),
    [
        ("https://crm.example/{client}", "a/b?c#d", "https://crm.example/a%2Fb%3Fc%23d"),
        (
            "https://crm.example/{account}/{client}",
            "{account}",
            "https://crm.example/ping/%7Baccount%7D",
        ),
        (
            "https://crm.example/?id={client}",
            "é & ü",
            "https://crm.example/?id=%C3%A9%20%26%20%C3%BC",
        ),
        ("https://crm.example/{client}", "…", "https://crm.example/%E2%80%A6"),
    ],
)
def test_the_customers_page_is_one_click_away(as_viewer, settings, pattern, name, address):
    settings.CLIENT_URL = pattern
    session = RemoteSessionFactory(client_name=name)
    link = open_page(as_viewer, session.client_address).one("#customer")
    assert (link["href"], link["rel"]) == (address, "noopener")


@pytest.mark.parametrize(
    ("pattern", "name"), [("", "client-1"), ("https://crm.example/customers/{client}", "..")]
)
def test_there_is_no_link_without_the_setting_or_to_a_step_up(as_viewer, settings, pattern, name):
    settings.CLIENT_URL = pattern
    session = RemoteSessionFactory(client_name=name)
    assert not open_page(as_viewer, session.client_address).has("#customer")


def test_a_hostile_name_is_shown_and_does_nothing(as_viewer):
    session = RemoteSessionFactory(client_name="<script>alert(1)</script>\u202e{{ 7*7 }}")
    html = as_viewer.get(session.client_address).text
    assert "<script>alert" not in html and "\u202e" not in html
    assert parse(html).text("h1") == "<script>alert(1)</script>\\u202e{{ 7*7 }}"


def test_a_client_of_an_account_that_is_gone_still_has_its_page(as_support):
    session = make_paused(alias="old-account", client_name="client-1")
    page = open_page(as_support, session.client_address)
    assert page.text(".page-head p") == "Client of old-account"
    assert not page.has("#resume-paused") and not page.has("#limits")


def test_the_page_asks_no_upstream(as_support, accounts):
    RemoteSessionFactory()
    open_page(as_support)
    assert accounts.call_count() == 0


def test_the_number_of_queries_does_not_grow(support, django_assert_max_num_queries):
    def fill():
        for _ in range(3):
            session = make_paused(client_name="client-1", uploaded_bytes=1)
            make_attempt(session, result="unknown")
            ClientNoteFactory()

    fill()
    with django_assert_max_num_queries(20) as few:
        build_page(Client("ping", "client-1"), support)
    fill()
    with django_assert_max_num_queries(len(few)):
        build_page(Client("ping", "client-1"), support)


def build_page_of(name: str):
    return build_page(Client("ping", name), person("viewer", "viewer"))


def test_nobody_by_that_name_is_a_page_that_says_so(as_viewer):
    answer = as_viewer.get("/clients/ping/nobody/")
    assert answer.status_code == 404 and not RemoteSession.objects.exists()
    assert "exactly as the system writes it" in parse(answer).text("main")
