"""What a bulk resume would be: each session as it is known here, and what would be refused.

Nothing is asked upstream for it.
"""

import uuid
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from pingadmin.remote_sessions.display.card import Card, card_for
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.attempts import holds
from pingadmin.resumes.bulk.forms import BulkForm
from pingadmin.resumes.bulk.selection import MOST, Choice, Named
from pingadmin.resumes.bulk.worker import why_held
from pingadmin.resumes.form_token import draw_press
from pingadmin.resumes.limits import left_for, limits_in_words
from pingadmin.resumes.models import Attempt, BulkResume
from pingadmin.resumes.panel import SUGGESTIONS


@dataclass(frozen=True)
class Row:
    """One session. why_refused: half a sentence; with it a press would send nothing, as things stand."""

    named: Named
    card: Card
    press: str
    why_refused: str
    is_ticked: bool


@dataclass(frozen=True)
class Preview:
    """left: how many the person's limits let through now. token: of the form, so that it starts one bulk resume.
    version: changes with each bulk resume of the person, so that the next form starts afresh."""

    rows: list[Row]
    repeated: int
    left: int
    limits: str
    form: BulkForm
    token: str
    retry_of: str
    version: str
    suggestions: list[str]
    most: int = MOST

    @property
    def ticked(self) -> int:
        return sum(row.is_ticked for row in self.rows)

    @property
    def over(self) -> int:
        """How many of the ticked ones the limits would not let through."""
        return max(0, self.ticked - self.left)

    @property
    def has_guesses(self) -> bool:
        return any(row.named.is_guess for row in self.rows)


def preview(
    choice: Choice,
    *,
    person,
    form: BulkForm | None = None,
    ticked: set[str] | None = None,
    retry_of="",
    initial=None,
) -> Preview:
    """ticked: the names that were ticked in a form that was not accepted; initial: what its fields begin with."""
    now = timezone.now()
    sessions = _sessions(choice)
    held = _held(sessions.values())
    return Preview(
        rows=[
            _row(named, sessions[named.name], held, ticked, person, now) for named in choice.named
        ],
        repeated=choice.repeated,
        left=left_for(str(person.pk), now=now),
        limits=limits_in_words(),
        form=form or BulkForm(initial=initial),
        token=str(uuid.uuid4()),
        retry_of=str(retry_of),
        version=version_of(_of(person).first()),
        suggestions=SUGGESTIONS,
    )


def _sessions(choice: Choice) -> dict[str, RemoteSession]:
    """The row of each, or an empty one that is not saved where nothing is known."""
    ids = [named.session_id for named in choice.named]
    known = {str(session): session for session in RemoteSession.objects.filter(session_id__in=ids)}
    return {
        named.name: known.get(named.name)
        or RemoteSession(alias=named.alias, session_id=named.session_id)
        for named in choice.named
    }


def _held(sessions) -> dict[int, Attempt]:
    """The attempt that stands in the way, by the session's key."""
    known = {session.pk: session for session in sessions if session.pk}
    asked = Q(is_open=True) | Q(result="unknown", resolved_at=None)
    attempts = Attempt.objects.filter(asked, session__in=known).order_by("opened_at")
    return {each.session_id: each for each in attempts if holds(each, known[each.session_id])}


def _row(named: Named, session: RemoteSession, held, ticked: set[str] | None, person, now) -> Row:
    card = card_for(session, now=now)
    why = "" if card.configured else f"the account “{named.alias}” is not set"
    if session.pk in held:
        why = why or why_held(held[session.pk])
    is_ticked = not (why or named.is_guess) if ticked is None else named.name in ticked
    return Row(
        named=named,
        card=card,
        press=draw_press(session, person_id=str(person.pk)),
        why_refused=why,
        is_ticked=is_ticked and card.configured,
    )


def recent(person) -> list[BulkResume]:
    """The newest bulk resumes of a person."""
    return list(_of(person)[:10])


def version_of(newest: BulkResume | None) -> str:
    """What the names of a person's fields end with: what is kept of a list that was begun is not given back."""
    return newest.pk.hex[:8] if newest else "first"


def _of(person):
    return BulkResume.objects.filter(actor_id=str(person.pk)).order_by("-begun_at")
