"""The board as it was at a past moment: today's sessions, with what was known of each then.

Who watched a session, whose it was and who viewed it is not kept for past moments, so none of it
is shown.
"""

from datetime import datetime

from pingadmin.oversight.board.sessions import BoardRow, BoardSession
from pingadmin.remote_sessions.display.card import STATE_TONES
from pingadmin.remote_sessions.history.past_states import find_snapshots_at
from pingadmin.remote_sessions.models import StatusSnapshot


def load_past_rows(rows: list[BoardRow], at: datetime) -> list[BoardRow]:
    """The same rows in the same order, with the states of that moment.

    Two queries for up to 1,000 rows.
    """
    snapshots = find_snapshots_at([row.session.pk for row in rows], at)
    return [_past_row(row.session, snapshots[row.session.pk], at) for row in rows]


def _past_row(session: BoardSession, snapshot: StatusSnapshot | None, at: datetime) -> BoardRow:
    if snapshot is None:
        past, label = _nameplate(session), "Not known then"
    else:
        past = _past_session(session, snapshot, at)
        label = "Look-up failed" if snapshot.failure else ""
    return BoardRow(past, past.card(at), group="", attempt=None, state_label=label)


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
        paused_reported=snapshot.paused,
        paused_reported_at=None if snapshot.paused is None else confirmed_at,
        paused_reported_source=snapshot.source,
        failure=snapshot.failure,
        failed_at=confirmed_at if snapshot.failure else None,
        failing_since=snapshot.first_at if snapshot.failure else None,
    )
