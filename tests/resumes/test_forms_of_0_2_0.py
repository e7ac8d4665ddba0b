"""A form that version 0.2.0 drew is still good after an upgrade, once."""

import uuid

import pytest
from django.core import signing
from django.urls import reverse

from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.resumes.models import Attempt, BulkResume
from tests.support.bulk_resumes import names
from tests.support.session_actions import outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

WHY = {"reason": "Customer approved", "ticket": "INC-4412"}


def old_field(person, session_id: str, action: str = "resume") -> str:
    """The hidden field `press` as version 0.2.0 signed it."""
    return signing.dumps(
        {
            "token": str(uuid.uuid4()),
            "for": ["ping", session_id, str(person.pk), action],
            "shown": {"state": "Disconnected", "paused": "unknown"},
        },
        salt="pingadmin.resumes.press",
        compress=True,
    )


def test_an_old_form_resumes_once_with_what_its_page_showed(as_support, support, simulator):
    address = reverse("session:resume", args=["ping", cast.PING_PAUSED])
    sent = WHY | {"press": old_field(support, cast.PING_PAUSED)}
    for _ in range(2):
        answer = as_support.post(address, sent, follow=True)
        assert answer.status_code == 200
        assert outcome(answer)["data-result"] == "ok"
    assert simulator.call_count("/resume") == 1
    intent = AuditEvent.objects.get(action="resume", phase="intent")
    assert "Disconnected" in intent.shown


def test_an_old_form_of_another_person_sends_nothing(as_support, support2, simulator):
    address = reverse("session:resume", args=["ping", cast.PING_PAUSED])
    sent = WHY | {"press": old_field(support2, cast.PING_PAUSED)}
    assert as_support.post(address, sent).status_code == 409
    assert simulator.call_count("/resume") == 0


def test_an_old_preview_starts_its_bulk_resume_with_what_it_showed(
    as_support, support, monkeypatch
):
    monkeypatch.setattr("pingadmin.resumes.bulk.worker.start_in_thread", lambda bulk, by: None)
    [name] = names([cast.PING_PAUSED])
    sent = {
        "token": str(uuid.uuid4()),
        "session": [name],
        "item": [name],
        f"press:{name}": old_field(support, cast.PING_PAUSED),
    }
    assert as_support.post("/resumes/bulk/start/", sent | WHY).status_code == 302
    item = BulkResume.objects.get().items.get()
    assert item.shown["state"] == "Disconnected"
    assert not Attempt.objects.exists()
