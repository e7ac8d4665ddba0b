"""The queue as reviewers meet it: an entry next to the list, a mark, and on to the next."""

import hashlib
import json
import uuid

import pytest

from pingadmin.audit.chain import canonical
from pingadmin.audit.entries.entries import load_entries
from pingadmin.audit.log import pagination, pin_views
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
from tests.audit.factories import ANA, BEN, record_entry, record_event
from tests.support.html import parse
from tests.support.queries import count_queries

pytestmark = pytest.mark.django_db

FINN = Actor(kind="person", id="700004", name="finn", role="auditor")
HOSTILE = """'"><img src=x onerror=alert(1)><script>alert(2)</script><b hx-get="/admin/">"""


def post_mark(
    client, head, mark="reviewed", *, note="", query="?review=pending", last_seen_seq=None, **more
):
    given = {
        "mark": mark,
        "note": note,
        "seen": last_seen_seq or AuditEvent.objects.filter(story=head.seq).last().seq,
    }
    return client.post(f"/audit/{head.seq}/review/{query}", given | more.pop("data", {}), **more)


def opened(response) -> int:
    heading = parse(response).text("#opened")
    return int(heading.split()[0].removeprefix("#"))


def test_the_queue_opens_its_first_entry_with_the_form_and_the_week_s_progress(as_auditor):
    older, newest = record_entry("ok"), record_entry("unknown")
    reviews.mark_entry(
        head_seq=older.seq, state="reviewed", note="", last_seen_seq=older.seq, by=FINN
    )

    response = as_auditor.get("/audit/?review=pending")

    assert opened(response) == newest.seq
    for part in (
        "Mark reviewed and open next",
        "Flag and open next",
        "1 of 2 reviewed this week",
        'aria-current="true"',
    ):
        assert part in response.text


def test_the_queue_opens_no_entry_in_which_the_reviewer_acted(as_auditor, auditor):
    me = Actor(kind="person", id=str(auditor.pk), name="auditor", role="support")
    waiting, own = record_entry("ok"), record_entry("ok", by=me)

    response = as_auditor.get("/audit/?review=pending")

    assert opened(response) == waiting.seq
    assert f'data-seq="{own.seq}"' in response.text


def test_the_entry_that_the_address_names_opens_next_to_any_list(as_auditor):
    head, other = record_entry("ok"), record_entry("ok", by=BEN)

    assert opened(as_auditor.get(f"/audit/?story={head.seq}")) == head.seq
    assert opened(as_auditor.get(f"/audit/?actor=ben&story={head.seq}")) == head.seq
    assert f"story={other.seq}" in as_auditor.get("/audit/?actor=ben").text


def test_after_a_mark_the_next_entry_of_the_filter_opens(as_auditor):
    third, second = record_entry("ok", by=BEN), record_entry("ok")
    first = record_entry("ok", by=BEN)

    answer = post_mark(as_auditor, first, query="?actor=ben&review=pending")

    assert answer.url.startswith(f"/audit/?actor=ben&review=pending&story={third.seq}&marked=")
    assert load_entries([first])[0].review_state == "reviewed"
    text = as_auditor.get(answer.url).text
    assert f"#{first.seq} is reviewed." in text
    assert opened(as_auditor.get(post_mark(as_auditor, third).url)) == second.seq


def test_without_a_filter_the_next_entry_is_one_to_review(as_auditor):
    waiting, done, now = record_entry("ok"), record_entry("ok"), record_entry("ok")
    post_mark(as_auditor, done)

    assert f"story={waiting.seq}&" in post_mark(as_auditor, now, query="").url


def test_the_next_is_shown_on_the_page_of_the_list_that_holds_it(as_auditor, monkeypatch):
    monkeypatch.setattr(pagination, "SIZE", 2)
    heads = [record_entry("ok") for _ in range(5)][::-1]

    on_same = post_mark(as_auditor, heads[2], query=f"?before={heads[1].seq}")
    assert f"before={heads[1].seq}&story={heads[3].seq}" in on_same.url
    on_next = post_mark(as_auditor, heads[3], query=f"?before={heads[1].seq}")
    assert f"before={heads[4].seq + 1}&story={heads[4].seq}" in on_next.url
    assert opened(as_auditor.get(on_next.url)) == heads[4].seq


def test_after_the_last_one_the_queue_says_so(as_auditor):
    head = record_entry("ok")

    answer = as_auditor.get(post_mark(as_auditor, head).url)

    assert "Nothing left to review here" in answer.text
    assert f"#{head.seq} is reviewed." in answer.text


def test_with_htmx_the_answer_is_the_list_with_the_next_entry_and_its_address(as_auditor):
    following, head = record_entry("ok"), record_entry("ok")
    headers = {"HX-Request": "true", "HX-Target": "log"}

    answer = post_mark(as_auditor, head, headers=headers, follow=True)

    assert "<html" not in answer.text and opened(answer) == following.seq
    assert answer["HX-Push-Url"] == f"/audit/?review=pending&story={following.seq}"


