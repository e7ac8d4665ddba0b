"""The audit log as its readers meet it in a browser."""

import uuid

import pytest
from django.utils.html import escape

from pingadmin.audit.log import pagination
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from tests.audit.factories import record_entry, record_event
from tests.support.html import parse
from tests.support.queries import count_queries

pytestmark = pytest.mark.django_db

HOSTILE = """'"><img src=x onerror=alert(1)><script>alert(2)</script><b hx-get="/admin/">"""


def rows(response) -> list[int]:
    return [int(seq) for seq in parse(response).attributes("[data-seq]", "data-seq")]


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("support", 200), ("auditor", 200), ("admin", 200)]
)
def test_support_auditors_and_admins_read_the_log_and_viewers_do_not(request, role, status):
    client = request.getfixturevalue(f"as_{role}")
    head = record_entry("ok")

    assert client.get("/audit/").status_code == status
    assert client.get(f"/audit/{head.seq}/").status_code == status


def test_the_log_is_for_signed_in_people_and_for_reading_only(client, as_auditor):
    assert client.get("/audit/").url.startswith("/accounts/login/")
    for method in ("post", "put", "patch", "delete"):
        assert getattr(as_auditor, method)("/audit/").status_code == 405


def test_a_row_says_when_who_did_what_with_what_result_and_why(as_auditor, settings):
    settings.UPSTREAMS = {"ping": {"LABEL": "Ping production"}}
    settings.TICKET_URL = "https://tickets.example/{ticket}"
    head = record_entry("unknown", session_id="ses_8f2", ticket="INC-4420/7")
    record_entry("ok", ticket="")

    page = parse(as_auditor.get("/audit/"))

    row = page.one(f'[data-seq="{head.seq}"]')
    assert row.texts("td")[2:] == [
        "ana (support) asked to resume ses_8f2 “Customer approved” INC-4420/7",
        "Outcome unknown",
        "to review",
    ]
    assert row.text(".tag-unknown") == "Outcome unknown"
    assert row.text('a[href="/sessions/ping/ses_8f2/"]') == "ses_8f2"
    assert row.text('a[href="https://tickets.example/INC-4420%2F7"]') == "INC-4420/7"
    assert page.texts(".tag-paused") == ["no ticket"]


def test_a_visitor_is_somebody_who_is_not_signed_in(as_auditor):
    visitor = Actor(kind="visitor", id="", name="not signed in")
    record_event(action="sign_in_failed", phase="event", by=visitor, detail={"name": "ben"})
    row = parse(as_auditor.get("/audit/")).one("tbody tr .sentence p")
    assert row.text() == "Somebody not signed in failed to sign in as ben"


def test_the_count_is_exact_over_the_whole_range(as_auditor):
    for _ in range(pagination.SIZE + 3):
        record_entry("")
    record_entry("ok", ticket="INC-9")

    assert f"{pagination.SIZE + 4} entries" in as_auditor.get("/audit/").text
    assert f"{pagination.SIZE + 3} entries match" in as_auditor.get("/audit/?result=none").text
    assert "1 entry matches" in as_auditor.get("/audit/?ticket=INC-9").text


def test_pages_neither_skip_nor_repeat_while_rows_are_appended(as_auditor, monkeypatch):
    monkeypatch.setattr(pagination, "SIZE", 10)
    known = [record_entry("ok").seq for _ in range(25)][::-1]

    down = _walk(as_auditor, "/audit/", link="next")
    assert [seq for page in down for seq in page] == known

    up = _walk(as_auditor, f"/audit/?before={known[-1] + 1}", link="prev")
    back = [seq for page in reversed(up) for seq in page]
    assert [seq for seq in back if seq in known] == known
    assert back == sorted(set(back), reverse=True)


def test_links_to_other_pages_keep_the_filter(as_auditor, monkeypatch):
    monkeypatch.setattr(pagination, "SIZE", 2)
    heads = [record_entry("unknown", reason="a & b") for _ in range(5)]

    links = parse(as_auditor.get("/audit/?words=a+%26&result=unknown")).attributes("a", "href")

    assert f"/audit/?words=a+%26&result=unknown&before={heads[3].seq}" in links
    assert "/audit/?words=a+%26&result=none" in links


def test_each_value_of_the_filter_can_be_removed_alone(as_auditor):
    record_entry("ok")

    page = parse(as_auditor.get("/audit/?actor=ana&ticket=INC-1&result=accepted"))

    links = page.attributes("a", "href")
    for rest in (
        "ticket=INC-1&result=accepted",
        "actor=ana&result=accepted",
        "actor=ana&ticket=INC-1",
    ):
        assert f"/audit/?{rest}" in links


