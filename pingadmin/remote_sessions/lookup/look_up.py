"""Look-ups: asks an upstream about a session and records the answer, or why there was none."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_throttled
from pingadmin.remote_sessions.lookup import limits
from pingadmin.remote_sessions.models import ObservationSource, RemoteSession
from pingadmin.remote_sessions.recording.observations import record_failure, record_observation
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord
from pingadmin.upstream.session_api import SessionAPI

SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class LookUpResult:
    """How one look-up ended.

    session: what is known now, None for a session that we have never seen. error: why asking
    failed, None where it did not.
    """

    alias: str
    label: str
    session_id: str
    at: datetime
    session: RemoteSession | None = None
    error: UpstreamError | None = None


def look_up(
    alias: str, session_id: str, *, by: Actor, source: str = ObservationSource.LOOK_UP
) -> LookUpResult:
    """Asks one account about one session. Raises LimitReached (people only) and UnknownAlias."""
    return look_up_many([(alias, session_id)], by=by, source=source)[0]


def look_up_many(
    pairs: list[tuple[str, str]],
    *,
    by: Actor,
    source: str = ObservationSource.LOOK_UP,
    counted: int | None = None,
) -> list[LookUpResult]:
    """Asks about several (alias, session id) pairs side by side; returns the results in order.

    counted: how many of them count against the person's limit, None for all. Raises LimitReached
    before anything is asked, and UnknownAlias.
    """
    apis = [upstream.api_for(alias) for alias, _ in pairs]
    number = len(pairs) if counted is None else counted
    if by.kind == "person" and number:
        count_look_ups_of(by, number)
    calls = [
        (api, api.canonical_id(session_id))
        for api, (_, session_id) in zip(apis, pairs, strict=True)
    ]
    if len(calls) == 1:
        answers = [_look_up_one(calls[0])]
    else:
        # Threads only ask. Recording stays on this thread, which has the database connection.
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            answers = list(pool.map(_look_up_one, calls))
    return [
        _record_answer(api, session_id, answer, source)
        for (api, session_id), answer in zip(calls, answers, strict=True)
    ]


def discover(alias: str, *, by: Actor) -> list[RemoteSession]:
    """Asks an account that can list for all its sessions, and records each.

    Raises UpstreamError and LimitReached.
    """
    api = upstream.api_for(alias)
    count_look_ups_of(by, 1)
    return [
        record_observation(alias=alias, record=record, source=ObservationSource.LIST)
        for record in api.list_sessions().sessions
    ]


def _look_up_one(call: tuple[SessionAPI, str]) -> SessionRecord | UpstreamError:
    api, session_id = call
    try:
        return api.look_up(session_id)
    except UpstreamError as error:
        return error


def _record_answer(
    api: SessionAPI, session_id: str, answer: SessionRecord | UpstreamError, source: str
) -> LookUpResult:
    at = timezone.now()
    if isinstance(answer, SessionRecord):
        observed = record_observation(alias=api.alias, record=answer, source=source)
        return LookUpResult(api.alias, api.label, session_id, at, observed)
    # A failure is recorded of sessions that we know. An id that nobody knows gets no row.
    session = RemoteSession.objects.find(api.alias, session_id)
    if session:
        session = record_failure(session=session, error=answer, source=source)
    return LookUpResult(api.alias, api.label, session_id, at, session, answer)


def count_look_ups_of(by: Actor, number: int) -> None:
    """Counts a person's calls. Raises LimitReached, which is an audit event once a minute."""
    try:
        limits.count_look_ups(by.id, number)
    except limits.LimitReached as reached:
        append_throttled(
            "look_up_limit",
            by.id,
            seconds=60,
            action="look_up_limit",
            phase="event",
            by=by,
            detail={"limit": reached.limit},
        )
        raise