def test_the_answer_carries_the_mark_for_the_reviewers_pin_and_only_for_the_reviewer(as_auditor):
    record_entry("ok")
    head = record_entry("ok")

    address = post_mark(as_auditor, head).url

    mark = AuditEvent.objects.marks().last()
    assert (
        f'id="marked" value="{mark.seq}" data-hash="{mark.row_hash}"'
        in as_auditor.get(address).text
    )
    by_finn = reviews.mark_entry(
        head_seq=head.seq, state="flagged", note="Odd", last_seen_seq=mark.seq, by=FINN
    ).event
    assert 'id="marked"' not in as_auditor.get(f"/audit/?marked={by_finn.seq}").text
    assert 'id="marked"' not in as_auditor.get(f"/audit/?marked={head.seq}").text


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        ({"mark": "flagged"}, 400, "Say in a few words what’s wrong"),
        ({"mark": "flagged", "note": " \n "}, 400, "Say in a few words what’s wrong"),
        ({"mark": "reviewed", "note": "x" * 501}, 400, "at most 500 characters"),
        ({"mark": "whole"}, 400, None),
        ({"mark": "reviewed", "seen": "x"}, 400, None),
    ],
)
def test_an_invalid_mark_is_explained_next_to_the_entry_and_nothing_is_written(
    as_auditor, given, status, sentence, fragment
):
    head = record_entry("ok")
    headers = {"HX-Request": "true", "HX-Target": "log"} if fragment else {}

    answer = post_mark(as_auditor, head, data=given, headers=headers)

    assert answer.status_code == status
    assert opened(answer) == head.seq
    assert sentence is None or sentence in answer.text
    assert given.get("note", "").strip() in answer.text
    assert not AuditEvent.objects.marks().exists()


@pytest.mark.parametrize("where", ["list", "entry"])
@pytest.mark.parametrize("part", ["began", "closed"])
def test_nobody_reviews_an_entry_in_which_they_acted_whatever_is_posted(
    as_auditor, auditor, part, where
):
    me = Actor(kind="person", id=str(auditor.pk), name="as it was then", role="support")
    head = record_entry("unknown", by=me if part == "began" else ANA)
    if part == "closed":
        record_event(
            phase="closure", action="close_unknown", by=me, story=head.seq, reason="Online"
        )

    answer = post_mark(as_auditor, head, data={"from": where})

    assert answer.status_code == 403
    assert "You acted in this entry" in answer.text
    assert not AuditEvent.objects.marks().exists()
    assert "Mark reviewed and open next" not in as_auditor.get(f"/audit/?story={head.seq}").text


def test_the_later_reviewer_learns_of_the_other(as_auditor):
    record_entry("ok")
    head = record_entry("ok")
    seen = head.seq + 1
    reviews.mark_entry(head_seq=head.seq, state="flagged", note="Odd", last_seen_seq=seen, by=FINN)

    answer = post_mark(
        as_auditor,
        head,
        last_seen_seq=seen,
        headers={"HX-Request": "true", "HX-Target": "log"},
        follow=True,
    )

    assert f"#{head.seq}: finn marked it flagged while you were looking at it." in answer.text


@pytest.mark.parametrize("role", ["support", "admin"])
def test_readers_who_do_not_review_see_the_entry_without_the_form(request, role):
    client = request.getfixturevalue(f"as_{role}")
    head = record_entry("ok")

    text = client.get(f"/audit/?story={head.seq}").text

    assert "Intent recorded" in text and "Your role can only read it" in text
    assert "/review/" not in text and 'id="pin"' not in text
    assert post_mark(client, head).status_code == 403


def test_an_entry_that_needs_no_review_has_no_form(as_auditor):
    head = record_event(action="add_user", phase="event")

    assert "/review/" not in as_auditor.get(f"/audit/?story={head.seq}").text
    assert "/review/" not in as_auditor.get(f"/audit/{head.seq}/").text
    assert post_mark(as_auditor, head, query="").status_code == 403
    assert (
        post_mark(as_auditor, head, query="", last_seen_seq=5, data={"from": "entry"}).status_code
        == 403
    )


def test_an_entry_s_own_page_marks_it_and_stays_open(as_auditor):
    head = record_entry("ok")
    assert f'action="/audit/{head.seq}/review/"' in as_auditor.get(f"/audit/{head.seq}/").text

    answer = post_mark(as_auditor, head, "flagged", note="Whose ticket?", data={"from": "entry"})

    mark = AuditEvent.objects.marks().last()
    assert answer.url == f"/audit/{head.seq}/?marked={mark.seq}"
    page = parse(as_auditor.get(answer.url))
    assert "“Whose ticket?”" in page.texts(".timeline p")
    assert page.texts(".tag-failed") == ["Flagged"]
    refused = post_mark(as_auditor, head, "flagged", data={"from": "entry"})
    assert (
        refused.status_code == 400
        and "What happened" in refused.text
        and "Say in a few words" in refused.text
    )