@pytest.mark.parametrize("filters", ["", "?actor=ana&result=accepted&words=customer"])
def test_fifty_entries_cost_as_many_queries_as_one(as_auditor, filters):
    record_entry("ok")
    as_auditor.get("/audit/")
    one = count_queries(as_auditor, f"/audit/{filters}")
    for _ in range(pagination.SIZE + 1):
        record_entry("ok")

    assert count_queries(as_auditor, f"/audit/{filters}") == one


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=-1", 200),
        ("page=1e9&sort=password", 200),
        ("before=-1", 400),
        ("before=1e9", 400),
        ("before=99999999999999999999", 400),
        ("before=%D9%A1", 400),
        ("after=%00", 400),
        ("before=1", 200),
        ("after=9223372036854775806", 200),
        ("since=9999-99-99", 400),
        ("since=2026-11-22T14:00%2B99:99", 400),
        ("result=success", 400),
        ("session=%00", 400),
        ("words=%ED%A0%80", 200),
    ],
)
@pytest.mark.parametrize("fragment", [False, True])
def test_a_bad_address_is_answered_400_and_never_500(as_auditor, query, status, fragment):
    record_entry("ok")
    headers = {"HX-Request": "true", "HX-Target": "log"} if fragment else {}

    response = as_auditor.get(f"/audit/?{query}", headers=headers)

    assert response.status_code == status


def test_a_bad_field_is_named_and_keeps_what_was_written(as_auditor):
    record_entry("ok")

    text = as_auditor.get("/audit/?since=9999-99-99&ticket=INC-1").text

    assert "Write a day such as 2026-11-22" in text
    assert 'aria-invalid="true"' in text
    assert 'value="INC-1"' in text
    assert "data-seq" not in text


def test_an_htmx_request_gets_the_list_alone_and_an_address_without_blanks(as_auditor):
    head = record_entry("ok")

    response = as_auditor.get(
        "/audit/?actor=ana&session=&ticket=", headers={"HX-Request": "true", "HX-Target": "log"}
    )

    assert rows(response) == [head.seq]
    assert "<html" not in response.text
    assert response["HX-Push-Url"] == "/audit/?actor=ana"


def test_an_empty_log_and_an_empty_result_say_what_to_do(as_auditor):
    assert "No entries yet" in as_auditor.get("/audit/").text
    record_entry("ok")
    assert "No entries match" in as_auditor.get("/audit/?actor=nobody").text
    assert "Clear filters" in as_auditor.get("/audit/?actor=nobody").text


def record_refused_resume() -> AuditEvent:
    """A resume between two snapshots that the upstream refused; its first event."""
    head = record_event(
        alias="ping",
        session_id="ses_1",
        reason="Customer approved",
        shown={
            "state": "disconnected",
            "source": "event stream",
            "last_seen_at": "2026-11-22T14:02:11+00:00",
        },
        snapshot_before=17,
    )
    record_event(
        phase="outcome",
        story=head.seq,
        alias="ping",
        session_id="ses_1",
        result="rejected",
        upstream_status=409,
        upstream_code="not_reusable",
        detail={"message": "It is not of the reusable kind", "elapsed_ms": 204},
        snapshot_after=18,
    )
    return head


def test_an_entry_says_what_was_shown_and_what_was_answered(as_auditor):
    head = record_refused_resume()
    text = parse(as_auditor.get(f"/audit/{head.seq}/")).text()
    for part in (
        "Intent recorded",
        "ana saw: disconnected (event stream); ping hadn’t reported whether it was paused.",
        "Refused",
        "409",
        "not_reusable",
        "It is not of the reusable kind",
        "ping answered after 204 ms.",
        "192.0.2.7",
        "req-1",
    ):
        assert part in text


def test_an_entry_links_the_snapshots_around_it_and_gives_milliseconds(as_auditor):
    head = record_refused_resume()
    page = parse(as_auditor.get(f"/audit/{head.seq}/"))
    assert page.has('[href="/sessions/ping/ses_1/#snapshot-17"]')
    assert page.has('[href="/sessions/ping/ses_1/#snapshot-18"]')
    milliseconds = f"{head.at:%H:%M:%S}.{head.at.microsecond // 1000:03}"
    assert milliseconds in page.texts("time")


def test_the_address_of_a_later_event_leads_to_its_line_in_the_entry(as_auditor):
    head = record_entry("ok")

    assert (
        as_auditor.get(f"/audit/{head.seq + 1}/").url == f"/audit/{head.seq}/#event-{head.seq + 1}"
    )
    assert f'id="event-{head.seq + 1}"' in as_auditor.get(f"/audit/{head.seq}/").text


