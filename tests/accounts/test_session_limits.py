"""A sign-in lasts 30 minutes without activity and 8 hours in all. A page's own polling is no
activity.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def client(clock, support):
    client = Client()
    client.force_login(support)
    assert client.get("/sessions/").status_code == 200
    return client


def test_half_an_hour_without_activity_ends_it(client, clock):
    key = client.cookies["session"].value
    clock.shift(timedelta(minutes=30, seconds=1))
    assert client.get("/sessions/").status_code == 302
    assert not Session.objects.filter(session_key=key).exists()


def test_the_login_page_says_why(client, clock):
    clock.shift(timedelta(minutes=31))
    assert b"there was no activity for 30 min" in client.get("/sessions/", follow=True).content


def test_activity_keeps_it(client, clock):
    for _ in range(4):
        clock.shift(timedelta(minutes=29))
        assert client.get("/sessions/").status_code == 200


def test_eight_hours_end_it_whatever_the_activity(client, clock):
    for _ in range(24):
        clock.shift(timedelta(minutes=20))
        assert client.get("/sessions/").status_code == 200
    clock.shift(timedelta(seconds=1))
    assert client.get("/sessions/").status_code == 302


def test_polling_is_no_activity(client, clock):
    for _ in range(3):
        clock.shift(timedelta(minutes=10))
        assert client.get("/sessions/", headers={"X-Poll": "1"}).status_code == 200
    clock.shift(timedelta(seconds=1))
    assert client.get("/sessions/", headers={"X-Poll": "1"}).status_code == 302


def test_reading_writes_the_session_at_most_once_a_minute(client, clock):
    def writes():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/sessions/")
        changed = ("UPDATE", "INSERT", "DELETE")
        return [query["sql"] for query in queries if query["sql"].startswith(changed)]

    clock.shift(timedelta(seconds=30))
    assert writes() == []
    clock.shift(timedelta(seconds=31))
    assert len([sql for sql in writes() if "django_session" in sql]) == 1
    assert writes() == []


def test_the_limits_are_settings(client, clock, settings):
    settings.SESSION_IDLE_SECONDS = 5
    clock.shift(timedelta(seconds=6))
    assert client.get("/sessions/").status_code == 302
