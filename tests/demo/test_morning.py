"""The demo's morning: made by the panel's own writers, the same every time, and true to the log."""

import json
from collections import Counter

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.utils import timezone

from pingadmin import upstream
from pingadmin.accounts.models import User
from pingadmin.audit.entries.entries import load_entries
from pingadmin.audit.models import AuditEvent, VerificationRun
from pingadmin.demo import cast
from pingadmin.demo.accounts import ACCOUNTS, PASSWORD
from pingadmin.demo.morning import colleague, customers, script
from pingadmin.demo.simulator.server import Simulator
from pingadmin.oversight.models import SavedView, TeamEntry, TeamState
from pingadmin.remote_sessions.history.coverage import find_gaps
from pingadmin.remote_sessions.models import AgentTask, RemoteSession, StatusSnapshot, WatchSpan
from pingadmin.resumes.models import Attempt, BulkResume, ScheduledResume

pytestmark = pytest.mark.django_db


def entries():
    return list(load_entries(AuditEvent.objects.heads()))


def test_the_morning_holds_what_a_team_meets_and_its_log_is_intact(seed, capsys):
    seed()
    results = Counter(entry.result_label for entry in entries() if entry.action.results)
    assert results == {
        "Confirmed": 1,
        "Accepted": 10,
        "Was not paused": 2,
        "Refused": 1,
        "Not sent": 1,
        "Outcome unknown": 2,
    }
    unresolved = [attempt for attempt in Attempt.objects.all() if attempt.is_unresolved]
    assert [attempt.session.session_id for attempt in unresolved] == [script.UNKNOWN]
    states = Counter(entry.review_state for entry in entries())
    assert states["reviewed"] == 2 and states["flagged"] == 1 and states["pending"] > 10
    assert BulkResume.objects.get().items.count() == 4
    assert VerificationRun.objects.get().outcome == "whole"
    assert SavedView.objects.get().name == "Initech"
    assert TeamState.objects.watched().count() > 5
    handed_over = TeamState.objects.get(handover__isnull=False)
    assert handed_over.assigned_to.username == "support"
    assert handed_over.session.session_id == script.HANDED_OVER
    waiting = AgentTask.objects.get(waiting_since__isnull=False)
    assert waiting.session.session_id == customers.QUESTION_ID and waiting.reported_at
    later = ScheduledResume.objects.pending().get()
    assert later.session.session_id == script.LATER and later.due_at > timezone.now()
    capsys.readouterr()
    number = AuditEvent.objects.count()
    call_command("audit_verify")
    assert f"Intact: {number} events." in capsys.readouterr().out


def test_six_hours_were_watched_but_for_one_gap_with_its_reason(seed):
    seed()
    spans = WatchSpan.objects.in_account("ping").oldest_first()
    first, last = spans[0], spans.last()
    gaps = find_gaps("ping", first.from_at, last.until_at)
    assert [gap.why for gap in gaps] == ["the event stream broke off"]
    assert 5 * 3600 < (last.until_at - first.from_at).total_seconds() < 6 * 3600 + 1
    sessions = RemoteSession.objects.all()
    assert 35 <= sessions.count() <= 45
    assert Counter(sessions.values_list("alias", flat=True))["agi"] == len(customers.AGI_SESSIONS)
    assert sessions.get(session_id=script.FAILING).failure == "server_error"
    assert StatusSnapshot.objects.count() > 3000


def test_no_name_is_an_attack_unless_it_is_asked_for(seed):
    world = json.loads(seed().read_text())
    names = [session["client_id"] for session in world["ping"]]
    names += [session["agent_name"] for session in world["agi"]]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)
    texts = AuditEvent.objects.values_list("client", "reason")
    assert not [text for pair in texts for text in pair if "<" in text or text.startswith("=")]


def test_hostile_names_are_there_when_asked_for(seed):
    world = json.loads(seed(is_hostile=True).read_text())
    assert {session["client_id"] for session in world["ping"]} > {"<script>alert(1)</script>"}


def test_only_the_demos_own_accounts_can_sign_in(seed, rf):
    seed()
    assert {name: User.objects.get(username=name).role for name in ACCOUNTS} == ACCOUNTS
    able = {user.username for user in User.objects.all() if user.has_usable_password()}
    assert able == set(ACCOUNTS)
    assert authenticate(rf.post("/"), username="support", password=PASSWORD)


def test_the_colleague_works_on_and_leaves_the_visitors_sessions_alone(seed, settings):
    world = seed()
    before = AuditEvent.objects.last_seq()
    port = int(settings.UPSTREAMS["ping"]["BASE_URL"].split(":")[2].split("/")[0])
    with Simulator(port) as simulator, simulator.serving():
        simulator.world.load(world)
        ana = colleague.Colleague()
        for _ in range(12):
            ana.step()
    hers = Attempt.objects.filter(intent_seq__gt=before)
    assert hers and {attempt.actor_name for attempt in hers} == {script.ANA}
    acted_on = set(hers.values_list("session__session_id", flat=True))
    acted_on |= set(
        TeamEntry.objects.filter(at__gt=hers[0].opened_at).values_list(
            "session__session_id", flat=True
        )
    )
    assert not acted_on & {script.HANDED_OVER, script.UNKNOWN, cast.AGI_PAUSED}


def test_the_agent_that_asks_still_asks_when_the_visitor_comes(seed, settings):
    world = seed()
    port = int(settings.UPSTREAMS["agi"]["BASE_URL"].split(":")[2].split("/")[0])
    with Simulator(port) as simulator, simulator.serving():
        simulator.world.load(world)
        conversation = upstream.api_for("agi").read_conversation(customers.QUESTION_ID)
    assert conversation.newest_question.text.startswith("May I refund order 4411")
