"""Writes what happens to people into the audit log: sign-ins, second factors, roles, refusals.

Each event keeps names and roles as they are at that moment: a later change does not rewrite it.
"""

import logging
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
)
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import DatabaseError, transaction
from django.http import HttpRequest

from pingadmin.accounts.models import User
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_throttled

log = logging.getLogger(__name__)


def connect_signals() -> None:
    """Listens to Django's and allauth's signals."""
    user_logged_in.connect(record_sign_in)
    user_logged_out.connect(_record_sign_out)
    user_login_failed.connect(_record_failed_sign_in)
    password_changed.connect(_record_password_change)
    authenticator_added.connect(_record_second_factor_added)
    authenticator_removed.connect(_record_second_factor_removed)
    authentication_failed.connect(_record_failed_second_factor)


def record_person_event(action: str, *, by: Actor, **detail: Any) -> None:
    """Appends one event about a person, in a transaction of its own or the caller's.

    Raises django.db.Error when the log cannot be written.
    """
    with transaction.atomic():
        trail.append(action=action, phase="event", by=by, detail=detail or None)


def record_if_possible(action: str, *, by: Actor, **detail: Any) -> None:
    """The same for what must not wait for the log.

    Somebody who cannot sign in because the log is broken cannot look at what broke it either.
    """
    try:
        record_person_event(action, by=by, **detail)
    except DatabaseError:
        log.critical(
            "not in the audit log: %s by %s %s", action, by.name, by.source_address, exc_info=True
        )


def record_denied(request: HttpRequest) -> None:
    """A signed-in person asked for what their role does not allow.

    Written once a minute for a person and address, so that a loop does not flood the log.
    """
    by = Actor.of(request)
    append_throttled(
        "denied",
        by.id,
        str(request.method),
        request.path,
        seconds=60,
        action="denied",
        phase="event",
        by=by,
        detail={"method": request.method, "address": request.path[:200]},
    )


def record_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record_if_possible("sign_in", by=Actor.of(request, user))
    methods = {record["method"] for record in get_authentication_records(request, user)}
    if "password" in methods and is_break_glass(user.get_username()):
        record_if_possible("break_glass", by=Actor.of(request, user), person=user.get_username())


def is_break_glass(name: str) -> bool:
    """Whether it is an account whose password works though others' don't."""
    return name.casefold() in {each.casefold() for each in settings.BREAK_GLASS_ACCOUNTS}


def may_use_password(name: str) -> bool:
    """Whether this account may use its password here: any, unless emergency accounts are named."""
    return not settings.BREAK_GLASS_ACCOUNTS or is_break_glass(name)


def record_refused_password(request: HttpRequest, name: str) -> None:
    """Somebody typed a password where passwords are for emergency accounts alone."""
    _record_failed_sign_in({"username": name}, request)


def _record_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record_if_possible("sign_out", by=Actor.of(request, user))


def _record_failed_sign_in(
    credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    if request is None:
        return
    # People type passwords into the name field: only names that exist are written down.
    typed = str(credentials.get("username", ""))
    users = get_user_model().objects.filter(username__iexact=typed)
    username = users.values_list("username", flat=True).first()
    record_if_possible(
        "sign_in_failed", by=Actor.visitor(request), name=username or "nobody of that name"
    )


def _record_password_change(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record_person_event("password_changed", by=Actor.of(request), person=user.get_username())


def _record_failed_second_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    record_if_possible(
        "second_factor_failed",
        by=Actor.of(request, user),
        person=user.get_username(),
        kind=authenticator.type,
    )


def _record_second_factor_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    _record_second_factor("second_factor_added", request, user, authenticator)


def _record_second_factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    _record_second_factor("second_factor_removed", request, user, authenticator)


def _record_second_factor(
    action: str, request: HttpRequest, user: User, authenticator: Authenticator
) -> None:
    record_person_event(
        action, by=Actor.of(request), person=user.get_username(), kind=authenticator.type
    )
