"""Writes roles.py into the database: one group for a role, with exactly its permissions."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from pingadmin.accounts.roles import ROLES


def sync_roles() -> tuple[list[str], list[str]]:
    """Make groups and their permissions equal to the table.

    Gives what changed, and the permissions of the table that no model declares; both as lines to print.
    """
    # Other apps' permissions are made after migrate too, but later than we are called.
    for label in sorted({name.split(".")[0] for names in ROLES.values() for name in names}):
        create_permissions(apps.get_app_config(label), verbosity=0)
    known = {f"{each.content_type.app_label}.{each.codename}": each for each in _permissions()}
    changes = _remove_other_groups()
    for role, names in ROLES.items():
        changes += _sync_role(role, {name: known[name] for name in names if name in known})
    undeclared = sorted({name for names in ROLES.values() for name in names} - set(known))
    return changes, undeclared


def _permissions():
    return Permission.objects.select_related("content_type")


def _remove_other_groups() -> list[str]:
    others = Group.objects.exclude(name__in=ROLES)
    lines = [f"removed role {name}" for name in others.order_by("name").values_list("name", flat=True)]
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
