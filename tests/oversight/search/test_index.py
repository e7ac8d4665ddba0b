"""The index of the box: complete whatever it holds so far, and never in the way of an act."""

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from pingadmin.audit.models import AuditEvent
from pingadmin.oversight.search import rare_runs, text_index
from tests.audit.factories import record_entry
from tests.factories import RemoteSessionFactory
from tests.support.html import parse
from tests.support.session_actions import click_resume

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

only_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL keeps this index itself"
)


@pytest.fixture(autouse=True)
def nothing_is_known_to_be_common(monkeypatch):
    monkeypatch.setattr(rare_runs, "_common", {})


def seqs(where, text: str) -> list[int]:
    return text_index.find_containing(where, text, limit=100)


def test_an_entry_is_found_before_and_after_its_index_caught_up():
    first = record_entry("", ticket="INC-4412", reason="Überweisung kam an")
    while text_index.catch_up():
        pass
    second = record_entry("", ticket="INC-4412", reason="ÜBERWEISUNG kam an")
    for _ in range(2):
        assert seqs(text_index.TICKET, "inc-44") == [second.seq, first.seq]
        assert seqs(text_index.REASON, "überweisung") == [second.seq, first.seq]
        assert seqs(text_index.REASON, "inc-44") == []
        text_index.catch_up()


@only_sqlite
def test_it_catches_up_in_bounded_steps(monkeypatch):
    monkeypatch.setattr(text_index, "MAX_CAUGHT_UP", 3)
    for number in range(4):
        record_entry("", ticket=f"INC-{number}")
    assert [text_index.catch_up() for _ in range(3)] == [True, False, False]
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM search_position")
        assert cursor.fetchone() == (AuditEvent.objects.last_seq(),)


@only_sqlite
def test_an_index_that_is_gone_keeps_no_act_and_the_page_says_what_was_not_searched(as_support):
    RemoteSessionFactory(session_id="ses_00000000aa", client_name="Acme GmbH")
    record_entry(ticket="INC-4412")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE search_audit_auditevent")
    before = AuditEvent.objects.last_seq()
    click_resume(as_support, "ping", "ses_00000000aa")
    assert AuditEvent.objects.last_seq() > before
    page = parse(as_support.get("/sessions/", {"q": "Acme GmbH"}))
    assert "Tickets, Audit entries could not be searched" in page.text()
    assert page.has("#found-client")
    suggestions = as_support.get("/sessions/suggestions/", {"q": "Acme"}).text
    assert "Not searched: Tickets, Audit entries." in suggestions


def test_what_all_ids_begin_with_is_not_looked_up_in_the_index():
    for number in range(30):
        RemoteSessionFactory(
            session_id=f"ses_{number:02x}77f1{number:04x}", client_name="Acme GmbH"
        )
    where = text_index.SESSION_ID
    part = rare_runs.find_rare_part(where.table, where.key, where.all_columns, "ses_0577f10005")
    assert part in "ses_0577f10005" and "ses" not in part and "7f1" not in part
    for text, count in [
        ("ses_0577f10005", 1),
        ("ses_05", 1),
        ("ses_", 30),
        ("77F1", 30),
        ("SES_1", 14),
    ]:
        assert len(seqs(where, text)) == count, text
    assert seqs(where, "acme") == []


@given(
    names=st.lists(st.text(st.sampled_from("abÄß_% "), min_size=1, max_size=8), max_size=40),
    text=st.text(st.sampled_from("abÄäß_% "), min_size=3, max_size=6),
)
@example(names=["aaab"] * 30 + ["baab"], text="aab")
def test_a_rare_part_never_hides_a_match(names, text):
    runs = rare_runs
    counts = {}
    for name in names:
        for run in runs._runs_of(name.casefold()):
            counts[run] = counts.get(run, 0) + 1
    runs._common["t"] = float("inf"), frozenset(run for run in counts if counts[run] > 2)
    part = runs.find_rare_part("t", "id", ("name",), text)
    assert part in text and len(part) >= runs.RUN
    assert all(
        part.casefold() in name.casefold() for name in names if text.casefold() in name.casefold()
    )
