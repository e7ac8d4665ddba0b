"""The box answers from our own records first, and asks an upstream only for what may be an id."""

import pytest

from pingadmin.demo import cast
from pingadmin.oversight.search.own_records import find_own_records
from tests.audit.factories import record_entry
from tests.factories import ClientNoteFactory, RemoteSessionFactory, TeamEntryFactory
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

ID = cast.PING_PAUSED


def find(client, text, **more):
    return client.get("/sessions/", {"q": text, **more})


def suggested(client, text):
    return parse(client.get("/sessions/suggestions/", {"q": text})).texts(".suggested li a")


def kinds(text, person):
    return [(str(each.kind), each.title) for each in find_own_records(text, person).records]


@pytest.fixture
def acme():
    """Two sessions of one client, with a ticket and a note on the first."""
    first = RemoteSessionFactory(alias="ping", session_id="ses_00000000aa", client_name="Acme GmbH")
    RemoteSessionFactory(alias="ping", session_id="ses_00000000ab", client_name="Acme GmbH")
    record_entry("ok", session_id=first.session_id, ticket="INC-4412", reason="Card was renewed")
    TeamEntryFactory(session=first, text="Their firewall drops UDP")
    return first


@pytest.mark.parametrize(
    "text",
    [
        f'"{ID}",',
        f"`{ID}`",
        f"({ID})",
        f"#{ID}",
        f"session_id={ID}",
        f"session_id: {ID}",
        f"id:{ID}",
        f'{{"session_id":"{ID}","x":1}}',
        f"{ID}.",
        f"{ID[:6]}\u200b{ID[6:]}",
        f"\ufeff{ID}",
        f"“{ID}”",
        f"<{ID}>;",
    ],
)
def test_an_id_is_found_in_whatever_it_is_wrapped_in(as_support, simulator, text):
    assert find(as_support, text).url == f"/sessions/ping/{ID}/"
    assert simulator.calls() == {f"GET /customer/v2/sessions/{ID}/status": 1}


@pytest.mark.parametrize("text", ["acme gmbh", "ACME GMBH", "  'Acme GmbH' "])
def test_the_only_exact_client_opens_in_any_case_and_nothing_is_asked(
    as_support, simulator, acme, text
):
    assert find(as_support, text).url == acme.client_address
    assert simulator.call_count() == 0


def test_a_part_lists_what_holds_it_best_first_and_asks_nothing(as_support, simulator, acme):
    RemoteSessionFactory(alias="agi", session_id="x-acme-7", client_name="")
    page = parse(find(as_support, "acme"))
    assert page.texts(".card-head h2") == ["Sessions", "Clients"]
    assert page.texts("td a") == ["x-acme-7", "Acme GmbH"] and page.has("td time")
    assert simulator.call_count() == 0
    assert suggested(as_support, "acme") == ["Acme GmbH client: Ping", "x-acme-7 session: AGI"]


def test_what_may_be_an_id_all_the_same_can_be_asked_for(as_support, simulator, acme):
    link = parse(find(as_support, "acme")).one(".page-head a")
    assert link.text() == "Ask Ping and AGI for it as an id"
    answer = as_support.get(link["href"])
    assert simulator.call_count() == 2 and "answered: not found" in answer.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Müller GmbH Berlin", "müller gmbh"),
        ("Müller GmbH Berlin", "MÜLLER"),
        ("Γραφείο Αθήνα", "αθήνα"),
        ("日本支社東京", "日本支社"),
        ("a/b|c=d", "a/b|c"),
        ("lead trail", "ad tra"),
    ],
)
def test_what_cannot_be_an_id_is_listed_by_a_part_just_as_it_is_suggested(
    as_support, simulator, name, text
):
    RemoteSessionFactory(alias="ping", session_id="ses_00000000ac", client_name=name)
    assert suggested(as_support, text) == [f"{name} client: Ping"]
    answer = find(as_support, text)
    assert answer.status_code == 200 and parse(answer).texts("td a") == [name]
    assert simulator.call_count() == 0


def test_notes_and_reasons_are_listed_by_some_of_their_words(as_support, acme):
    for text in ("firewall drops", "Card was"):
        assert parse(find(as_support, text)).has("td a"), text


@pytest.mark.parametrize(
    "text", ["Acme says their tunnel is dead", "acme: still dead!", "Is it ACME’s turn?"]
)
def test_a_sentence_offers_the_clients_that_a_word_of_it_names(as_support, simulator, acme, text):
    RemoteSessionFactory(alias="ping", session_id="ses_00000000ac", client_name="Acmeville")
    page = parse(find(as_support, text))
    assert page.texts("td a") == ["Acme GmbH"] and "have a word of it in their names" in page.text()
    assert simulator.call_count() == 0


@pytest.mark.parametrize("text", ["fish", "chloe", "INC-99999", "acme-nobody"])
def test_what_fits_no_accounts_ids_is_asked_for_only_on_request(as_support, simulator, text):
    answer = find(as_support, text)
    page = parse(answer)
    assert answer.status_code == 200 and simulator.call_count() == 0
    assert "It doesn’t look like an id of Ping or AGI either" in page.text()
    as_support.get(page.one(".page-head a")["href"])
    assert simulator.call_count() == 2


