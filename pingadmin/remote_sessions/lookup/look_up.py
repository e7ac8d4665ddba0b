"""Look-ups: ask an upstream about a session and write down what it said, or why it said nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_throttled
from pingadmin.remote_sessions.lookup import limits
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observations import record_failure, record_observation
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord

SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class LookUpResult:
    """How one look-up ended: what is known now (None: nothing), and the error where asking failed."""

    alias: str
    label: str
    session_id: str
    at: datetime
    session: RemoteSession | None = None
    error: UpstreamError | None = None


def look_up(alias: str, session_id: str, *, by: Actor, source: str = "look-up") -> LookUpResult:
    """Ask one account about one session. Raises LimitReached (people only) and UnknownAlias."""
    return look_up_many([(alias, session_id)], by=by, source=source)[0]


def look_up_many(
    pairs: list[tuple[str, str]], *, by: Actor, source: str = "look-up"
) -> list[LookUpResult]:
    """Ask about several (alias, session id) pairs side by side; one LookUpResult for each, in order.

    Raises LimitReached before anything is asked, and UnknownAlias.
    """
    apis = [upstream.api_for(alias) for alias, _ in pairs]
    if by.kind == "person":
        _count(by, len(pairs))
    asked = [
        (api, api.canonical_id(session_id))
        for api, (_, session_id) in zip(apis, pairs, strict=True)
    ]
    if len(asked) == 1:
        answers = [_ask(asked[0])]
    else:
        # Only the asking runs in threads: writing stays on this thread's database connection.
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            answers = list(pool.map(_ask, asked))
    return [
        _keep(api, session_id, answer, source)
        for (api, session_id), answer in zip(asked, answers, strict=True)
    ]


def discover(alias: str, *, by: Actor) -> list[RemoteSession]:
    """Ask an account that can list for all its sessions, and keep each. Raises UpstreamError, LimitReached."""
    api = upstream.api_for(alias)
    _count(by, 1)
    listing = api.list_sessions()
    return [
        record_observation(alias=alias, record=record, source="list") for record in listing.sessions
    ]


def _ask(pair) -> SessionRecord | UpstreamError:
    api, session_id = pair
    try:
        return api.look_up(session_id)
    except UpstreamError as error:
        return error


def _keep(api, session_id: str, answer: SessionRecord | UpstreamError, source: str) -> LookUpResult:
    finding = {
        "alias": api.alias,
        "label": api.label,
        "session_id": session_id,
        "at": timezone.now(),
    }
    if isinstance(answer, SessionRecord):
        session = record_observation(alias=api.alias, record=answer, source=source)
        return LookUpResult(session=session, **finding)
    known = RemoteSession.objects.filter(alias=api.alias, session_id=session_id).first()
    if known:
        known = record_failure(session=known, error=answer, source=source)
    return LookUpResult(session=known, error=answer, **finding)


def _count(by: Actor, number: int) -> None:
    try:
        limits.count_look_ups(by.id, number)
    except limits.LimitReached as reached:
        detail = {"limit": reached.limit}
        append_throttled(
            "look_up_limit",
            by.id,
            seconds=60,
            action="look_up_limit",
            phase="event",
            by=by,
            detail=detail,
        )
        raise
