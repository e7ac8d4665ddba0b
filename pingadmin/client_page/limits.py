"""What an account's system says of its limits, and how much of them a client uses.

A limit never explains anything for certain: no system says why a session stopped. What is used is
from our own observations, and as old as they are.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, FloatField, Q
from django.db.models.functions import Cast
from django.utils import timezone

from pingadmin.audit.record.actors import Actor
from pingadmin.client_page.page import Client
from pingadmin.client_page.speeds import DIRECTIONS, Speed, load_speeds
from pingadmin.client_page.totals import ClientTotals, load_totals
from pingadmin.remote_sessions.lookup.account_limits import read_account_limits
from pingadmin.remote_sessions.models import RemoteSession, RemoteSessionQuerySet
from pingadmin.upstream.records import LimitKind, Limits
from pingadmin.web import wording

# From this share of a data cap on, a session that stopped may have stopped because of it.
NEAR_CAP_PERCENT = 90
MAX_LISTED = 10
_TITLES: dict[LimitKind, str] = {
    "client": "Each client",
    "session": "Each session",
    "global": "Global",
}
_SPEEDS = {
    "downloaded": ("download_speed", "Download speed"),
    "uploaded": ("upload_speed", "Upload speed"),
}


@dataclass(frozen=True)
class LimitRow:
    """One limit. percent: how much of it is used, 100 at most; None where that is not known."""

    label: str
    text: str
    percent: int | None = None


@dataclass(frozen=True)
class LimitGroup:
    """The limits of one kind. rows: none where the system states no such limits."""

    title: str
    rows: list[LimitRow]


@dataclass(frozen=True)
class SessionNearCap:
    """A disconnected session that is near a data cap. used: how near, in words."""

    session: RemoteSession
    used: str


@dataclass(frozen=True)
class ClientLimits:
    """What the page says of limits.

    stated_at: when the system answered; None where it said nothing that can be used. observed_at:
    the newest observation behind what is used. near_cap: the first of the sessions that may have
    stopped at their data cap; near_cap_count: how many there are. is_client_near_cap: whether the
    client's sessions, of which one is disconnected, are together near its cap. has_no_session_left:
    whether as many are open as a client may have.
    """

    label: str
    groups: list[LimitGroup] = field(default_factory=list)
    stated_at: datetime | None = None
    observed_at: datetime | None = None
    near_cap: list[SessionNearCap] = field(default_factory=list)
    near_cap_count: int = 0
    is_client_near_cap: bool = False
    has_no_session_left: bool = False


def load_limits(client: Client, *, by: Actor) -> ClientLimits:
    """Asks the account's system, and compares the client's sessions with the answer.

    Raises LimitReached and UnknownAlias.
    """
    answers = read_account_limits(client.alias, by=by)
    stated = [limits.answered_at for limits in answers.values() if limits]
    if not stated:
        groups = [LimitGroup(_TITLES[kind], []) for kind in answers]
        return ClientLimits(client.label, groups)
    sessions, totals = client.sessions, load_totals(client.sessions)
    of_client, of_session = answers.get("client"), answers.get("session")
    near_cap = _find_near_cap(sessions, of_session)
    speeds = load_speeds(sessions, timezone.now())
    return ClientLimits(
        label=client.label,
        groups=[
            LimitGroup(_TITLES[kind], _describe(kind, limits, sessions, totals, speeds))
            for kind, limits in answers.items()
        ],
        stated_at=min(stated),
        observed_at=totals.newest_at,
        near_cap=[_describe_near_cap(each, of_session) for each in near_cap[:MAX_LISTED]],
        near_cap_count=near_cap.count(),
        is_client_near_cap=_is_near_cap(totals, of_client) and _may_have_stopped(sessions).exists(),
        has_no_session_left=_has_no_session_left(totals, of_client),
    )


def _describe(
    kind: LimitKind,
    limits: Limits | None,
    sessions: RemoteSessionQuerySet,
    totals: ClientTotals,
    speeds: dict[str, Speed],
) -> list[LimitRow]:
    if limits is None:
        return []
    rows = [
        _describe_data_cap(kind, direction, cap, sessions, totals)
        for direction in DIRECTIONS
        if (cap := _cap_of(limits, direction)) is not None
    ]
    rows += [
        _describe_speed(kind, label, most, speeds.get(direction))
        for direction, (name, label) in _SPEEDS.items()
        if (most := getattr(limits, name)) is not None
    ]
    if limits.max_sessions is not None:
        percent = _percent(totals.open_sessions, limits.max_sessions)
        text = f"{totals.open_sessions:,} of {limits.max_sessions:,}"
        rows.append(LimitRow("Open sessions", text, percent))
    if limits.max_reconnections is not None:
        rows.append(LimitRow("Reconnections", f"up to {limits.max_reconnections:,}"))
    return rows


def _describe_data_cap(
    kind: LimitKind,
    direction: str,
    cap: int,
    sessions: RemoteSessionQuerySet,
    totals: ClientTotals,
) -> LimitRow:
    """What is used of a global limit is not known: nobody has met every session of an account."""
    used = None
    if kind == "client":
        used = getattr(totals, f"{direction}_bytes")
    elif kind == "session":
        used = _find_largest(sessions, direction)
    label = direction.capitalize()
    if used is None:
        return LimitRow(label, f"{wording.size(cap)}; how much is used isn’t known")
    suffix = " in the largest session" if kind == "session" else ""
    text = f"{wording.size(used)} of {wording.size(cap)}{suffix}"
    return LimitRow(label, text, _percent(used, cap))


def _describe_speed(kind: LimitKind, label: str, most: int, speed: Speed | None) -> LimitRow:
    if speed is None or kind == "global":
        return LimitRow(label, f"up to {wording.size(most)} a second; how fast it is isn’t known")
    used = speed.fastest if kind == "session" else speed.total
    suffix = " in the fastest session" if kind == "session" else ""
    text = f"{wording.size(int(used))} of {wording.size(most)} a second{suffix}, over 2 min"
    return LimitRow(label, text, _percent(int(used), most))


def _find_largest(sessions: RemoteSessionQuerySet, direction: str) -> int | None:
    counter, before = f"{direction}_bytes", f"{direction}_before_reset"
    # As floating-point numbers: two of the largest integers can't be added in the database.
    total = Cast(F(counter), FloatField()) + Cast(F(before), FloatField())
    reporting = sessions.filter(**{f"{counter}__isnull": False})
    largest = reporting.order_by(total.desc()).values_list(counter, before).first()
    return sum(largest) if largest else None


def _may_have_stopped(sessions: RemoteSessionQuerySet) -> RemoteSessionQuerySet:
    """Those that are disconnected, and not because they were paused."""
    return sessions.disconnected().exclude(paused_reported=True)


def _find_near_cap(sessions: RemoteSessionQuerySet, limits: Limits | None) -> RemoteSessionQuerySet:
    is_near = Q()
    for direction in DIRECTIONS:
        if limits and (cap := _cap_of(limits, direction)):
            least = -(-cap * NEAR_CAP_PERCENT // 100)
            # Not a sum of both counters, which the database might be unable to hold.
            missing = least - F(f"{direction}_before_reset")
            is_near |= Q(**{f"{direction}_bytes__gte": missing})
    if not is_near:
        return sessions.none()
    return _may_have_stopped(sessions).filter(is_near).order_by("-last_seen_at", "pk")


def _describe_near_cap(session: RemoteSession, limits: Limits | None) -> SessionNearCap:
    parts = []
    for direction in DIRECTIONS:
        cap = _cap_of(limits, direction) if limits else None
        used = getattr(session, f"{direction}_bytes")
        if cap and used is not None:
            used += getattr(session, f"{direction}_before_reset")
            if used * 100 >= cap * NEAR_CAP_PERCENT:
                parts.append(f"{wording.size(used)} of {wording.size(cap)} {direction}")
    return SessionNearCap(session, " and ".join(parts))


def _is_near_cap(totals: ClientTotals, limits: Limits | None) -> bool:
    for direction in DIRECTIONS:
        cap = _cap_of(limits, direction) if limits else None
        used = getattr(totals, f"{direction}_bytes")
        if cap and used is not None and used * 100 >= cap * NEAR_CAP_PERCENT:
            return True
    return False


def _has_no_session_left(totals: ClientTotals, limits: Limits | None) -> bool:
    most = limits.max_sessions if limits else None
    return most is not None and totals.open_sessions >= most


def _cap_of(limits: Limits, direction: str) -> int | None:
    cap: int | None = getattr(limits, f"{direction}_bytes")
    return cap


def _percent(used: int, cap: int) -> int | None:
    return min(100, used * 100 // cap) if cap else None
