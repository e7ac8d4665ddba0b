"""Secrets that must never come out: looked for in everything that the suite makes (T87).

Every answer of a panel, in this process or over a socket; every captured log line; and, when a
panel ends, every file of its directory: database, logs, checkpoints, outcomes that wait.
"""

import functools
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

# Names in a panel's environment.
SECRET_NAMES = ("SECRET_KEY", "AUDIT_KEY", "PING_API_KEY", "AGI_API_KEY")


def secrets_of(environment: dict[str, str]) -> list[bytes]:
    return [environment[name].encode() for name in SECRET_NAMES if environment.get(name)]


def leaks_in(data: bytes, secrets: Iterable[bytes]) -> bool:
    return any(secret in data for secret in secrets)


def assert_files_hold_none(directory: Path, environment: dict[str, str]) -> None:
    secrets = secrets_of(environment)
    files = [file for file in directory.rglob("*") if file.is_file()]
    leaking = [file.name for file in files if leaks_in(file.read_bytes(), secrets)]
    assert leaking == [], "a secret of the panel is in these files"


def _own_secrets() -> list[bytes]:
    keys = [settings.SECRET_KEY, settings.AUDIT_KEY.reveal()]
    accounts = settings.UPSTREAMS.values()
    keys += [account["API_KEY"].reveal() for account in accounts if "API_KEY" in account]
    return [key.encode() for key in keys if len(key) >= 16]


@pytest.fixture(autouse=True)
def no_answer_holds_a_secret(monkeypatch):
    """Looks into each whole answer that a test's client gets."""
    plain = Client.request

    @functools.wraps(plain)
    def looking(self, **request):
        response = plain(self, **request)
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        body = b"" if response.streaming else response.content
        assert not leaks_in(body + headers.encode(), _own_secrets()), "an answer holds a secret"
        return response

    monkeypatch.setattr(Client, "request", looking)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.passed and logged_secret(report.sections):
        report.outcome, report.longrepr = "failed", "a secret of the panel was logged"
    return report


def logged_secret(sections: Iterable[tuple[str, str]]) -> bool:
    """Whether what a test captured, as (title, text), holds a secret."""
    return leaks_in("".join(text for _, text in sections).encode(), _own_secrets())
