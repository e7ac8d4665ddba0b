"""A system that pingadmin has never heard of: one class and one table of settings are enough."""

import pytest
from django.core.checks import run_checks

from pingadmin import upstream
from pingadmin.audit.models import AuditEvent
from pingadmin.config import upstream_accounts
from tests.support.html import parse
from tests.support.raw_server import says

pytestmark = pytest.mark.django_db

KEY = "canary-toy-key-0123456789"


class Toy:
    """The other side: one tunnel that is held until it is released."""

    def __init__(self):
        self.state = "held"

    def __call__(self, peer):
        return self.answer(peer.request)(peer)

    def answer(self, request):
        if request.path.startswith("/api/tunnels/toy-1"):
            if request.method == "GET":
                return says(200, {"id": "toy-1", "state": self.state, "owner": "acme"})
            if request.path.endswith("/release") and self.state == "held":
                self.state = "up"
                return says(200, {"held": False})
            return says(409, {"error": {"code": "not_held", "message": "Already up."}})
        return says(404, {"error": {"code": "no_tunnel", "message": "No such tunnel."}})


@pytest.fixture
def server(raw_server, settings, monkeypatch, tmp_path):
    """A running toy system that UPSTREAMS_FILE names."""
    server = raw_server(Toy())
    file = tmp_path / "upstreams.toml"
    file.write_text(
        "[toy]\n"
        'backend = "tests.upstream.toy_system.ToyAPI"\n'
        'label = "Toy"\n'
        f'base_url = "{server.address}/api"\n'
        f'api_key = "{KEY}"\n'
    )
    monkeypatch.setenv("UPSTREAMS_FILE", str(file))
    settings.UPSTREAMS = upstream_accounts.accounts()
    return server


def test_a_third_system_passes_the_checks(server):
    assert upstream.aliases() == ["toy"]
    assert [error for error in run_checks() if error.id and error.id.startswith("upstream")] == []


def test_a_session_of_a_third_system_is_found_resumed_and_confirmed(server, as_support):
    found = as_support.get("/sessions/", {"q": "toy-1"})
    assert found.url == "/sessions/toy/toy-1/"
    card = parse(as_support.get(found.url)).one("[data-state]")
    assert (card["data-state"], card["data-paused"]) == ("held", "yes")

    page = parse(resume(as_support, "toy-1"))
    outcome = page.one("[data-result]")
    assert (outcome["data-result"], outcome["data-verified"]) == ("ok", "true")
    assert page.one("[data-state]")["data-state"] == "up"

    calls = [(request.method, request.path) for request in server.requests]
    assert calls == [
        ("GET", "/api/tunnels/toy-1"),
        ("POST", "/api/tunnels/toy-1/release"),
        ("GET", "/api/tunnels/toy-1"),
    ]
    assert {request.headers["authorization"] for request in server.requests} == {f"Token {KEY}"}
    results = AuditEvent.objects.filter(action="resume").order_by("seq")
    assert [event.result for event in results] == ["", "ok"]


def test_a_second_resume_at_a_third_system_says_that_nothing_was_to_do(server, as_support):
    resume(as_support, "toy-1")
    outcome = parse(resume(as_support, "toy-1")).one("[data-result]")
    assert outcome["data-result"] == "already"


def test_an_id_that_a_third_system_does_not_have_is_not_found(server, as_support):
    assert "not found" in as_support.get("/sessions/toy/toy-2/").text


def resume(client, session_id):
    return client.post(
        f"/sessions/toy/{session_id}/resume/",
        {"reason": "Customer approved", "ticket": "INC-1"},
        follow=True,
    )
