"""Whose a session is: nobody undoes a colleague's change unseen, and handovers say what matters."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.oversight.team import assignment, my_sessions
from tests.conftest import client_of
from tests.factories import RemoteSessionFactory, TeamStateFactory, person
from tests.oversight.conftest import ADDRESS, acting
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]
FORM_ID = "00000000-0000-4000-8000-00000000000a"


def assign(client, act, **fields):
    return client.post(ADDRESS + "assign/", {"act": act, **fields})


def version_on(page) -> str:
    """The version of the assignment that a page's forms send back."""
    return parse(page).css("input[name=seen]")[0]["value"]


def shows_handover(client) -> bool:
    return parse(client.get(ADDRESS)).has("[data-handover]")


def entries() -> list[str]:
    return [str(entry) for entry in TeamEntry.objects.order_by("id")]


def owner():
    return TeamState.objects.get().assigned_to


def test_taking_giving_and_releasing_are_each_one_entry(as_support, session, support, support2):
    for act, fields in [("take", {}), ("assign", {"to": support2.pk}), ("release", {})]:
        seen = version_on(as_support.get(ADDRESS))
        assert assign(as_support, act, seen=seen, **fields).status_code == 302
    assert owner() is None
    assert entries() == [
        "support assigned it to themselves",
        "support assigned it to support2",
        "support released it",
    ]


def test_the_page_says_above_the_button_that_the_session_is_a_colleagues(
    as_support, as_support2, session
):
    assign(as_support, "take", seen="")
    page = parse(as_support2.get(ADDRESS))
    in_order = [item["id"] or item.text() for item in page.css("strong, #resume-button")]
    assert in_order.index("Assigned to support") < in_order.index("resume-button")
    assert page.has(".team-notice.notice-accent")
    assert not parse(as_support.get(ADDRESS)).has(".team-notice.notice-accent")


def test_a_colleague_who_was_faster_is_named_and_what_was_typed_stays(
    as_support, as_support2, session, support, support2
):
    seen = version_on(as_support.get(ADDRESS))
    assign(as_support2, "take", seen=seen)
    entry = TeamEntry.objects.get()
    summary = "Call <b>billing</b> first"
    response = assign(as_support, "handover", to=support2.pk, summary=summary, seen=seen)
    assert response.status_code == 409
    page = parse(response)
    assert "Nothing was changed: support2 assigned it to themselves 0 s ago" in page.text(
        "#problem-team"
    )
    assert page.text("textarea[name=summary]") == summary
    assert page.one("select[name=to] option[selected]")["value"] == str(support2.pk)
    assert owner() == support2 and TeamEntry.objects.get() == entry
    assert assign(as_support, "take", seen=version_on(response)).status_code == 302
    assert owner() == support


@pytest.mark.parametrize(
    ("act", "says"),
    [("take", "support2 assigned it to themselves"), ("release", "support2 released it")],
)
def test_the_conflict_says_what_happened(as_support, as_support2, session, support, act, says):
    assignment.assign(session=session, to=support, by=acting(support))
    assign(as_support2, act, seen=version_on(as_support2.get(ADDRESS)))
    assert says in assign(as_support, "take", seen="").text


def test_releasing_and_taking_again_is_not_mistaken_for_no_change(
    as_support, as_support2, session, support
):
    assignment.assign(session=session, to=support, by=acting(support))
    seen = version_on(as_support2.get(ADDRESS))
    assignment.assign(session=session, to=None, by=acting(support))
    assignment.assign(session=session, to=support, by=acting(support))
    assert assign(as_support2, "take", seen=seen).status_code == 409


def test_a_version_that_no_page_showed_is_no_conflict_where_nothing_was_ever_assigned(
    as_support, session, support
):
    assert assign(as_support, "take", seen="junk").status_code == 302
    assert owner() == support


