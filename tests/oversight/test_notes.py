"""Notes are plain text, written once, shown as typed, in the timeline and in the activity."""

import re

import pytest
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.oversight.models import TeamEntry
from pingadmin.oversight.team import notes
from pingadmin.remote_sessions.models import RemoteSession
from tests.factories import TeamEntryFactory, UnseenSessionFactory
from tests.oversight.conftest import ADDRESS, acting
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]
FORM_ID = "00000000-0000-4000-8000-00000000000a"


def write(client, text, **fields):
    return client.post(ADDRESS + "notes/add/", {"text": text, **fields})


def texts() -> list[str]:
    return list(TeamEntry.objects.order_by("id").values_list("text", flat=True))


def test_everybody_sees_a_note_with_its_author_and_time(as_support, as_viewer, session):
    assert write(as_support, "Called them.\r\nThey call back at 15:00.").status_code == 302
    listed = parse(as_viewer.get(ADDRESS)).one("#team-notes")
    assert "support" in listed.texts("strong") and re.fullmatch(
        r"\d\d:\d\d:\d\d", listed.text("time")
    )
    assert listed.text(".user-text") == "Called them.They call back at 15:00."
    assert listed.has(".user-text br")
    assert texts() == ["Called them.\nThey call back at 15:00."]


def test_hostile_text_is_shown_and_does_nothing(as_support, session):
    hostile = (
        "<script>alert(1)</script> \u202eoops\u2028"
        "<b hx-get='/audit/' hx-trigger='load'>\t{{ 7*7 }}"
    )
    write(as_support, hostile)
    for address in (ADDRESS, ADDRESS + "notes/", ADDRESS + "team/"):
        page = as_support.get(address).text
        assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
        assert "\\u202eoops\\u2028" in page and "\u202e" not in page
        assert "<b hx-get" not in page and "{{ 7*7 }}" in page
        shown = parse(page)
        assert shown.has("p.user-text") and not shown.has(".user-text:not([hx-disable])")


def test_a_double_click_is_one_note(as_support, session):
    for _ in range(2):
        assert write(as_support, "Once", form=FORM_ID).status_code == 302
    assert texts() == ["Once"]


def test_a_form_that_comes_back_with_another_text_is_another_note(as_support, session):
    write(as_support, "First", form=FORM_ID)
    write(as_support, "Second", form=FORM_ID)
    assert texts() == ["First", "Second"]


def test_the_id_of_a_form_serves_one_person_and_one_session(as_support, as_support2, session):
    other = UnseenSessionFactory(session_id=cast.PING_PAUSED_TOO)
    write(as_support, "Same", form=FORM_ID)
    write(as_support2, "Same", form=FORM_ID)
    as_support.post(
        f"/sessions/ping/{other.session_id}/notes/add/", {"text": "Same", "form": FORM_ID}
    )
    assert texts() == ["Same"] * 3


@pytest.mark.parametrize("length", [2000, 2001])
def test_a_note_has_at_most_2000_characters_line_breaks_counted_once(as_support, session, length):
    text = "ä\r\n" * (length // 2) + "x" * (length % 2) + "\r\n"
    response = write(as_support, "y" + text[3:] if length == 2000 else text)
    if length == 2001:
        assert (
            response.status_code == 400 and "under 2,000 characters (it has 2001)" in response.text
        )
    else:
        assert response.status_code == 302 and len(texts()[0]) == 1998


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write something first"),
        (" \n ", "Write something first"),
        ("a\x00b", "U+0000"),
        ("a\x1b[2Jb", "U+001B"),
        ("a\x85b", "U+0085"),
    ],
)
def test_a_refused_text_stays_in_the_field(as_support, session, text, says):
    response = write(as_support, text)
    assert response.status_code == 400 and says in response.text
    assert not TeamEntry.objects.exists()
    if "b" in text:
        assert parse(response).text("textarea[name=text]").endswith("b")


def test_a_refusal_with_htmx_is_the_part_of_the_page_with_the_reason(as_support, session):
    response = as_support.post(ADDRESS + "notes/add/", {"text": ""}, headers={"HX-Request": "true"})
    assert response.status_code == 400 and "<html" not in response.text
    assert parse(response).css("body > *")[0]["id"] == "session"
    assert "Write something first" in response.text


def test_a_colleagues_note_clears_nothing_that_i_type(as_support, as_support2, session):
    def field_id() -> str:
        return parse(as_support.get(ADDRESS)).one("[name=text]")["id"]

    assert field_id() == "team-note-0"
    write(as_support2, "From another")
    assert field_id() == "team-note-0"
    write(as_support, "Mine")
    assert field_id() == f"team-note-{TeamEntry.objects.get(text='Mine').pk}"


def test_the_timeline_shows_notes_among_observations_and_resumes_in_order_of_time(
    as_support, support
):
    as_support.get(ADDRESS)
    session = RemoteSession.objects.get()
    notes.write_note(session=session, text="Customer is waiting", by=acting(support))
    as_support.post(ADDRESS + "resume/", {"reason": "Customer approved"})
    as_support.post(ADDRESS + "watch/", {"watch": "yes"})
    items = parse(as_support.get(ADDRESS)).texts(".timeline > li")
    order = [
        next(number for number, item in enumerate(items) if sentence in item)
        for sentence in ("started watching it", "clicked Resume", "“Customer is waiting”")
    ]
    assert order == sorted(order)
    assert order[-1] < len(items) - 1, "the observation is the oldest"


def test_the_activity_can_be_read_page_by_page(as_viewer, session):
    now = timezone.now()
    for number in range(103):
        TeamEntryFactory(session=session, at=now, text=f"note no. {number};")
    first = parse(as_viewer.get(ADDRESS + "notes/"))
    assert first.text().count("note no.") == 100
    assert "note no. 102;" in first.text() and "note no. 2;" not in first.text()
    (older,) = [link["href"] for link in first.css("a") if link.text() == "Older"]
    assert "notes/?before=" in older
    rest = parse(as_viewer.get(older))
    assert rest.text().count("note no.") == 3
    assert "Newest" in rest.texts("a") and "Older" not in rest.texts("a")
    for junk in ("junk", "-1", "9" * 40, "٣"):
        assert as_viewer.get(ADDRESS + "notes/", {"before": junk}).status_code == 200


def test_without_notes_the_page_says_so(as_viewer, session):
    assert "No notes yet" in as_viewer.get(ADDRESS).text
    assert "No activity yet" in as_viewer.get(ADDRESS + "notes/").text


def test_the_board_sees_that_something_changed(session, support):
    before = session.changed_at
    notes.write_note(session=session, text="x", by=acting(support))
    session.refresh_from_db()
    assert session.changed_at > before
