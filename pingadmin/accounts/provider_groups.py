"""What the groups of the organisation's provider mean here: OIDC_GROUPS gives each a role.

A person's role is that of the first group in the setting that they are in. It is set at each
sign-in by the provider; who is in none of them has no role any more and stays out.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from pingadmin.accounts import people
from pingadmin.accounts.models import User
from pingadmin.audit.record.actors import Actor

NO_GROUP = "none of this account’s groups has a role here"

_BY = Actor.system("single sign-on")


class CannotBeAdded(Exception):  # noqa: N818 - an answer, and no error
    """Nobody could be added. The text is half a sentence on why."""


def find_role(claims: dict[str, Any]) -> str:
    """The role that somebody's groups give, "" for none."""
    held = claims.get(settings.OIDC_GROUPS_CLAIM)
    groups = [held] if isinstance(held, str) else held
    if not isinstance(groups, list):
        return ""
    return next((role for group, role in settings.OIDC_GROUPS.items() if group in groups), "")


def apply_role(person: User, role: str) -> None:
    """Gives the person this role, or none for "". An audit event where that is a change."""
    if not role:
        people.take_role(user=person, by=_BY)
    elif person.role != role:
        people.set_role(user=person, role=role, by=_BY)


def add_person(claims: dict[str, Any], *, email: str, role: str) -> User:
    """Adds somebody at their first sign-in, without a password here. Raises CannotBeAdded."""
    name = _text(claims, "preferred_username") or email.partition("@")[0]
    try:
        return people.add_user(
            username=name,
            password=None,
            role=role,
            by=_BY,
            email=email,
            first_name=_text(claims, "given_name"),
            last_name=_text(claims, "family_name"),
        )
    except people.NameTakenError:
        raise CannotBeAdded(f"somebody else is called {name} here") from None
    except ValidationError as problem:
        raise CannotBeAdded(f"the name {name} can’t be used: {problem.messages[0]}") from None


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip()[:150] if isinstance(value, str) else ""