def test_a_row_shows_the_review_state_of_its_entry(as_auditor):
    for state in ("reviewed", "flagged"):
        head = record_entry("ok")
        reviews.mark_entry(
            head_seq=head.seq, state=state, note="Odd", last_seen_seq=head.seq, by=FINN
        )
    record_entry("ok")

    page = parse(as_auditor.get("/audit/"))

    assert page.texts('[data-label="Review"]') == ["to review", "Flagged", "Reviewed"]
    assert page.text('[data-label="Review"] .tag-ok') == "Reviewed"
    assert page.text('[data-label="Review"] .tag-failed') == "Flagged"


def test_counts_come_as_their_own_fragment_and_without_javascript_on_request(as_auditor):
    record_entry("ok"), record_entry("unknown", ticket="")

    fragment = parse(as_auditor.get("/audit/counts/?review=pending"))
    uncounted = parse(as_auditor.get("/audit/?review=pending"))
    counted = parse(as_auditor.get("/audit/?review=pending&counts=yes"))

    for name, count in {"pending": 2, "reviewed": 0, "unknown": 1, "no_ticket": 1}.items():
        assert fragment.text(f'#count-{name}[hx-swap-oob="true"]') == str(count)
        assert uncounted.text(f"#count-{name}") == ""
        assert counted.text(f"#count-{name}") == str(count)
    assert as_auditor.get("/audit/counts/?since=never").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/audit/?review=pending", "/audit/counts/?review=pending", "/audit/?facet=repeated&story=1"],
)
def test_the_queue_costs_as_many_queries_for_fifty_entries_as_for_one(as_auditor, address):
    record_entry("ok"), record_entry("ok")
    as_auditor.get(address)
    few = count_queries(as_auditor, address)
    for _ in range(pagination.SIZE + 1):
        record_entry("unknown")

    assert count_queries(as_auditor, address) == few


@pytest.mark.parametrize("query", ["story=x", "story=-1", f"marked={10**30}", "story=%00"])
def test_what_is_no_number_of_an_event_is_answered_400(as_auditor, query):
    record_entry("ok")

    assert as_auditor.get(f"/audit/?{query}").status_code == 400


def test_an_entry_that_does_not_exist_opens_nothing_and_cannot_be_marked(as_auditor):
    head = record_entry("ok")

    assert 'id="opened"' not in as_auditor.get("/audit/?story=999").text
    for seq in (head.seq + 1, 999):
        assert (
            as_auditor.post(f"/audit/{seq}/review/", {"mark": "reviewed", "seen": seq}).status_code
            == 404
        )


def test_hostile_text_next_to_the_list_is_shown_and_never_run(as_auditor):
    texts = dict.fromkeys(["session_id", "client", "reason", "ticket", "upstream_code"], HOSTILE)
    facts = {"shown": {HOSTILE: HOSTILE}, "detail": {"message": HOSTILE, HOSTILE: HOSTILE}}
    head = record_event(alias="ping", **texts, **facts)
    record_event(
        phase="outcome",
        result="rejected",
        story=head.seq,
        by=Actor("person", "1", HOSTILE),
        **texts,
        **facts,
    )
    post_mark(as_auditor, head, "flagged", note=HOSTILE)

    text = as_auditor.get(f"/audit/?story={head.seq}").text

    for bad in ("<img", "<script>alert", "<b hx-get"):
        assert bad not in text
    assert "&lt;img" in text


def test_the_rows_are_given_as_they_are_hashed_in_pages(as_auditor, monkeypatch):
    monkeypatch.setattr(pin_views, "PAGE_SIZE", 3)
    record_entry("ok"), record_entry("unknown"), record_entry("ok")
    lines, after = [], ""
    for _ in range(3):
        lines += as_auditor.get(f"/audit/rows/{after}").content.splitlines()
        after = f"?after={json.loads(lines[-1])['seq']}"
    assert as_auditor.get(f"/audit/rows/{after}").content == b""

    kept = list(AuditEvent.objects.order_by("seq").values_list("row_hash", flat=True))
    assert [hashlib.sha256(line).hexdigest() for line in lines] == kept
    assert json.loads(lines[0])["prev_hash"] == canonical.GENESIS


def test_the_hash_of_a_row_is_given_with_the_head_and_null_where_there_is_none(as_auditor):
    head = record_entry("ok")
    tail = AuditEvent.objects.last()

    stated = as_auditor.get(f"/audit/rows/{head.seq}/").json()
    assert stated == {
        "row_hash": head.row_hash,
        "head": {"seq": tail.seq, "row_hash": tail.row_hash},
    }
    assert as_auditor.get("/audit/rows/999/").json()["row_hash"] is None
    assert as_auditor.get(f"/audit/rows/{10**30}/").json()["row_hash"] is None


def test_a_row_without_a_canonical_form_keeps_its_place_among_the_rows(as_auditor):
    head = record_entry("ok")
    forged = AuditEvent.objects.last()
    forged.seq, forged.event_id, forged.prev_hash = head.seq + 2, uuid.uuid4(), forged.row_hash
    forged.row_hash, forged.schema_version = "e" * 64, 99
    forged.save_base(force_insert=True)

    lines = as_auditor.get("/audit/rows/").text.splitlines()

    assert json.loads(lines[-1]) == {"seq": forged.seq, "unreadable": True}
