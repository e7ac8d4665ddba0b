"""Writes the board's rows as HTML, by plain functions: with a thousand rows the template engine is what costs.

What is the same in every row is left to the stylesheet and the script: the labels on narrow screens, the look of a
state's tag, the word "Open" in the last cell, the exact time behind an age. End tags that HTML lets out are
left out. Everything foreign passes `_shown`, which escapes it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from html import escape

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from pingadmin.oversight.board import live
from pingadmin.oversight.board.listing import Known, Row
from pingadmin.oversight.team import presence
from pingadmin.web import wording
from pingadmin.web.templatetags.panel import initials

COLUMNS = 8
_HARMLESS = re.compile(r"[A-Za-z0-9 ._:/()-]*").fullmatch


@dataclass(frozen=True)
class Around:
    """What rows need beside their sessions. assigned: names by person; looking: names by session, who has it open
    now. may_resume: whether a row can be chosen, for that is what choosing is for. is_past: the moment is not now, so
    that ages would mislead."""

    now: datetime
    zone: tzinfo
    may_resume: bool
    assigned: dict[int, str] = field(default_factory=dict)
    looking: dict[int, list[str]] = field(default_factory=dict)
    is_past: bool = False


def around(rows: list[Row], *, now: datetime, may_resume: bool) -> Around:
    """Three queries at most, however many rows."""
    people = {row.known.assigned_to for row in rows if row.known.assigned_to}
    assigned = {
        person.pk: person.display_name for person in get_user_model().objects.filter(pk__in=people)
    }
    visited = live.visited(now) & {row.known.pk for row in rows}
    return Around(
        now=now,
        zone=timezone.get_current_timezone(),
        may_resume=may_resume,
        assigned=assigned,
        looking=presence.viewers_by_session(visited) if visited else {},
    )


def around_past(at: datetime) -> Around:
    """Beside the rows of a past moment, at which nothing can be pressed any more."""
    return Around(now=at, zone=timezone.get_current_timezone(), may_resume=False, is_past=True)


def write_all(rows: Iterable[Row], beside: Around) -> SafeString:
    """The rows as one text that templates take as it is."""
    return mark_safe("".join(write(row, beside) for row in rows))  # noqa: S308 - `_shown` escaped what is foreign


def write(row: Row, beside: Around) -> str:
    """One `<tr>`, safe to be put into a page. Addresses are relative to the board's own."""
    known, card = row.known, row.card
    session_id = _shown(known.session_id)
    name = f"{_shown(known.alias)}/{session_id}"
    box = f'<input type=checkbox name=session value="{name}/">' if beside.may_resume else ""
    doubt = "?" if card.is_doubted and known.state else ""
    act = ""
    if beside.may_resume and card.is_configured and card.paused.value == "yes":
        # Nothing is resumed from here: this leads to where the facts stand, and then the button.
        act = f'<a href="{name}/#resume">Resume…</a>'
    return (
        f"<tr><td><p class={card.meaning}>{_shown(row.word or card.state_label)}{doubt}"
        f'<td><label>{box}<a href="{name}/">{session_id}</a></label><p>{_shown(card.label)}'
        f"<td>{_shown(known.client_name) or 'not said'}"
        f"{_paused(row, beside)}{_traffic(known)}{_last_seen(row, beside)}{_team(row, beside)}<td>{act}"
    )


def _paused(row: Row, beside: Around) -> str:
    """The graded statement of remote_sessions/_paused.html, in a row's few words."""
    verdict, attempt = row.card.paused, row.attempt
    if attempt and attempt.is_open:
        sent = f"{attempt.kind.in_progress} it since {_moment(attempt.opened_at, beside)}"
        return f"<td class=unknown>Under way<p>{_shown(attempt.actor_name)} is {sent}"
    if attempt:
        return f"<td class=unknown>Unknown<p>{attempt.action} sent {_moment(attempt.opened_at, beside)}, no answer"
    if verdict.value != "unknown":
        word = "Paused" if verdict.value == "yes" else "Not paused"
        return f"<td>{word}<p>{verdict.source}, {_moment(verdict.reported_at, beside)}"
    if verdict.reported_at is None:
        return "<td class=unknown>Unknown"
    said = "paused" if verdict.reported else "not paused"
    return f"<td class=unknown>Unknown<p>said {said} {_moment(verdict.reported_at, beside)}; {verdict.doubt}"


def _traffic(known: Known) -> str:
    if known.downloaded_bytes is None and known.uploaded_bytes is None:
        return "<td><p>not reported"
    return f"<td>{wording.size(known.downloaded_bytes)} / {wording.size(known.uploaded_bytes)}"


def _last_seen(row: Row, beside: Around) -> str:
    if row.known.last_seen_at is None:
        return "<td class=stale>never"
    age = (
        _moment(row.known.last_seen_at, beside)
        if beside.is_past
        else _age((beside.now - row.known.last_seen_at).total_seconds())
    )
    if not row.card.is_doubted:
        return f"<td>{age}<p>{row.known.get_source_display()}"
    status = (
        f" ({row.known.failure_status})" if row.known.failure and row.known.failure_status else ""
    )
    since = f", since {_moment(row.known.failing_since, beside)}" if row.known.failure else ""
    return f"<td class=stale>{age}<p>{_shown(row.card.label)} {row.card.doubt}{status}{since}"


def _age(seconds: float) -> str:
    """The script keeps it current; below a minute the words themselves are exact enough for that."""
    exact = "" if 0 <= seconds < 60 else f" data-age={int(seconds)}"
    return f"<i{exact}>{wording.age(seconds)}</i>"


def _team(row: Row, beside: Around) -> str:
    name = beside.assigned.get(row.known.assigned_to)
    if beside.is_past:
        return "<td>"
    people = [_person(name, "assigned to {}", "avatar")] if name else []
    people += [
        _person(each, "{} is looking", "avatar looking")
        for each in beside.looking.get(row.known.pk, ())
    ]
    return f"<td>{''.join(people) or '<p>nobody'}"


def _person(name: str, words: str, look: str) -> str:
    told = _shown(words.format(name))
    return f'<b class="{look}" role=img title="{told}">{_shown(initials(name))}</b>'


def _moment(when: datetime, beside: Around) -> str:
    return wording.moment(when, now=beside.now, zone=beside.zone)


def _shown(text: str) -> str:
    """Foreign text, escaped, with what cannot be seen made visible."""
    return text if _HARMLESS(text) else escape(wording.visible(text))
