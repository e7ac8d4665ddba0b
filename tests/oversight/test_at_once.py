"""Two people act at the same moment, each served by a process of its own: one action counts."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from pingadmin.demo import cast

ADDRESS = f"/sessions/ping/{cast.PING_PAUSED}/"
FORM = "00000000-0000-4000-8000-00000000000a"
ROUNDS = 5

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("simulator")]


@pytest.fixture(params=["panel", pytest.param("panel_on_postgres", marks=pytest.mark.postgres)])
def panel_there(request):
    return request.getfixturevalue(request.param)


def test_of_two_who_take_it_at_once_one_has_it_and_the_other_is_told(panel_there):
    people = [panel_there.login(name) for name in ("support", "support2")]
    people[0].get(ADDRESS)
    for number in range(ROUNDS):
        answers = at_once(people, ADDRESS + "assign/", {"act": "take", "seen": seen_by(people[0])})
        assert sorted(answer.status_code for answer in answers) == [302, 409], number
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert "Nothing was changed: support" in refused.text and "took it" in refused.text
        entries = panel_there.rows("SELECT by_name FROM oversight_teamentry ORDER BY id")
        assert len(entries) == 2 * number + 1
        owner = panel_there.rows(
            "SELECT username FROM oversight_teamstate"
            " JOIN accounts_user ON accounts_user.id = assigned_to_id"
        )
        assert owner == [{"username": entries[-1]["by_name"]}]
        people[0].post(ADDRESS + "assign/", {"act": "release", "seen": seen_by(people[0])})


def test_a_note_that_is_sent_many_times_at_once_is_written_once(panel_there):
    person = panel_there.login("support")
    person.get(ADDRESS)
    answers = at_once([person] * 4, ADDRESS + "notes/add/", {"text": "Once", "form": FORM})
    assert [answer.status_code for answer in answers] == [302] * 4
    assert len(panel_there.rows("SELECT id FROM oversight_teamentry")) == 1


def seen_by(person) -> str:
    return person.get(ADDRESS).text.split('name="seen" value="')[1].split('"')[0]


def at_once(people, path, data) -> list:
    """One POST of each, let go together."""
    gate = Barrier(len(people))

    def press(person):
        gate.wait()
        return person.post(path, data)

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(press, people))
