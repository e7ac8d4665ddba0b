"""Notes are plain text, written once, shown as typed, in the timeline and in the activity."""

import pytest
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.oversight.models import TeamEntry
from pingadmin.oversight.team import notes
from pingadmin.remote_sessions.models import RemoteSession
from tests.oversight.conftest import ADDRESS, acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]
FORM_ID = "00000000-0000-4000-8000-00000000000a"


def write(client, text, **fields):
    return client.post(ADDRESS + "notes/add/", {"text": text, **fields})


def texts() -> list[str]:
    return list(TeamEntry.objects.order_by("id").values_list("text", flat=True))


def test_everybody_sees_a_note_with_its_author_and_time(as_support, as_viewer, session):
    assert write(as_support, "Called them.\r\nThey call back at 15:00.").status_code == 302
    page = as_viewer.get(ADDRESS).text.split('id="team-notes"')[1]
    assert "<strong>support</strong>" in page and "Called them.<br>They call back at 15:00." in page
    assert "UTC</time>" in page
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
        assert page.count('<p class="user-text" hx-disable>') == page.count('class="user-text"') > 0


def test_a_double_click_is_one_note(as_support, session):
    for _ in range(2):
        assert write(as_support, "Once", form=FORM_ID).status_code == 302
    assert texts() == ["Once"]


def test_a_form_that_comes_back_with_another_text_is_another_note(as_support, session):
    write(as_support, "First", form=FORM_ID)
    write(as_support, "Second", form=FORM_ID)
    assert texts() == ["First", "Second"]


def test_the_id_of_a_form_serves_one_person_and_one_session(as_support, as_support2, session):
    other = RemoteSession.objects.create(alias="ping", session_id=cast.PING_PAUSED_TOO)
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
    [("", "Write something first"), (" \n ", "Write something first"), ("a\x00b", "U+0000"),
     ("a\x1b[2Jb", "U+001B"), ("a\x85b", "U+0085")],
)  # fmt: skip
def test_a_refused_text_stays_in_the_field(as_support, session, text, says):
    response = write(as_support, text)
    assert response.status_code == 400 and says in response.text
    assert not TeamEntry.objects.exists()
    if "b" in text:
        assert "b</textarea>" in response.text


def test_a_refusal_with_htmx_is_the_part_of_the_page_with_the_reason(as_support, session):
    response = as_support.post(ADDRESS + "notes/add/", {"text": ""}, headers={"HX-Request": "true"})
    assert response.status_code == 400 and response.text.lstrip().startswith('<div id="session"')
    assert "Write something first" in response.text


def test_a_colleagues_note_clears_nothing_that_i_type(as_support, as_support2, session):
    field = 'id="team-note-{}" name="text"'
    assert field.format(0) in as_support.get(ADDRESS).text
    write(as_support2, "From another")
    assert field.format(0) in as_support.get(ADDRESS).text
    write(as_support, "Mine")
    mine = TeamEntry.objects.get(text="Mine")
    assert field.format(mine.pk) in as_support.get(ADDRESS).text


def test_the_timeline_shows_notes_among_observations_and_resumes_in_order_of_time(
    as_support, support
):
    as_support.get(ADDRESS)
    session = RemoteSession.objects.get()
    notes.write_note(session=session, text="Customer is waiting", by=acting(support))
    as_support.post(ADDRESS + "resume/", {"reason": "Customer approved"})
    as_support.post(ADDRESS + "watch/", {"watch": "yes"})
    timeline = as_support.get(ADDRESS).text.split('id="timeline"')[1].split('id="answers"')[0]
    order = [
        timeline.index(words)
        for words in ("started watching it", "clicked Resume", "“Customer is waiting”")
    ]
    assert order == sorted(order)
    assert order[-1] < timeline.rindex('class="moment')


def test_the_activity_can_be_read_page_by_page(as_viewer, session):
    now = timezone.now()
    for number in range(103):
        TeamEntry.objects.create(
            session=session,
            at=now,
            kind="note",
            by_id="1",
            by_name="support",
            text=f"note no. {number};",
        )
    first = as_viewer.get(ADDRESS + "notes/").text
    assert (
        first.count("note no.") == 100 and "note no. 102;" in first and "note no. 2;" not in first
    )
    older = first.split("notes/?before=")[1].split('"')[0]
    rest = as_viewer.get(ADDRESS + f"notes/?before={older}").text
    assert rest.count("note no.") == 3 and "Newest" in rest and ">Older<" not in rest
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
