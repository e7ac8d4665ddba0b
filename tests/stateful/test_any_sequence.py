"""After any sequence of acts, crashes, repairs and attacks the log is whole, no write is doubled.

Hypothesis draws the sequences. The acts are those of real processes on a real database, and the
upstream is the simulator over a real socket. `STATEFUL_EXAMPLES` draws more of them.
"""

import collections
import contextlib
import os

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pingadmin.demo import cast
from tests.stateful.panel import ForkingPanel
from tests.support.disruptions import in_background, let_leases_lapse, other_writer
from tests.support.processes import until

pytestmark = pytest.mark.process

SESSIONS = [f"ping/{cast.PING_PAUSED}", f"ping/{cast.PING_PAUSED_TOO}", f"agi/{cast.AGI_PAUSED}"]
# Accepted; told on the page; refused by the upstream; busy or used; not sent, or unknown.
STATUSES = {302, 200, 400, 409, 502, 503, 504}
SENT_FOR_SURE = {"ok", "already", "rejected"}
# A resume runs about as many lines of the traced packages; a later one doesn't kill.
LINES = 3000
TAMPERINGS = {
    "an edit": "UPDATE audit_auditevent SET reason = 'another' WHERE seq = {seq}",
    "a forged result": "UPDATE audit_auditevent SET result = 'ok' WHERE seq = {seq}",
    "a deletion": "DELETE FROM audit_auditevent WHERE seq = {seq}",
    "another actor": "UPDATE audit_auditevent SET actor_name = 'nobody' WHERE seq = {seq}",
}

sessions = st.sampled_from(SESSIONS)
people = st.integers(0, 1)
actions = st.sampled_from(["resume", "resume", "resume", "pause"])
answers = st.sampled_from(["answer", "approve", "instruct", "decline"])
crashes = st.one_of(st.none(), st.integers(1, LINES))
upstream_faults = st.sampled_from(
    [
        None,
        {"kind": "reset", "after": True},
        {"kind": "reset"},
        {"kind": "close"},
        {"kind": "status", "status": 503},
    ]
)


