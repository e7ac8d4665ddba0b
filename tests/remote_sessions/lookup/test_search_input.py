"""The search box reads whatever was typed or pasted."""

import pytest

from pingadmin.config.secret import Secret
from pingadmin.remote_sessions.lookup.search_input import MAX_IDS, parse_search_input
from tests.factories import RemoteSessionFactory

UUID = "0c5d7e92-18ab-4f36-b2c4-91d3e6a7f508"
OTHER_UUID = "b41e8f07-63d9-4c2a-8f75-0a9c3e5d7b12"

pytestmark = pytest.mark.django_db


def account(backend: str, pattern: str = "") -> dict:
    return {
        "BACKEND": backend,
        "LABEL": backend[-7:],
        "BASE_URL": "http://127.0.0.1:9",
        "API_KEY": Secret("some-key"),
        "ID_PATTERN": pattern,
    }


@pytest.fixture(autouse=True)
def accounts(settings):
    settings.UPSTREAMS = {
        "ping": account("pingadmin.upstream.ping.PingAPI", "ses_[0-9a-f]{10}"),
        "agi": account("pingadmin.upstream.agi.AgiAPI"),
    }


def ids(text: str) -> list[str]:
    return [session_id for session_id, _ in parse_search_input(text).ids]


@pytest.mark.parametrize("text", ["ses_8f2c71d09a", "  ses_8f2c71d09a \n", "\tses_8f2c71d09a"])
def test_a_bare_id_is_trimmed_and_found(text):
    assert parse_search_input(text).ids == (("ses_8f2c71d09a", ("ping",)),)


def test_a_uuid_belongs_to_agi():
    assert parse_search_input(UUID).ids == ((UUID, ("agi",)),)


def test_an_id_that_fits_no_pattern_is_looked_up_in_all_accounts():
    assert parse_search_input("customer-7").ids == (("customer-7", ("ping", "agi")),)


def test_an_id_that_fits_two_accounts_is_looked_up_in_both(settings):
    settings.UPSTREAMS = settings.UPSTREAMS | {"ping": account("pingadmin.upstream.ping.PingAPI")}
    assert parse_search_input(UUID).ids == ((UUID, ("ping", "agi")),)


@pytest.mark.parametrize(
    "link",
    [
        "https://api.pingnetwork.io/customer/v2/sessions/ses_8f2c71d09a/status",
        "https://panel.example/sessions/ping/ses_8f2c71d09a/",
        "see https://panel.example/sessions/ping/ses_8f2c71d09a/?attempt=1.",
        "<https://panel.example/sessions/ses_8f2c71d09a>",
    ],
)
def test_the_id_in_a_link_is_found(link):
    assert parse_search_input(link).ids == (("ses_8f2c71d09a", ("ping",)),)


def test_a_link_to_this_panel_names_the_account(settings):
    settings.UPSTREAMS = settings.UPSTREAMS | {
        "ping-staging": account("pingadmin.upstream.ping.PingAPI")
    }
    assert parse_search_input("http://x/sessions/ping-staging/ses_8f2c71d09a/").ids == (
        ("ses_8f2c71d09a", ("ping-staging",)),
    )


def test_ids_in_a_ticket_are_found_once_each_in_order():
    ticket = f"""INC-4412 (2026-11-22 14:02): ana.k@customer.example writes that ses_8f2c71d09a
        hangs, and so does {UUID}. Agent 10.0.0.17, see https://wiki.example/runbook-7a8b9c0d1.
        Again: ses_8f2c71d09a, "{OTHER_UUID}"."""
    assert ids(ticket) == ["ses_8f2c71d09a", UUID, OTHER_UUID]


def test_a_known_id_is_found_in_a_ticket_whatever_its_shape():
    RemoteSessionFactory(session_id="kiosk")
    assert ids("the kiosk is down") == ["kiosk"]


def test_without_a_pattern_words_that_look_like_ids_are_found(settings):
    settings.UPSTREAMS = {"ping": account("pingadmin.upstream.ping.PingAPI")}
    assert ids("INC-4412: session a1b2c3d4e5 hangs since 14:02, call 5551234567") == ["a1b2c3d4e5"]


def test_ids_beyond_the_maximum_are_counted():
    pasted = parse_search_input(" ".join(f"ses_{number:010x}" for number in range(MAX_IDS + 3)))
    assert (len(pasted.ids), pasted.left_out) == (MAX_IDS, 3)


@pytest.mark.parametrize(
    "text",
    ["..", "../admin", "a/../../x", "%2e%2e", "..;", "ses_1\\x", "sés_1", "１２３", "a" * 129],
)
def test_an_invalid_id_is_a_problem(text):
    pasted = parse_search_input(text)
    assert not pasted.ids and pasted.problem


@pytest.mark.parametrize(
    "text", ["nothing in here", "ring me at 14:02 on 2026-11-22", "x" * 20_001]
)
def test_a_text_without_ids_is_a_problem_with_advice(text):
    assert "Paste" in parse_search_input(text).problem


def test_without_an_account_nothing_can_be_looked_up(settings):
    settings.UPSTREAMS = {}
    assert "No upstream account is configured" in parse_search_input("ses_8f2c71d09a").problem