def test_a_form_sent_twice_is_one_action(as_support, session, support2):
    fields = {"to": support2.pk, "summary": "Billing calls at 15:00", "seen": "", "form": FORM_ID}
    first, second = (assign(as_support, "handover", **fields) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert entries() == ["support handed it over to support2"]


def test_the_id_of_a_form_serves_nobody_else(as_support, as_support2, session, support, support2):
    assign(as_support, "take", seen="", form=FORM_ID)
    assign(as_support2, "take", seen=version_on(as_support2.get(ADDRESS)), form=FORM_ID)
    assert owner() == support2 and len(entries()) == 2


def test_taking_what_is_mine_already_writes_nothing(session, support):
    for _ in range(2):
        assignment.assign(session=session, to=support, by=acting(support))
    assert entries() == ["support assigned it to themselves"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"act": "handover", "summary": ""}, "Write a summary"),
        ({"act": "handover", "summary": "  \n "}, "Write a summary"),
        (
            {"act": "handover", "summary": "x" * 2001},
            "Keep it under 2,000 characters (it has 2001)",
        ),
        ({"act": "handover", "summary": "bell \x07"}, "Remove the invisible character U+0007"),
        ({"act": "handover", "summary": "For nobody", "to": ""}, "Choose a person"),
        ({"act": "assign", "to": ""}, "Choose a person"),
        ({"act": "assign", "to": "999999"}, "This person can no longer take part"),
        ({"act": "assign", "to": "junk"}, "This person can no longer take part"),
        ({"act": "steal"}, "Nothing was changed"),
        ({}, "Nothing was changed"),
    ],
)
def test_an_invalid_assignment_says_why_and_changes_nothing(
    as_support, session, support2, fields, says
):
    response = as_support.post(
        ADDRESS + "assign/", {"to": support2.pk, "summary": "Half a sent", **fields}
    )
    assert response.status_code == 400 and says in response.text
    assert not TeamEntry.objects.exists()


def test_handing_over_to_oneself_is_refused(as_support, session, support):
    response = assign(as_support, "handover", to=support.pk, summary="For me")
    assert response.status_code == 400 and "Choose a colleague" in response.text


def test_only_people_who_may_take_part_and_sign_in_can_be_chosen(
    as_support, session, viewer, auditor
):
    gone = person("gone", "support")
    gone.is_active = False
    gone.save()
    names = parse(as_support.get(ADDRESS)).texts("select[name=to] option")
    assert not {"viewer", "auditor", "gone"} & set(names)
    for user in (viewer, auditor, gone):
        assert assign(as_support, "assign", to=user.pk).status_code == 400


def test_an_owner_who_can_no_longer_sign_in_is_pointed_out(as_support, session, support2):
    assignment.assign(session=session, to=support2, by=acting(support2))
    support2.is_active = False
    support2.save()
    assert "who can no longer sign in" in as_support.get(ADDRESS).text


class TestHandover:
    @pytest.fixture
    def handed(self, session, support, support2):
        assignment.hand_over(
            session=session, to=support2, summary="Billing calls\nat 15:00", by=acting(support)
        )

    def test_the_summary_is_above_everything_else_for_everybody(
        self, handed, as_viewer, as_support2
    ):
        page = parse(as_viewer.get(ADDRESS))
        assert "support handed this over to support2" in page.text("[data-handover]")
        assert "Billing calls<br>at 15:00" in repr(page.one("[data-handover]"))
        first, *_ = page.css("[data-handover], #state")
        assert "data-handover" in first
        assert "handed this over to you" in as_support2.get(ADDRESS).text

    def test_it_stays_until_the_new_owner_takes_the_session(self, handed, as_support, as_support2):
        assign(as_support2, "take", seen=version_on(as_support2.get(ADDRESS)))
        assert not shows_handover(as_support)
        assert entries()[-1] == "support2 assigned it to themselves"

    def test_it_stays_until_the_new_owner_writes_a_note_but_not_when_others_do(
        self, handed, as_support, as_support2
    ):
        as_support.post(ADDRESS + "notes/add/", {"text": "One more thing"})
        assert shows_handover(as_support)
        as_support2.post(ADDRESS + "notes/add/", {"text": "On it"})
        assert not shows_handover(as_support)

    def test_it_ends_with_a_further_assignment(self, handed, as_support):
        assign(as_support, "release", seen=version_on(as_support.get(ADDRESS)))
        assert not shows_handover(as_support)

    def test_its_summary_stays_among_the_notes_and_in_the_timeline(
        self, handed, as_support, as_support2
    ):
        assign(as_support2, "take", seen=version_on(as_support2.get(ADDRESS)))
        page = parse(as_support.get(ADDRESS))
        assert "Billing calls<br>at 15:00" in repr(page.one("#team-notes"))
        assert "“Billing calls at 15:00”" in page.text(".timeline")


