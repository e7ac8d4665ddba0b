"""Renders the board's rows by plain functions: for a thousand of them the template engine is slow.

What is the same in every row is left to the stylesheet and the script: the labels on narrow
screens, the word "nobody", the link "Open" in the last cell, the exact time behind an age. End
tags that HTML makes optional are left out. Everything foreign passes `_safe`, which escapes it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from html import escape

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from pingadmin.oversight.board import live
from pingadmin.oversight.board.columns import COLUMNS, Column
from pingadmin.oversight.board.sessions import BoardRow
from pingadmin.oversight.team import presence
from pingadmin.remote_sessions.display.paused import PausedValue
from pingadmin.web import wording
from pingadmin.web.templatetags.panel import initials

# Most text has nothing to escape; matching is faster than escaping it for nothing.
_is_harmless = re.compile(r"[A-Za-z0-9 ._:/()-]*").fullmatch


@dataclass(frozen=True)
class RowContext:
    """What rows need beyond their sessions.

    assignees: person pk -> name. viewers: session pk -> names of who has it open now. may_resume:
    whether rows can be selected, which is for resuming alone. is_past: the rows are of a past
    moment, at which ages would mislead. root: the board's address, for rows on another page.
    """

    now: datetime
    zone: tzinfo
    may_resume: bool
    assignees: dict[int, str] = field(default_factory=dict)
    viewers: dict[int, list[str]] = field(default_factory=dict)
    is_past: bool = False
    columns: tuple[Column, ...] = COLUMNS
    root: str = ""


def load_row_context(
    rows: list[BoardRow],
    *,
    now: datetime,
    may_resume: bool,
    columns: tuple[Column, ...] = COLUMNS,
    root: str = "",
) -> RowContext:
    """Three queries at most, however many rows."""
    person_ids = {row.session.assigned_to for row in rows if row.session.assigned_to}
    people = get_user_model().objects.filter(pk__in=person_ids)
    viewed = live.load_viewed_since(now) & {row.session.pk for row in rows}
    return RowContext(
        now=now,
        zone=timezone.get_current_timezone(),
        may_resume=may_resume,
        assignees={person.pk: person.display_name for person in people},
        viewers=presence.viewers_by_session(viewed) if viewed else {},
        columns=columns,
        root=root,
    )


def past_row_context(at: datetime, columns: tuple[Column, ...] = COLUMNS) -> RowContext:
    """The context of a past moment, at which nobody can act any more."""
    zone = timezone.get_current_timezone()
    return RowContext(now=at, zone=zone, may_resume=False, is_past=True, columns=columns)


def render_rows(rows: Iterable[BoardRow], context: RowContext) -> SafeString:
    """A `<tr>` for each, as one text that templates take as it is.

    Their addresses are relative to the board's own, unless the context names its root.
    """
    cells = [_RENDERERS[column.key] for column in context.columns]
    html = "".join(["<tr>" + "".join([cell(row, context) for cell in cells]) for row in rows])
    return mark_safe(html)  # noqa: S308 - `_safe` escaped what is foreign


def _state(row: BoardRow, context: RowContext) -> str:
    doubt = "?" if row.card.is_doubted and row.session.state else ""
    label = _safe(row.state_label or row.card.state_label)
    scheduled = ""
    if row.resumes_at:
        seconds = (row.resumes_at - context.now).total_seconds()
        until = f"<time data-until={int(seconds)}>{wording.countdown(seconds)}</time>"
        scheduled = f"<p>Resumes at {_moment(row.resumes_at, context)}, {until}"
    if row.attempt and not row.attempt.is_open:
        # A state that the action may have changed comes second.
        return f"<td><p class=unknown>Outcome unknown<p>{label}{doubt}{scheduled}"
    if row.waiting.is_waiting:
        mark = "?" if row.waiting.is_doubted else ""
        since = f"since {_moment(row.waiting.since, context)}; " if row.waiting.since else ""
        text = f"Waiting for an answer{mark}<p>{since}{label}{doubt}{scheduled}"
        return f"<td><p class=paused>{text}"
    return f"<td><p class={row.card.tone}>{label}{doubt}{scheduled}"


def _session(row: BoardRow, context: RowContext) -> str:
    session_id, path = _safe(row.session.session_id), _path(row)
    box = f'<input type=checkbox name=session value="{path}">' if context.may_resume else ""
    link = f'<a href="{context.root}{path}">{session_id}</a>'
    return f"<td><label>{box}{link}</label><p>{_safe(row.card.label)}"


def _client(row: BoardRow, context: RowContext) -> str:
    return f"<td class=c>{_safe(row.session.client_name) or 'not reported'}"


def _paused(row: BoardRow, context: RowContext) -> str:
    """The verdict on "paused" as on the session's page, in the few words of a row."""
    verdict, attempt = row.card.paused, row.attempt
    if attempt and attempt.is_open:
        opened_at = _moment(attempt.opened_at, context)
        return f"<td class=p>Under way<p>{_safe(attempt.under_way)}, started {opened_at}"
    if attempt:
        opened_at = _moment(attempt.opened_at, context)
        return f"<td class=u>No answer<p>{attempt.kind.noun} sent {opened_at}"
    if verdict.reported_at is None:
        return "<td class=p><p>not reported"
    reported_at = _moment(verdict.reported_at, context)
    if verdict.value == PausedValue.UNKNOWN:
        report = "paused" if verdict.reported else "not paused"
        return f'<td class="p muted">Unknown<p>reported {report} {reported_at}; {verdict.doubt}'
    label = "Paused" if verdict.value == PausedValue.YES else "Not paused"
    return f"<td class=p>{label}<p>{verdict.source}, {reported_at}"