@pytest.mark.parametrize("text", ["INC-4412", "inc-4412", "Acme writes again, see INC-4412!"])
def test_a_ticket_opens_the_one_session_that_it_was_given_for(as_support, simulator, acme, text):
    assert find(as_support, text).url == acme.get_absolute_url()
    assert simulator.call_count() == 0


def test_a_ticket_of_two_sessions_lists_both(as_support, acme):
    record_entry("ok", session_id="ses_00000000ab", ticket="INC-4412")
    page = parse(find(as_support, "INC-4412"))
    assert page.attributes("td a", "href") == [
        "/sessions/ping/ses_00000000ab/",
        "/sessions/ping/ses_00000000aa/",
    ]


def test_a_number_of_the_log_opens_its_entry_for_those_who_may_read_it(as_support, as_viewer, acme):
    seq = record_entry("ok").seq
    for text in (f"#{seq}", f"audit #{seq}", f" #{seq}. "):
        assert find(as_support, text).url == f"/audit/{seq}/"
    assert find(as_viewer, f"#{seq}").status_code == 400
    missing = find(as_support, "#999999999999999999999")
    assert missing.status_code == 400 and "no audit entry #99999" in missing.text


def test_links_of_ours_open_their_page(as_support, acme, settings):
    settings.PANEL_URL = "https://panel.example"
    seq = record_entry("ok").seq
    for link in (
        f"https://panel.example/audit/{seq}/?a=1#x",
        f"http://testserver/audit/{seq}",
        f"/audit/{seq}/",
    ):
        assert find(as_support, link).url == f"/audit/{seq}/"
    assert find(as_support, f"panel.example/audit/{seq}").url == f"/audit/{seq}/"
    for link in (f"https://elsewhere.example/audit/{seq}/", f"elsewhere.example/audit/{seq}/"):
        assert find(as_support, link).status_code == 400, link
    assert find(as_support, f"https://x/sessions/ping/{acme.session_id}/").url == (
        acme.get_absolute_url()
    )
    # Only what is no more than a page: nothing that acts, nobody's sign-out.
    for path in ("/accounts/logout/", "/audit/export.csv", "//evil.example/audit/1/"):
        assert find(as_support, path).status_code == 400


def test_people_notes_and_reasons_are_found_by_a_part(support, viewer, acme):
    assert kinds("support", support) == [("person", "support")]
    assert kinds("fIREWALL", support) == [("note", "Their firewall drops UDP")]
    ClientNoteFactory(alias="ping", client_name="Acme GmbH", text="Pays by invoice")
    assert kinds("invoice", support) == [("note", "Pays by invoice")]
    assert [kind for kind, _ in kinds("was renewed", support)] == ["entry"]
    assert kinds("was renewed", viewer) == [], "viewers do not read the log"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Café ÉCOLE", "école"),
        ("МОСКВА-1", "москва"),
        ("ΣΊΣΥΦΟΣ", "σίσυφο"),
        ("日本支社", "日本支"),
    ],
)
def test_case_does_not_matter_in_any_language(support, name, text):
    RemoteSessionFactory(alias="ping", session_id="ses_00000000ac", client_name=name)
    assert ("client", name) in kinds(text, support)


@pytest.mark.parametrize(
    "text", ['"', 'a"b OR c', "100%", "_____", "a*b", "NEAR(a b)", "\\", "'--"]
)
def test_signs_of_a_query_are_only_text(as_support, support, acme, text):
    assert kinds(text, support) == []
    assert suggested(as_support, text) == []


def test_signs_of_a_query_are_found_where_they_stand(support):
    RemoteSessionFactory(alias="ping", session_id="ses_00000000ad", client_name='50%_"x"*')
    assert kinds('50%_"x"*', support) == [("client", '50%_"x"*')]


def test_the_index_follows_what_changes(support, acme):
    acme.client_name = "Initech"
    acme.save()
    assert kinds("initech", support) == [("client", "Initech")]
    assert kinds("acme", support) == [("client", "Acme GmbH")], "the other one is still theirs"


def test_a_text_that_appears_or_goes_later_is_followed_too(support):
    session = RemoteSessionFactory(alias="ping", session_id="ses_00000000ae", client_name="")
    for name in ("Umbrella", "", "Hooli"):
        session.client_name = name
        session.save()
    assert kinds("hooli", support) == [("client", "Hooli")] and kinds("umbrella", support) == []
    session.delete()
    assert kinds("hooli", support) == []


def test_short_parts_and_empty_texts_suggest_nothing(as_support, acme):
    assert suggested(as_support, "ac") == [] and suggested(as_support, "") == []


def test_the_queries_do_not_grow_with_the_records(support, acme, django_assert_max_num_queries):
    for number in range(30):
        RemoteSessionFactory(session_id=f"ses_{number:010x}", client_name=f"Acme {number}")
        record_entry("ok", session_id=f"ses_{number:010x}", ticket=f"ACME-{number}")
    find_own_records("acme", support)  # looks at what all names have in common, for ten minutes
    with django_assert_max_num_queries(14):
        assert len(find_own_records("acme", support).records) == 20