class AnySequence(RuleBasedStateMachine):
    """The model knows what the upstream counted, and what the log may say of it."""

    panel: ForkingPanel

    @initialize()
    def begin(self):
        self.panel.begin_anew()
        self.backup = None
        # What happened before the newest restore is not in the log that was put back.
        self.forgotten_writes: collections.Counter[str] = collections.Counter()
        self.earlier_attempts: set[str] = set()

    # --- People ---------------------------------------------------------------------------------

    @rule(by=people, session=sessions, action=actions, crash=crashes, fault=upstream_faults)
    def press(self, by, session, action, crash, fault):
        if fault:
            details = dict(fault)
            self.panel.simulator.fault(details.pop("kind"), match=f"P* */{action}", **details)
        self._press((by, session, action, crash))
        self.panel.simulator.clear_faults()

    @rule(
        first=st.tuples(people, sessions, actions, crashes),
        second=st.tuples(people, sessions, actions, crashes),
    )
    def press_at_once(self, first, second):
        self._press(first, second)

    @rule(by=people, session=sessions)
    def press_while_the_outcome_cannot_be_written(self, by, session):
        simulator = self.panel.simulator
        simulator.fault("delay", match="P* */resume", seconds=0.3)
        count = simulator.call_count("/resume")
        with in_background(lambda: self._acts((by, session, "resume", None))) as pressing:
            until(lambda: simulator.call_count("/resume") > count or pressing.done())
            with other_writer(self.panel):
                self._check(pressing.result())
        simulator.clear_faults()

    @rule(by=people, do=answers, is_stale=st.booleans(), crash=crashes, fault=upstream_faults)
    def answer_an_agent(self, by, do, is_stale, crash, fault):
        agent = f"agi/{cast.AGI_PAUSED}"
        self.panel.simulator.message(cast.AGI_PAUSED, "QUESTION", "Which one?")
        question = self._newest_question()
        if is_stale:
            self.panel.simulator.message(cast.AGI_PAUSED, "QUESTION", "Or which other one?")
        if fault:
            details = dict(fault)
            self.panel.simulator.fault(details.pop("kind"), match="POST */message", **details)
        sent = self._writes()
        cookie = self.panel.cookies[by]
        self._check(self.panel.act(["answer", [cookie, agent, do, question], crash]))
        self.panel.simulator.clear_faults()
        assert not is_stale or self._writes() == sent, "a stale question was answered"

    @rule(by=people, session=sessions, crash=crashes)
    def schedule_a_resume(self, by, session, crash):
        self._check(self.panel.act(["schedule", [self.panel.cookies[by], session], crash]))

    @rule(crashes=st.lists(crashes, min_size=1, max_size=2))
    def scheduled_resumes_are_due(self, crashes):
        self.panel.execute("UPDATE resumes_scheduledresume SET due_at = datetime('now')")
        for told in self.panel.act(*(["send_due", [], crash] for crash in crashes)):
            assert "killed" in told or told == {"returned": None}, (told, self.panel.log[-3000:])

    @rule()
    def scheduled_resumes_are_too_late(self):
        sent = self._writes()
        self.panel.execute(
            "UPDATE resumes_scheduledresume SET due_at = datetime('now', '-70 seconds')"
        )
        self.panel.act(["send_due", []])
        assert self._writes() == sent, "a scheduled resume was sent too late"

    def _newest_question(self) -> int:
        answer = self.panel.simulator.ask("GET", f"/v1/sessions/{cast.AGI_PAUSED}/messages")
        return max(each["id"] for each in answer.json()["messages"] if each["type"] == "QUESTION")

    def _press(self, *presses):
        self._check(self._acts(*presses))

    def _acts(self, *presses) -> list[dict]:
        return self.panel.act(
            *(
                ["press", [self.panel.cookies[by], session, action], crash]
                for by, session, action, crash in presses
            )
        )

    def _check(self, told):
        note(f"{told}")
        for each in told:
            is_answered = each.get("returned") in STATUSES
            assert "killed" in each or is_answered, (each, self.panel.log[-3000:])

    # --- Time and repair --------------------------------------------------------------------------

    @rule(session=sessions)
    def the_session_is_paused_elsewhere(self, session):
        system, _, session_id = session.partition("/")
        if system == "ping":
            self.panel.simulator.ask("PATCH", f"/customer/v2/sessions/{session_id}/pause")
        else:
            self.panel.simulator.ask("POST", f"/v1/sessions/{session_id}/pause")
        self.forgotten_writes[f"{session_id}/pause"] += 1

    @rule()
    def time_passes(self):
        let_leases_lapse(self.panel)

    @rule(crash=crashes)
    def reconcile(self, crash):
        [told] = self.panel.act(["manage", ["reconcile"], crash])
        assert "killed" in told or "returned" in told, told

    @rule()
    def sign_a_checkpoint(self):
        self.panel.manage("audit_checkpoint")

    # --- Backups and attacks ----------------------------------------------------------------------

    @rule()
    def make_a_backup(self):
        self.backup = self.panel.copy("backup.sqlite3")

    @precondition(lambda self: self.backup)
    @rule()
    def restore_the_backup(self):
        self.panel.put_back(self.backup)
        told = self.panel.manage("audit_accept_restore", "--reason", "Disk lost", "--by", "admin")
        note(f"{told}")
        self.forgotten_writes = self._writes()
        self.earlier_attempts = {attempt for attempt, _ in self._attempts()}

    @rule(kind=st.sampled_from(list(TAMPERINGS)), which=st.integers(0, 10_000))
    def tamper_and_be_found_out(self, kind, which):
        before = self.panel.copy("untampered.sqlite3")
        numbers = [row["seq"] for row in self.panel.rows("SELECT seq FROM audit_auditevent")]
        seq = numbers[which % len(numbers)]
        [row] = self.panel.rows("SELECT * FROM audit_auditevent WHERE seq = ?", seq)
        triggers = self.panel.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        drops = [f"DROP TRIGGER {trigger['name']}" for trigger in triggers]
        self.panel.execute(*drops, TAMPERINGS[kind].format(seq=seq))
        changed = self.panel.rows("SELECT * FROM audit_auditevent WHERE seq = ?", seq) != [row]
        is_last_and_unanchored = kind == "a deletion" and seq == numbers[-1]
        told = self._verify()
        if changed and not is_last_and_unanchored:
            assert told != 0, f"{kind} of event {seq} goes unnoticed"
        self.panel.put_back(before)

    # --- What must hold ---------------------------------------------------------------------------

    @invariant()
    def no_write_is_doubled_and_no_result_contradicts_the_upstream(self):
        if not hasattr(self, "earlier_attempts"):
            return
        least, most = collections.Counter[str](), collections.Counter[str]()
        for (attempt, session), results in self._attempts().items():
            assert len(results) <= 1, f"attempt {attempt} has the outcomes {results}"
            if attempt not in self.earlier_attempts:
                least[session] += bool(results) and results[0] in SENT_FOR_SURE
                most[session] += results != ["not_sent"]
        writes = self._writes()
        for session in writes.keys() | most.keys():
            sent = writes[session] - self.forgotten_writes[session]
            assert least[session] <= sent <= most[session], (
                f"{session}: {sent} writes, its attempts allow {least[session]} to {most[session]}"
            )

    def teardown(self):
        if hasattr(self, "earlier_attempts"):
            let_leases_lapse(self.panel)
            told = self.panel.manage("reconcile")
            assert "returned" in told, told
            self.no_write_is_doubled_and_no_result_contradicts_the_upstream()
            missing = [key for key, results in self._attempts().items() if not results]
            assert not missing, f"attempts without an outcome: {missing}"
            assert self._verify() == 0, self.panel.manage("audit_verify", "--no-event")

    def _verify(self) -> int:
        told = self.panel.manage("audit_verify", "--no-event")
        return told.get("exit", 0 if "returned" in told else -1)

    def _writes(self) -> collections.Counter[str]:
        """How often the upstream was asked, by "id/action"."""
        writes = collections.Counter()
        for call, times in self.panel.simulator.calls().items():
            *_, session_id, action = call.split("/")
            if action in ("resume", "pause", "message", "cancel"):
                writes[f"{session_id}/{action}"] += times
        return writes

    def _attempts(self) -> dict[tuple[str, str], list[str]]:
        """The outcomes of each attempt, by its id and "session id/action"."""
        found: dict[tuple[str, str], list[str]] = {}
        for row in self.panel.rows(
            "SELECT attempt, phase, result, session_id, action FROM audit_auditevent"
            " WHERE attempt <> '' AND phase IN ('intent', 'outcome') ORDER BY seq"
        ):
            key = (row["attempt"], f"{row['session_id']}/{row['action']}")
            results = found.setdefault(key, [])
            if row["phase"] == "outcome":
                results.append(row["result"])
        return found


def test_any_sequence_keeps_the_log_whole_and_no_write_is_doubled(
    tmp_path, furnished_file, simulator
):
    AnySequence.panel = ForkingPanel(tmp_path, furnished_file, simulator)
    with contextlib.closing(AnySequence.panel):
        run_state_machine_as_test(
            AnySequence,
            settings=settings(
                max_examples=int(os.environ.get("STATEFUL_EXAMPLES", "10")),
                stateful_step_count=15,
                deadline=None,
                derandomize="STATEFUL_EXAMPLES" not in os.environ,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
