"""Two people act at the same moment, each served by a process of its own: one action counts."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from pingadmin.demo import cast
from tests.support.html import parse

ADDRESS = f"/sessions/ping/{cast.PING_PAUSED}/"
FORM_ID = "00000000-0000-4000-8000-00000000000a"
ROUNDS = 5

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("simulator")]


@pytest.fixture(params=["panel", pytest.param("panel_on_postgres", marks=pytest.mark.postgres)])
def real_panel(request):
    return request.getfixturevalue(request.param)


def test_of_two_who_take_a_session_at_once_one_owns_it_and_the_other_is_told(real_panel):
    people = [real_panel.login(name) for name in ("support", "support2")]
    people[0].get(ADDRESS)
    for number in range(ROUNDS):
        responses = at_once(
            people, ADDRESS + "assign/", {"act": "take", "seen": version_for(people[0])}
        )
        assert sorted(response.status_code for response in responses) == [302, 409], number
        refused = next(response for response in responses if response.status_code == 409)
        assert (
            "Nothing was changed: support" in refused.text
            and "assigned it to themselves" in refused.text
        )
        entries = real_panel.rows("SELECT by_name FROM oversight_teamentry ORDER BY id")
        assert len(entries) == 2 * number + 1
        owner = real_panel.rows(
            "SELECT username FROM oversight_teamstate"
            " JOIN accounts_user ON accounts_user.id = assigned_to_id"
        )
        assert owner == [{"username": entries[-1]["by_name"]}]
        people[0].post(ADDRESS + "assign/", {"act": "release", "seen": version_for(people[0])})


def test_a_note_sent_several_times_at_once_is_written_once(real_panel):
    person = real_panel.login("support")
    person.get(ADDRESS)
    responses = at_once([person] * 4, ADDRESS + "notes/add/", {"text": "Once", "form": FORM_ID})
    assert [response.status_code for response in responses] == [302] * 4
    assert len(real_panel.rows("SELECT id FROM oversight_teamentry")) == 1


def version_for(person) -> str:
    return parse(person.get(ADDRESS)).css("input[name=seen]")[0]["value"]


def at_once(people, path, data) -> list:
    """One POST by each person, all at the same moment."""
    gate = Barrier(len(people))

    def post(person):
        gate.wait()
        return person.post(path, data)

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(post, people))
