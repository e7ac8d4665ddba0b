"""Features tell the audit log of their actions; the log names no feature."""

import re
from pathlib import Path

import pytest
from django.apps import AppConfig
from django.http import QueryDict

from pingadmin.audit import actions
from pingadmin.audit.actions import AuditAction
from pingadmin.audit.entries.entries import load_entries
from pingadmin.audit.log.filters import AuditFilter
from tests.audit.factories import record_entry, record_event
from tests.support.html import parse

ROOT = Path(__file__).resolve().parents[2]
FEATURES = [
    "resume",
    "pause",
    "oversight",
    "remote_sessions",
    "pingadmin.accounts",
    "pingadmin.collector",
    "/sessions/",
]
# Tones are named after the colours of the style sheet, and one of those is called "paused".
TONES = re.compile(r"\b(tag|notice|dot)-paused\b")


@pytest.fixture
def sample_feature(monkeypatch):
    """A feature of this test alone: its app is started, and forgotten at the end."""
    monkeypatch.setattr(actions, "_actions", dict(actions._actions))
    monkeypatch.setattr(actions, "_field_labels", dict(actions._field_labels))
    AppConfig.create("tests.audit.sample_feature").ready()


@pytest.mark.django_db
def test_a_feature_gives_its_action_a_label_results_an_object_and_a_review(
    sample_feature, as_auditor
):
    head = record_entry("ok", action="print_badge", session_id="b1", client="Ana Lee", batch="7")
    jammed = record_entry("rejected", action="print_badge", session_id="b2", client="Ben Roe")

    page = parse(as_auditor.get("/audit/"))

    row = page.one(f'tr[data-seq="{head.seq}"]')
    assert "ana (support) printed the badge of Ana Lee at once" in row.text(".sentence")
    assert row.one(".sentence a")["href"] == "/prints/b1/"
    assert row.text(".tag-ok") == "Printed"
    assert page.text(f'tr[data-seq="{jammed.seq}"] .tag-failed') == "Paper jam"
    assert "Paper jam" in page.texts('[aria-label="Result"] a')
    for query, found in {"review=pending": [jammed, head], "result=jammed": [jammed]}.items():
        heads = AuditFilter(QueryDict(query))
        assert heads.is_valid()
        assert list(heads.heads().newest_first()) == found


@pytest.mark.django_db
def test_an_entry_leads_to_its_batch_for_whoever_may_open_it(
    sample_feature, as_auditor, as_support
):
    head = record_entry("ok", action="print_badge", batch="7")

    as_linked = parse(as_auditor.get(f"/audit/{head.seq}/"))
    as_text = parse(as_support.get(f"/audit/{head.seq}/"))

    assert as_linked.text('a[href="/runs/7/"]') == "run 7"
    assert "run 7" in as_text.text("aside dl") and not as_text.has('a[href="/runs/7/"]')


@pytest.mark.django_db
def test_stored_names_are_shown_by_the_feature_s_labels(sample_feature, as_auditor):
    head = record_event(action="print_badge", detail={"tray": 2, "ink_left": 9})

    page = parse(as_auditor.get(f"/audit/{head.seq}/"))

    assert sorted(page.texts(".well dt")) == ["Ink left", "Paper tray"]


@pytest.mark.django_db
def test_an_action_that_nobody_registered_is_spelled_out_and_never_a_success(as_auditor):
    head = record_entry("ok", action="print_badge", outcome={"verified": True}, batch="7")

    page = parse(as_auditor.get("/audit/"))
    row = page.one(f'tr[data-seq="{head.seq}"]')

    assert row.text(".sentence").startswith("ana (support) Print badge")
    assert row.text('[data-label="Result"]') == "Unrecognised"
    assert not page.has(".tag-ok")
    [entry] = load_entries([head])
    assert (entry.review_state, entry.object_address, entry.batch_link) == (None, "", None)


def test_an_action_has_one_meaning(sample_feature):
    actions.register(actions.action_named("print_badge"))

    with pytest.raises(ValueError, match="print_badge"):
        actions.register(AuditAction("print_badge", "Something else"))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("resume", "Resume"),
        ("bulk_resume", "Bulk resume started"),
        ("role_set", "Role set"),
        ("view_saved", "View saved"),
        ("sign_in_failed", "Sign-in failed"),
        ("denied", "Access denied"),
        ("read_log", "Audit log read"),
    ],
)
def test_every_feature_has_registered_its_actions(name, label):
    assert actions.action_named(name).label == label


def test_only_acts_on_sessions_need_a_review():
    assert actions.names_needing_review() == ["resume", "pause", "message", "cancel"]


def test_every_recorded_action_is_registered():
    recorded = {
        name
        for path in (ROOT / "pingadmin").rglob("*.py")
        for name in re.findall(
            r'\b(?:action=|record_(?:person_event|if_possible)\(\s*)"(\w+)"', path.read_text()
        )
    } - {"store_true", "append"}
    # What readiness appends it takes back at once.
    recorded.remove("probe")

    assert recorded - {action.name for action in actions._actions.values()} == set()


@pytest.mark.parametrize("folder", ["pingadmin/audit", "templates/audit"])
def test_the_audit_log_names_no_feature(folder):
    named = [
        f"{path.relative_to(ROOT)}:{number} names {feature}"
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".html"} and "migrations" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for feature in FEATURES
        # What a log that takes no event means for whoever reads /readyz.
        if feature in TONES.sub("", line).replace("nothing can be resumed", "").lower()
    ]
    assert named == []