class TestMySessions:
    PAGE = "/sessions/handover/"

    @pytest.fixture
    def mine(self, session, support, as_support):
        other = RemoteSessionFactory(alias="agi", session_id="agent-7", state="running")
        for assigned in (session, other):
            assignment.assign(session=assigned, to=support, by=acting(support))
        return [session, other]

    def choices(self, client) -> list[str]:
        return parse(client.get(self.PAGE)).attributes("input[name=session]", "value")

    def test_it_lists_my_sessions_longest_first_with_state_and_age(
        self, mine, as_support, as_support2
    ):
        TeamState.objects.filter(session=mine[1]).update(
            assigned_at=timezone.now() - timedelta(hours=3)
        )
        page = parse(as_support.get(self.PAGE)).text()
        assert page.index("agent-7") < page.index(mine[0].session_id)
        assert "Running" in page and "3 h ago" in page and "Not seen yet" in page
        assert "Nothing is assigned to you" in as_support2.get(self.PAGE).text

    def test_several_go_to_one_person_with_one_summary(self, mine, as_support, support2):
        given = {"session": self.choices(as_support), "to": support2.pk, "summary": "Night shift"}
        page = as_support.post(self.PAGE, given, follow=True).text
        assert (
            "Handed over to support2: 2 sessions" in page and "Nothing is assigned to you" in page
        )
        assert set(TeamState.objects.values_list("assigned_to__username", "handover__text")) == {
            ("support2", "Night shift")
        }

    def test_only_selected_sessions_are_handed_over(self, mine, as_support, support, support2):
        given = {"session": self.choices(as_support)[:1], "to": support2.pk, "summary": "This one"}
        page = parse(as_support.post(self.PAGE, given, follow=True))
        assert "Handed over to support2: 1 session." in page.text()
        assert TeamState.objects.filter(assigned_to=support).count() == 1

    def test_as_many_as_the_page_offers_are_handed_over_at_once(
        self, as_support, support, support2
    ):
        for _ in range(my_sessions.MAX_SESSIONS):
            TeamStateFactory(assigned_to=support)
        chosen = self.choices(as_support)
        assert len(chosen) == my_sessions.MAX_SESSIONS
        given = {"session": chosen, "to": "", "summary": ""}
        refused = parse(as_support.post(self.PAGE, given))
        assert len(refused.attributes("input[name=session][checked]", "value")) == len(chosen)
        given = {"session": chosen, "to": support2.pk, "summary": "Night shift"}
        page = as_support.post(self.PAGE, given, follow=True).text
        assert f"Handed over to support2: {len(chosen)} sessions" in page

    def test_sent_twice_it_is_handed_over_once(self, mine, as_support, support2):
        given = {
            "session": self.choices(as_support),
            "to": support2.pk,
            "summary": "Night shift",
            "form": FORM_ID,
        }
        assert [as_support.post(self.PAGE, given).status_code for _ in range(2)] == [302, 302]
        assert TeamEntry.objects.filter(kind="handover").count() == 2

    def test_a_session_that_a_colleague_took_in_the_meantime_stays_theirs_and_is_named(
        self, mine, as_support, support, support2
    ):
        choices = self.choices(as_support)
        assignment.assign(session=mine[1], to=support2, by=acting(support2))
        third = person("support3", "support")
        given = {"session": choices, "to": third.pk, "summary": "Night <shift>"}
        response = as_support.post(self.PAGE, given)
        assert (
            response.status_code == 409
            and "because the assignment has changed: agent-7" in response.text
        )
        assert "Handed over to support3: 1 session." in response.text
        assert TeamState.objects.get(session=mine[1]).assigned_to == support2

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"session": []}, "Choose at least one"),
            ({"summary": ""}, "Write a summary"),
            ({"to": ""}, "Choose a person"),
        ],
    )
    def test_what_is_missing_is_asked_for_and_the_rest_stays(
        self, mine, as_support, support2, changed, says
    ):
        given = {
            "session": self.choices(as_support)[:1],
            "to": support2.pk,
            "summary": "Kept words",
        } | changed
        response = as_support.post(self.PAGE, given)
        assert response.status_code == 400 and says in response.text
        page = parse(response)
        assert (page.text("textarea[name=summary]") == "Kept words") == ("summary" not in changed)
        assert page.attributes("input[checked]", "value") == given["session"]
        assert not TeamEntry.objects.filter(kind="handover").exists()

    def test_choices_that_no_page_offered_are_ignored(self, mine, as_support, support2):
        for junk in ("junk", "9" * 30, f"{mine[0].pk} never", ""):
            as_support.post(self.PAGE, {"session": [junk], "to": support2.pk, "summary": "x"})
        assert not TeamEntry.objects.filter(kind="handover").exists()

    def test_the_queries_do_not_grow_with_the_sessions(
        self, mine, as_support, support, django_assert_num_queries
    ):
        as_support.get(self.PAGE)
        with CaptureQueriesContext(connection) as few:
            as_support.get(self.PAGE)
        for number in range(10):
            session = RemoteSessionFactory(alias="agi", session_id=f"more-{number}")
            assignment.hand_over(session=session, to=support, summary="More", by=acting(support))
        with django_assert_num_queries(len(few)):
            as_support.get(self.PAGE)


def test_nobody_acts_as_another(session, support, support2):
    fields = {
        "act": "take",
        "seen": "",
        "by": support2.pk,
        "by_name": "support2",
        "by_id": support2.pk,
    }
    client_of(support).post(ADDRESS + "assign/", fields)
    entry = TeamEntry.objects.get()
    assert (entry.by_name, entry.by_id) == ("support", str(support.pk))
