"""What a bulk resume would do: each session as it is known here, and what would not be sent."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from pingadmin.remote_sessions.display.card import SessionCard, build_card
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.attempts import is_blocking
from pingadmin.resumes.bulk.forms import BulkForm
from pingadmin.resumes.bulk.looking_up import LookUpState
from pingadmin.resumes.bulk.selection import SelectedSession, Selection
from pingadmin.resumes.form_token import issue_form_token
from pingadmin.resumes.limits import describe_limits, resumes_left
from pingadmin.resumes.models import Attempt, BulkResume
from pingadmin.resumes.outcome_sentences import describe_block
from pingadmin.resumes.panel import SUGGESTED_REASONS


@dataclass(frozen=True)
class PreviewRow:
    """One session. refusal_reason: half a sentence where nothing would be sent, as things stand.

    look_up: what became of looking up a pasted one; None for one that was selected by its row.
    """

    selected: SelectedSession
    card: SessionCard
    form_token: str
    refusal_reason: str
    is_ticked: bool
    look_up: LookUpState | None


@dataclass(frozen=True)
class BulkPreview:
    """What the page shows.

    resumes_left: how many the person's limits allow now. token: of the form, so that it starts one
    bulk resume. form_version: changes with each bulk resume of the person, so that the next form
    starts afresh.
    """

    rows: list[PreviewRow]
    repeated: int
    resumes_left: int
    limits: str
    form: BulkForm
    token: str
    retry_of: str
    form_version: str
    suggested_reasons: list[str]

    @property
    def ticked_count(self) -> int:
        return sum(row.is_ticked for row in self.rows)

    @property
    def over_limit_count(self) -> int:
        """How many of the ticked sessions the limits would not allow."""
        return max(0, self.ticked_count - self.resumes_left)

    @property
    def has_guesses(self) -> bool:
        return any(row.selected.is_guess for row in self.rows)

    @property
    def pasted_count(self) -> int:
        return sum(row.look_up is not None for row in self.rows)

    @property
    def waiting_count(self) -> int:
        """How many of the pasted sessions are still to be looked up."""
        return sum(row.look_up == LookUpState.WAITING for row in self.rows)

    @property
    def looked_up_count(self) -> int:
        return self.pasted_count - self.waiting_count


def preview_selection(
    selection: Selection,
    *,
    person: AbstractUser,
    form: BulkForm | None = None,
    ticked: Collection[str] | None = None,
    look_ups: Mapping[str, LookUpState] | None = None,
    retry_of: str = "",
    initial: dict[str, str] | None = None,
) -> BulkPreview:
    """The preview of a selection for one person.

    ticked: the names that were ticked in a form that comes back. look_ups: what is known so far of
    the look-ups of pasted sessions. initial: what the form's fields begin with.
    """
    now = timezone.now()
    person_id = str(person.pk)
    newest = BulkResume.objects.of_person(person_id).newest_first().first()
    return BulkPreview(
        rows=_preview_rows(selection, ticked, look_ups or {}, person_id, now),
        repeated=selection.repeated,
        resumes_left=resumes_left(person_id, now=now),
        limits=describe_limits(),
        form=form or BulkForm(initial=initial),
        token=str(uuid.uuid4()),
        retry_of=retry_of,
        form_version=form_version(newest),
        suggested_reasons=SUGGESTED_REASONS,
    )


def keep_ticks(
    preview: BulkPreview, *, before: Mapping[str, LookUpState], ticked: Collection[str]
) -> BulkPreview:
    """The preview with what the person ticked, but for what was looked up since.

    before: the states that the person's page showed.
    """
    rows = [
        row
        if row.look_up is not None and before.get(row.selected.name) != row.look_up
        else replace(row, is_ticked=row.selected.name in ticked)
        for row in preview.rows
    ]
    return replace(preview, rows=rows)


def form_version(newest: BulkResume | None) -> str:
    """Ends the names of form fields, so that a draft of the last bulk resume doesn't come back.

    newest: the newest bulk resume of the person.
    """
    return newest.pk.hex[:8] if newest else "first"


def _preview_rows(
    selection: Selection,
    ticked: Collection[str] | None,
    look_ups: Mapping[str, LookUpState],
    person_id: str,
    now: datetime,
) -> list[PreviewRow]:
    sessions = _load_sessions(selection)
    blocking = _blocking_attempts(sessions.values())
    waiting = LookUpState.WAITING
    states = {each.name: look_ups.get(each.name, waiting) for each in selection.pasted}
    states |= {name: state for name, state in look_ups.items() if name in sessions}
    # One id that several accounts turned out to have stays the person's choice.
    found_by_id = Counter(
        each.session_id
        for each in selection.sessions
        if states.get(each.name) in (LookUpState.FOUND, waiting)
    )
    return [
        _preview_row(
            selected,
            build_card(sessions[selected.name], now=now),
            blocking=blocking.get(sessions[selected.name].pk),
            ticked=ticked,
            look_up=states.get(selected.name),
            is_choice=selected.is_guess and found_by_id[selected.session_id] != 1,
            person_id=person_id,
        )
        for selected in selection.sessions
    ]


def _load_sessions(selection: Selection) -> dict[str, RemoteSession]:
    """Each session by its name; an unsaved one where nothing is known of it."""
    ids = [selected.session_id for selected in selection.sessions]
    stored = {str(session): session for session in RemoteSession.objects.filter(session_id__in=ids)}
    return {
        selected.name: stored.get(selected.name)
        or RemoteSession(alias=selected.alias, session_id=selected.session_id)
        for selected in selection.sessions
    }


def _blocking_attempts(sessions: Iterable[RemoteSession]) -> dict[int | None, Attempt]:
    """The newest attempt that blocks each session, by the session's primary key."""
    stored = {session.pk: session for session in sessions if session.pk}
    attempts = Attempt.objects.open_or_unresolved().filter(session__in=stored)
    # Oldest first: of several attempts on one session the last to enter the dict stays.
    return {
        attempt.session_id: attempt
        for attempt in attempts.order_by("opened_at")
        if is_blocking(attempt, stored[attempt.session_id])
    }


def _preview_row(
    selected: SelectedSession,
    card: SessionCard,
    *,
    blocking: Attempt | None,
    ticked: Collection[str] | None,
    look_up: LookUpState | None,
    is_choice: bool,
    person_id: str,
) -> PreviewRow:
    """is_choice: whether the person has to say which of several accounts is meant."""
    refusal_reason = describe_block(blocking) if blocking else ""
    if not card.is_configured:
        # Nothing blocks as surely as this, so it is the reason that is shown.
        refusal_reason = f"the account “{selected.alias}” is no longer configured"
    if ticked is not None:
        is_ticked = selected.name in ticked
    elif look_up is None:
        is_ticked = not refusal_reason and not is_choice
    else:
        # A report of "not paused" that is in doubt is still the newest that there is.
        is_wanted = look_up == LookUpState.FOUND and card.paused.reported is not False
        is_ticked = is_wanted and not refusal_reason and not is_choice
    return PreviewRow(
        selected=selected,
        card=card,
        form_token=issue_form_token(card.session, person_id=person_id),
        refusal_reason=refusal_reason,
        is_ticked=is_ticked and card.is_configured,
        look_up=look_up,
    )
