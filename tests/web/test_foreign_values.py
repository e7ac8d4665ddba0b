"""Whatever bytes a visitor sends, and wherever: an answer in words, never a fault of ours."""

import pytest
from django.http import QueryDict
from django.test import Client

from tests.test_access import ADDRESSES, NOBODY, Walker

VALUES = [
    "\0",
    "a\0b",
    "9" * 40,
    "-1",
    "٣",
    "1e999",
    "99999-01-01T00:00",
    "[]",
    "x" * 3000,
    "%",
    "'",
]
ROLES = [NOBODY, "support", "auditor", "admin"]


@pytest.fixture
def asked_names(monkeypatch):
    """The names that views ask a query or a form for, as they ask."""
    names = set()

    def note(method):
        def noting(self, key, *rest):
            names.add(key)
            return method(self, key, *rest)

        return noting

    for method in ("__getitem__", "getlist", "get"):
        monkeypatch.setattr(QueryDict, method, note(getattr(QueryDict, method)))
    return names


def broken(walker: Walker, method: str, **more) -> list[str]:
    """The addresses that answer with a fault, each with its status."""
    walker.client.raise_request_exception = False
    statuses = {address: walker.send(method, address, **more).status_code for address in ADDRESSES}
    return [f"/{address}: {status}" for address, status in statuses.items() if status >= 500]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_value_of_a_field_is_a_fault(db, asked_names, role, method):
    walker, wrong = Walker(role), []
    walker.client.raise_request_exception = False
    for address in ADDRESSES:
        asked_names.clear()
        walker.send(method, address)
        names = sorted(name for name in asked_names if isinstance(name, str))
        for value in VALUES:
            query = QueryDict(mutable=True)
            query.update(dict.fromkeys(names, value))
            if method == "GET":
                sent = {"query_params": dict.fromkeys(names, value)}
            else:
                sent = {
                    "data": query.urlencode(),
                    "content_type": "application/x-www-form-urlencoded",
                }
            answer = walker.send(method, address, **sent)
            if answer.status_code >= 500:
                wrong.append(f"/{address}: {answer.status_code} for {value[:20]!r} in {names}")
    assert wrong == []


@pytest.mark.parametrize("value", [r'"\000abcdefghijklmnop"', '"\\377\\376abcdefgh"', "x" * 3000])
@pytest.mark.parametrize("name", ["session", "csrf", "tz", "messages"])
def test_no_cookie_is_a_fault(db, name, value):
    walker = Walker(NOBODY)
    headers = {"Cookie": f"{name}={value}"}
    assert broken(walker, "GET", headers=headers) == []
    assert Client(headers=headers).get("/healthz").status_code == 200


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
def test_too_many_fields_are_refused_in_words(db, role):
    walker = Walker(role)
    many = "&".join(f"a{number}=" for number in range(2000))
    assert broken(walker, "GET", headers={}, QUERY_STRING=many) == []
    assert broken(walker, "POST", data=many, content_type="application/x-www-form-urlencoded") == []
    answer = walker.send("GET", "sessions/", QUERY_STRING=many)
    assert answer.status_code == 400 and "can’t be read" in answer.text
