"""Looks up the pasted sessions of a preview, some at a time, so that the page can show progress.

What was found stands in the database. What was not is said by the form alone, in a field for each
session: an id that nobody knows gets no row.
"""

from collections.abc import Iterable
from time import monotonic

from django.db import models
from django.http import QueryDict

from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.lookup.look_up import LookUpResult, look_up_many
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.bulk.selection import SelectedSession

FIELD = "lookup:"
# So many at a time: each is asked for with two others side by side.
CHUNK = 6


class LookUpState(models.TextChoices):
    """What became of the look-up of a pasted session."""

    WAITING = "waiting", "not looked up yet"
    FOUND = "found", "looked up just now"
    NOT_FOUND = "not_found", "not found"
    NO_ANSWER = "no_answer", "no answer"
    OVER_LIMIT = "over_limit", "not looked up: your limit on look-ups is reached"


def read_look_ups(data: QueryDict) -> dict[str, LookUpState]:
    """The states that a form holds, by the session's name; what makes no sense is left out."""
    return {
        key.removeprefix(FIELD): LookUpState(str(data[key]))
        for key in data
        if key.startswith(FIELD) and data[key] in LookUpState.values
    }


def look_up_next(
    selected: Iterable[SelectedSession],
    look_ups: dict[str, LookUpState],
    *,
    by: Actor,
    seconds: float = 0,
) -> dict[str, LookUpState]:
    """The states after the next few look-ups; after as many as begin within `seconds`.

    Where the person's limit is reached, the rest is not looked up.
    """
    states, until = dict(look_ups), monotonic() + seconds
    waiting = [each for each in selected if states.get(each.name) == LookUpState.WAITING]
    while waiting:
        chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
        try:
            results = look_up_many(
                [(each.alias, each.session_id) for each in chunk],
                by=by,
                counted=_count_unknown(chunk),
            )
        except LimitReached:
            rest = (each.name for each in [*chunk, *waiting])
            return states | dict.fromkeys(rest, LookUpState.OVER_LIMIT)
        states |= {
            each.name: _state_of(result) for each, result in zip(chunk, results, strict=True)
        }
        if monotonic() >= until:
            break
    return states


def _count_unknown(selected: list[SelectedSession]) -> int:
    """How many of them we have never met.

    The limit is there to stop people who try ids. Whoever selects many that are known tries none.
    """
    ids = [each.session_id for each in selected]
    rows = RemoteSession.objects.filter(session_id__in=ids)
    known = set(rows.values_list("alias", "session_id"))
    return sum((each.alias, each.session_id) not in known for each in selected)


def _state_of(result: LookUpResult) -> LookUpState:
    if result.error is None:
        return LookUpState.FOUND
    is_missing = result.error.kind == "not_found"
    return LookUpState.NOT_FOUND if is_missing else LookUpState.NO_ANSWER