@pytest.mark.parametrize("seq", ["99", "0", str(10**30), "9" * 5000, "-1", "x"])
def test_an_entry_that_does_not_exist_is_404(as_auditor, seq):
    assert as_auditor.get(f"/audit/{seq}/").status_code == 404


def test_an_entry_costs_as_many_queries_however_long_it_is(as_auditor):
    head = record_entry("unknown")
    as_auditor.get("/audit/")
    short = count_queries(as_auditor, f"/audit/{head.seq}/")
    for _ in range(30):
        record_event(phase="evidence", action="look", story=head.seq)

    assert count_queries(as_auditor, f"/audit/{head.seq}/") == short


@pytest.fixture
def hostile_entry(db, settings) -> AuditEvent:
    """An entry whose every text is markup; its first event."""
    settings.TICKET_URL = "https://tickets.example/?id={ticket}"
    texts = dict.fromkeys(["session_id", "client", "reason", "ticket", "upstream_code"], HOSTILE)
    by = Actor("person", "1", HOSTILE, HOSTILE[:20], HOSTILE[:60], HOSTILE[:60])
    hostile_facts = {"shown": {HOSTILE: HOSTILE}, "detail": {"message": HOSTILE, HOSTILE: HOSTILE}}
    head = record_event(by=by, alias="ping", **hostile_facts, **texts)
    record_event(
        by=by,
        phase="outcome",
        result="unknown",
        story=head.seq,
        alias="ping",
        **hostile_facts,
        **texts,
    )
    return head


def test_hostile_text_is_shown_and_never_run(as_auditor, hostile_entry):
    for address in (
        "/audit/",
        f"/audit/{hostile_entry.seq}/",
        f"/audit/?{_query(actor=HOSTILE, since=HOSTILE[:40])}",
    ):
        text = as_auditor.get(address).text
        assert "<img" not in text
        assert "<script>alert" not in text
        assert "<b hx-get" not in text
        assert escape(HOSTILE)[:30] in text


def test_hostile_text_does_not_end_the_title_of_its_page(as_auditor, hostile_entry):
    page = parse(as_auditor.get(f"/audit/{hostile_entry.seq}/"))
    assert HOSTILE in page.text("head title")
    assert page.has("[hx-disable]")


@pytest.mark.parametrize(
    "state", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "T", 7, 0.5, None]
)
def test_a_state_that_looks_like_a_time_breaks_no_page(as_auditor, state):
    head = record_event(shown={"state": state, "deep": {"a": [1]}})

    assert as_auditor.get(f"/audit/{head.seq}/").status_code == 200


def test_invisible_characters_are_written_out(as_auditor):
    head = record_entry("ok", reason="approved \u202e yb")

    for address in ("/audit/", f"/audit/{head.seq}/"):
        text = as_auditor.get(address).text
        assert "\\u202e" in text and "\u202e" not in text


def test_rows_that_the_trail_would_refuse_are_shown_as_unrecognised_and_break_no_page(as_auditor):
    head = record_event()
    _forge(
        head,
        result="success",
        phase="outcome",
        story=head.seq,
        shown="[1, {",
        detail='["no object"]',
    )

    for address in ("/audit/", f"/audit/{head.seq}/"):
        text = as_auditor.get(address).text
        assert "Unrecognised" in text
        assert "tag-ok" not in text and "dot-ok" not in text
    assert "Unreadable" in as_auditor.get(f"/audit/{head.seq}/").text


def _walk(client, address: str, *, link: str) -> list[list[int]]:
    """The rows of page after page, while somebody appends an entry between any two."""
    walked = []
    for _ in range(9):
        response = client.get(address)
        walked.append(rows(response))
        following = parse(response).css(f'a[rel="{link}"]')
        if not following:
            return walked
        record_entry("ok")
        address = following[0]["href"]
    raise AssertionError("the pages never end")


def _query(**parameters) -> str:
    from urllib.parse import urlencode

    return urlencode(parameters)


def _forge(tail: AuditEvent, **given) -> None:
    """A row that follows the last one by number and hash, with words unknown to the trail."""
    forged = AuditEvent.objects.get(seq=tail.seq)
    forged.seq, forged.event_id, forged.prev_hash = tail.seq + 1, uuid.uuid4(), tail.row_hash
    forged.row_hash = "e" * 64
    for name, value in given.items():
        setattr(forged, name, value)
    forged.save_base(force_insert=True)
