"""Asks an account's system for the limits that it sets. Nothing of it is stored."""

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.look_up import count_look_ups_of
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import LimitKind, Limits

KINDS: tuple[LimitKind, ...] = ("client", "session", "global")

# The limits of each kind that there was an answer about; None where the system states none.
AccountLimits = dict[LimitKind, Limits | None]


def read_account_limits(alias: str, *, by: Actor) -> AccountLimits:
    """Asks for the limits of every kind; counts as one look-up of the person.

    A kind that there was no usable answer about is left out. Raises LimitReached and UnknownAlias.
    """
    api = upstream.api_for(alias)
    count_look_ups_of(by, 1)
    answers: AccountLimits = {}
    for kind in KINDS:
        try:
            answers[kind] = api.read_limits(kind)
        except UpstreamError as error:
            # Without any answer the next question would only make somebody wait again.
            if error.status is None:
                break
    return answers
