"""What is no session id is 404 before any view runs (faults.md T01 to T08)."""

import pytest

from pingadmin.demo import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

HOSTILE = {
    "T01 dots": "..",
    "T01 dot": ".",
    "T01 up": "../admin",
    "T01 up and down": "a/../../x",
    "T02 encoded dots": "%2e%2e",
    "T02 encoded slash": "a%2fb",
    "T02 encoded twice": "%252f",
    "T02 dots and semicolon": "..;",
    "T03 question mark": "a%3fb",
    "T03 hash": "a%23b",
    "T03 space": "a%20b",
    "T03 backslash": "a%5cb",
    "T03 nul": "a%00b",
    "T04 accent": "s%C3%A9s",
    "T04 emoji": "%F0%9F%98%80",
    "T04 right to left": "a%E2%80%AEb",
    "T04 homoglyph": "s%D0%B5s_1",
    "T04 full-width digits": "%EF%BC%91%EF%BC%92",
    "T05 line break": "a%0d%0aX-Injected:1",
    "T06 129 characters": "a" * 129,
    "T06 10 kB": "a" * 10_000,
    "T08 trailing line feed": "ses_1%0a",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("page", ["", "resume/", "refresh/"])
def test_an_invalid_id_reaches_neither_view_nor_upstream(as_support, simulator, text, page):
    send = as_support.post if page else as_support.get
    answer = send(f"/sessions/ping/{text}/{page}", {"reason": "x"} if page else {})
    assert answer.status_code == 404 and "X-Injected" not in answer.headers
    assert simulator.call_count() == 0


def test_128_characters_are_an_id(as_support, simulator):
    as_support.get(f"/sessions/ping/{'a' * 128}/")
    assert simulator.call_count() == 1


@pytest.mark.parametrize("alias", ["PING", "pi_ng", "..", "p" * 33])
def test_an_invalid_alias_is_not_found(as_support, alias):
    assert as_support.get(f"/sessions/{alias}/{cast.PING_PAUSED}/").status_code == 404
