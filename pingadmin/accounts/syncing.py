"""Writes roles.py into the database: one group for a role, with exactly its permissions."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from pingadmin.accounts.recording import record
from pingadmin.accounts.roles import ROLES, table
from pingadmin.audit.record.actors import Actor


@transaction.atomic
def sync_roles() -> tuple[list[str], list[str]]:
    """Make groups and their permissions equal to the table, and write what changed into the audit log.

    Gives what changed, and the permissions of the table that no model declares; both as lines to print.
    """
    wanted = table()
    # Other apps' permissions are made after migrate too, but later than we are called.
    for label in sorted({name.split(".")[0] for names in wanted.values() for name in names}):
        create_permissions(apps.get_app_config(label), verbosity=0)
    known = {f"{each.content_type.app_label}.{each.codename}": each for each in _permissions()}
    is_fresh = not Group.objects.exists()
    changes = _remove_other_groups()
    for role, names in wanted.items():
        changes += _sync_role(role, {name: known[name] for name in names if name in known})
    _record(_beyond_the_code(wanted) if is_fresh else changes)
    undeclared = sorted({name for names in wanted.values() for name in names} - set(known))
    return changes, undeclared


def _beyond_the_code(wanted: dict[str, set[str]]) -> list[str]:
    """What the settings give: of all that a fresh database starts with, only this was somebody's choice here."""
    return [
        f"{role}: added {name}"
        for role, names in wanted.items()
        for name in sorted(names - ROLES[role])
    ]


def _record(changes: list[str]) -> None:
    if changes:
        record("roles_changed", by=Actor.system("sync_roles"), changes=changes)


def _permissions():
    return Permission.objects.select_related("content_type")


def _remove_other_groups() -> list[str]:
    others = Group.objects.exclude(name__in=ROLES)
    lines = [
        f"removed role {name}" for name in others.order_by("name").values_list("name", flat=True)
    ]
    others.delete()
    return lines


def _sync_role(role: str, wanted: dict[str, Permission]) -> list[str]:
    group, created = Group.objects.get_or_create(name=role)
    held = {
        f"{each.content_type.app_label}.{each.codename}": each
        for each in group.permissions.select_related("content_type")
    }
    group.permissions.set(wanted.values())
    lines = [f"added role {role}"] if created else []
    lines += [f"{role}: added {name}" for name in sorted(set(wanted) - set(held))]
    lines += [f"{role}: removed {name}" for name in sorted(set(held) - set(wanted))]
    return lines
