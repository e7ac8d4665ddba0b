"""The board as it was at a past moment: today's sessions, with what was known of each then.

Who watched a session, whose it was and who viewed it is not kept for past moments, so none of it
is shown.
"""

from datetime import datetime

from pingadmin.oversight.board.sessions import BoardRow, BoardSession
from pingadmin.remote_sessions.display.card import STATE_TONES
from pingadmin.remote_sessions.history.past_states import (
    find_paused_reports_at,
    find_snapshots_at,
)
from pingadmin.remote_sessions.models import StatusSnapshot
from pingadmin.resumes.models import Attempt


def load_past_rows(rows: list[BoardRow], at: datetime) -> list[BoardRow]:
    """The same rows in the same order, with the states of that moment.

    Five queries for up to 1,000 rows.
    """
    keys = [row.session.pk for row in rows]
    snapshots = find_snapshots_at(keys, at)
    reports = find_paused_reports_at(keys, at)
    attempts = _load_attempts_at(keys, at)
    return [
        _past_row(row.session, snapshots[key], reports[key], attempts.get(key, []), at)
        for key, row in zip(keys, rows, strict=True)
    ]


def _load_attempts_at(keys: list[int], at: datetime) -> dict[int, list[Attempt]]:
    """Session pk -> the attempts that were under way then, or unexplained; the newest last."""
    attempts: dict[int, list[Attempt]] = {}
    unexplained = Attempt.objects.unexplained_at(at).filter(session__in=keys)
    for attempt in unexplained.order_by("opened_at"):
        # As it was then. Nothing saves it.
        attempt.is_open = attempt.closed_at is None or attempt.closed_at > at
        attempts.setdefault(attempt.session_id, []).append(attempt)
    return attempts


def _past_row(
    session: BoardSession,
    snapshot: StatusSnapshot | None,
    report: StatusSnapshot | None,
    attempts: list[Attempt],
    at: datetime,
) -> BoardRow:
    attempt = attempts[-1] if attempts else None
    doubted_at = max(
        (
            each.closed_at
            for each in attempts
            if each.closed_at and not each.is_open and each.kind.pauses is not None
        ),
        default=None,
    )
    past, label = _nameplate(session), ""
    if snapshot is None:
        label = "Not known then"
    else:
        past = _past_session(session, snapshot, at)
        label = "Look-up failed" if snapshot.failure else ""
    if report:
        past = past._replace(
            paused_reported=report.paused,
            paused_reported_at=min(report.last_at, at),
            paused_reported_source=report.source,
        )
    # As on the live board: what an action with an unknown outcome did to it, nobody knew.
    past = past._replace(paused_doubted_at=doubted_at)
    return BoardRow(past, past.card(at), group="", attempt=attempt, state_label=label)


def _nameplate(session: BoardSession) -> BoardSession:
    """The session by its names alone, with nothing known of it."""
    return BoardSession(
        pk=session.pk,
        alias=session.alias,
        session_id=session.session_id,
        client_name=session.client_name,
        changed_at=session.changed_at,
    )


def _past_session(session: BoardSession, snapshot: StatusSnapshot, at: datetime) -> BoardSession:
    # A snapshot that outlasted the moment was still being confirmed at it.
    confirmed_at = min(snapshot.last_at, at)
    return _nameplate(session)._replace(
        state=snapshot.state,
        is_known_state=snapshot.state in STATE_TONES,
        uploaded_bytes=snapshot.uploaded_bytes,
        downloaded_bytes=snapshot.downloaded_bytes,
        source=snapshot.source,
        last_seen_at=confirmed_at,
        failure=snapshot.failure,
        failed_at=confirmed_at if snapshot.failure else None,
        failing_since=snapshot.first_at if snapshot.failure else None,
    )