def _traffic(row: BoardRow, context: RowContext) -> str:
    downloaded, uploaded = row.session.downloaded_bytes, row.session.uploaded_bytes
    if downloaded is None and uploaded is None:
        return "<td class=t><p>not reported"
    return f"<td class=t>{wording.size(downloaded)} / {wording.size(uploaded)}"


def _last_seen(row: BoardRow, context: RowContext) -> str:
    session, card = row.session, row.card
    if session.last_seen_at is None:
        return "<td class=stale><i>never</i>"
    if context.is_past:
        age = f"<i>{_moment(session.last_seen_at, context)}</i>"
    else:
        seconds = (context.now - session.last_seen_at).total_seconds()
        # The script keeps an age current; below a minute its text alone is exact enough.
        exact = "" if 0 <= seconds < 60 else f" data-age={int(seconds)}"
        age = f"<i{exact}>{wording.age(seconds)}</i>"
    if not card.is_doubted:
        return f"<td>{age}<p>{session.get_source_display()}"
    status = f" ({session.failure_status})" if session.failure and session.failure_status else ""
    since = ""
    if session.failure and session.failing_since:
        since = f", since {_moment(session.failing_since, context)}"
    return f"<td class=stale>{age}<p>{_safe(card.label)} {card.doubt}{status}{since}"


def _team(row: BoardRow, context: RowContext) -> str:
    if context.is_past:
        return "<td>"
    assignee = context.assignees.get(row.session.assigned_to or 0)
    viewers = context.viewers.get(row.session.pk, ())
    avatars = [
        _avatar(viewer, f"{viewer} is viewing this", " class=viewer")
        for viewer in viewers
        if viewer != assignee
    ]
    if assignee:
        title = f"assigned to {assignee}" + (", who is viewing this" if assignee in viewers else "")
        avatars.insert(0, _avatar(assignee, title))
    return f"<td class=m>{''.join(avatars)}"


def _resume(row: BoardRow, context: RowContext) -> str:
    """A link to where the facts and the button are; nothing is resumed from the board."""
    can_resume = (
        context.may_resume and row.card.is_configured and row.card.paused.value == PausedValue.YES
    )
    if not can_resume:
        return "<td>"
    return f'<td><a href="{context.root}{_path(row)}#resume">Resume…</a>'


def _avatar(name: str, title: str, attributes: str = "") -> str:
    return f'<b{attributes} role=img title="{_safe(title)}">{_safe(initials(name))}</b>'


def _path(row: BoardRow) -> str:
    return f"{_safe(row.session.alias)}/{_safe(row.session.session_id)}/"


def _moment(moment: datetime, context: RowContext) -> str:
    return wording.moment(moment, now=context.now, zone=context.zone)


def _safe(text: str) -> str:
    """Foreign text, escaped, with what cannot be seen made visible."""
    return text if _is_harmless(text) else escape(wording.visible(text))


_RENDERERS: dict[str, Callable[[BoardRow, RowContext], str]] = {
    "state": _state,
    "session": _session,
    "client": _client,
    "paused": _paused,
    "traffic": _traffic,
    "seen": _last_seen,
    "team": _team,
    "resume": _resume,
}
