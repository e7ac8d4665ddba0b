"""The board as it was at a past moment: the sessions of today's question, each with what was known of it then.

Who watched, whose it was and who looked is not kept for each moment, so none of it is shown.
"""

from datetime import datetime

from pingadmin.oversight.board.listing import Known, Row
from pingadmin.remote_sessions.display.card import STATE_MEANINGS, build_card
from pingadmin.remote_sessions.history.past_states import find_snapshots_at
from pingadmin.remote_sessions.models import StatusSnapshot


def as_of(rows: list[Row], at: datetime) -> list[Row]:
    """The same rows in the same order, with the states of that moment. Two queries for up to 1,000."""
    held = find_snapshots_at([row.known for row in rows], at)
    return [_row(row.known, held[row.known.pk], at) for row in rows]


def _row(known: Known, snapshot: StatusSnapshot | None, at: datetime) -> Row:
    then = _unknown(known) if snapshot is None else _told(known, snapshot, at)
    word = "Not known then" if snapshot is None else "Look-up failed" if snapshot.failure else ""
    return Row(then, build_card(then, now=at), "", None, word)


def _unknown(known: Known) -> Known:
    """Nothing but its names."""
    empty = dict.fromkeys(known._fields) | {"is_known_state": True}
    empty |= dict.fromkeys(
        ("state", "source", "paused_reported_source", "paused_doubted_by", "failure"), ""
    )
    return Known(
        **empty
        | {
            name: getattr(known, name)
            for name in ("pk", "alias", "session_id", "client_name", "changed_at")
        }
    )


def _told(known: Known, snapshot: StatusSnapshot, at: datetime) -> Known:
    until = min(snapshot.last_at, at)
    return _unknown(known)._replace(
        state=snapshot.state,
        is_known_state=snapshot.state in STATE_MEANINGS,
        uploaded_bytes=snapshot.uploaded_bytes,
        downloaded_bytes=snapshot.downloaded_bytes,
        source=snapshot.source,
        last_seen_at=until,
        paused_reported=snapshot.paused,
        paused_reported_at=None if snapshot.paused is None else until,
        paused_reported_source=snapshot.source,
        failure=snapshot.failure,
        failed_at=until if snapshot.failure else None,
        failing_since=snapshot.first_at if snapshot.failure else None,
    )
