"""Writes into the audit log what happens to people: signing in and out, second factors, roles, refusals.

Each event keeps names and roles as they are at that moment, so that a later change does not rewrite the past.
"""

import logging

from allauth.account.signals import password_changed
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import DatabaseError, transaction

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_once

log = logging.getLogger(__name__)


def connect() -> None:
    """Listen to Django's and allauth's signals."""
    user_logged_in.connect(signed_in)
    user_logged_out.connect(_signed_out)
    user_login_failed.connect(_sign_in_failed)
    password_changed.connect(_password_changed)
    authenticator_added.connect(_second_factor_added)
    authenticator_removed.connect(_second_factor_removed)


def record(action: str, *, by: Actor, **detail) -> None:
    """One event about a person, in a transaction of its own or the caller's."""
    with transaction.atomic():
        trail.append(action=action, phase="event", by=by, detail=detail or None)


def record_if_possible(action: str, *, by: Actor, **detail) -> None:
    """The same where the act must not wait for the log: who cannot sign in cannot see what is wrong either."""
    try:
        record(action, by=by, **detail)
    except DatabaseError:
        log.critical(
            "not in the audit log: %s by %s %s", action, by.name, by.source_address, exc_info=True
        )


def record_denied(request) -> None:
    """A signed-in person asked for what their role does not allow; once a minute for a person and address."""
    by = Actor.of(request)
    append_once(
        "denied",
        by.id,
        request.method,
        request.path,
        seconds=60,
        action="denied",
        phase="event",
        by=by,
        detail={"method": request.method, "address": request.path[:200]},
    )


def signed_in(request, user, **kwargs):
    record_if_possible("sign_in", by=Actor.of(request, user))


def _signed_out(request, user, **kwargs):
    if user is not None:
        record_if_possible("sign_out", by=Actor.of(request, user))


def _sign_in_failed(credentials, request=None, **kwargs):
    if request is None:
        return
    # What was typed may be a password in the wrong field: only names that exist are written down.
    name = str(credentials.get("username", ""))
    known = (
        get_user_model()
        .objects.filter(username__iexact=name)
        .values_list("username", flat=True)
        .first()
    )
    record_if_possible(
        "sign_in_failed", by=Actor.visitor(request), name=known or "nobody of that name"
    )


def _password_changed(request, user, **kwargs):
    record("password_changed", by=Actor.of(request), person=user.get_username())


def _second_factor_added(request, user, authenticator, **kwargs):
    record(
        "second_factor_added",
        by=Actor.of(request),
        person=user.get_username(),
        kind=authenticator.type,
    )


def _second_factor_removed(request, user, authenticator, **kwargs):
    record(
        "second_factor_removed",
        by=Actor.of(request),
        person=user.get_username(),
        kind=authenticator.type,
    )
