"""Adds people and gives them their one role: the only place where either is done."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from pingadmin.accounts.audit_events import record_person_event
from pingadmin.accounts.models import User
from pingadmin.accounts.roles import ADMIN, ROLES
from pingadmin.accounts.sign_ins import end_sign_ins, list_sign_ins
from pingadmin.audit.record.actors import Actor


class RoleNotSyncedError(LookupError):
    """The role is in roles.py but not yet in the database."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"The role {role} is not in the database. Run: python manage.py sync_roles"
        )


class NameTakenError(ValueError):
    """Somebody has that user name already."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is already a user {name}. Change them at /people/, or choose another name."
        )


class LastAdministratorError(ValueError):
    """Nobody would be left who manages people."""

    def __init__(self) -> None:
        super().__init__(
            "They are the only active administrator. Give the role to somebody else first."
        )


@sensitive_variables("password")
def add_user(*, username: str, password: str | None, role: str, by: Actor, **fields: Any) -> User:
    """Adds an active person with one role and a password that passes the validators.

    password: None for somebody who signs in elsewhere. `fields` are further columns, such as
    first_name. Raises ValidationError, NameTakenError, RoleNotSyncedError, or KeyError for a role
    that roles.py does not know.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise NameTakenError(username)
    user = User(username=username, **fields)
    user.set_password(password)
    user.full_clean()
    if password is not None:
        validate_password(password, user)
    with transaction.atomic():
        user.save()
        record_person_event("person_added", by=by, person=username)
        set_role(user=user, role=role, by=by)
    return user


def set_role(*, user: User, role: str, by: Actor) -> None:
    """Gives the person exactly this role.

    Raises KeyError for a role that roles.py does not know, RoleNotSyncedError for one not in the
    database.
    """
    if role not in ROLES:
        raise KeyError(role)
    group = Group.objects.filter(name=role).first()
    if group is None:
        raise RoleNotSyncedError(role)
    before = user.role
    with transaction.atomic():
        user.groups.set([group])
        user.is_staff = role == ADMIN
        user.save(update_fields=["is_staff"])
        if before != role:
            record_person_event("role_set", by=by, person=user.username, before=before, after=role)
    # `role` is cached on the object.
    user.__dict__.pop("role", None)


def change_role(*, user: User, role: str, by: Actor) -> None:
    """set_role, as an administrator asks for it.

    Raises LastAdministratorError where nobody would be left, and what set_role raises.
    """
    with transaction.atomic():
        if role != ADMIN:
            _keep_an_administrator(user)
        set_role(user=user, role=role, by=by)


def change_details(*, user: User, fields: list[str], by: Actor) -> None:
    """Keeps these columns, which were checked and set on the object."""
    with transaction.atomic():
        user.save(update_fields=fields)
        record_person_event(
            "person_changed", by=by, person=user.username, fields=fields, active=user.is_active
        )


@sensitive_variables("password")
def set_password(*, user: User, password: str, by: Actor) -> None:
    """Sets a password that was validated. What was signed in with another one ends with it."""
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        record_person_event("password_changed", by=by, person=user.username)


def set_active(*, user: User, is_active: bool, by: Actor) -> None:
    """Lets somebody sign in, or shuts them out at once, with every sign-in that they have.

    Raises LastAdministratorError where nobody would be left who manages people.
    """
    if user.is_active == is_active:
        return
    with transaction.atomic():
        if not is_active:
            _keep_an_administrator(user)
            end_sign_ins(list_sign_ins(user), person=user, by=by)
        user.is_active = is_active
        change_details(user=user, fields=["is_active"], by=by)


def _keep_an_administrator(user: User) -> None:
    """Raises LastAdministratorError if there is no active one but this one."""
    # Two of them who take the role from each other at the same moment wait for each other here.
    Group.objects.select_for_update().filter(name=ADMIN).first()
    active = User.objects.filter(Q(groups__name=ADMIN) | Q(is_superuser=True), is_active=True)
    if active.filter(pk=user.pk).exists() and not active.exclude(pk=user.pk).exists():
        raise LastAdministratorError


def take_role(*, user: User, by: Actor) -> None:
    """Takes the person's role away, so that they may do nothing; the account stays."""
    before = user.role
    if not before:
        return
    with transaction.atomic():
        user.groups.clear()
        user.is_staff = False
        user.save(update_fields=["is_staff"])
        record_person_event("role_set", by=by, person=user.username, before=before, after=None)
    user.__dict__.pop("role", None)


def reset_second_factor(*, user: User, reason: str, by: Actor) -> int:
    """Takes away every second factor of a person who lost theirs. Returns how many there were.

    Recovery codes go too.
    """
    with transaction.atomic():
        authenticators = Authenticator.objects.filter(user=user)
        kinds = sorted(authenticators.values_list("type", flat=True))
        authenticators.delete()
        record_person_event(
            "second_factor_reset", by=by, person=user.username, kinds=kinds, reason=reason
        )
    return len(kinds)
