"""Writes roles.py into the database: one group for a role, with exactly its permissions."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from pingadmin.accounts.audit_events import record_person_event
from pingadmin.accounts.roles import ROLES, permission_table
from pingadmin.audit.record.actors import Actor


@transaction.atomic
def sync_roles() -> tuple[list[str], list[str]]:
    """Makes groups and their permissions equal to the table, and audits what changed.

    Returns what changed, and the permissions of the table that no model declares, as lines.
    """
    wanted = permission_table()
    # Other apps' permissions are made after migrate too, but later than we are called.
    for label in sorted({name.split(".")[0] for names in wanted.values() for name in names}):
        create_permissions(apps.get_app_config(label), verbosity=0)
    permissions = Permission.objects.select_related("content_type")
    by_name = {_name(permission): permission for permission in permissions}
    is_fresh = not Group.objects.exists()
    changes = _remove_other_groups()
    for role, names in wanted.items():
        changes += _sync_role(role, {name: by_name[name] for name in names if name in by_name})
    # Of all that a fresh database begins with, only what settings change was somebody's choice.
    recorded = _changed_by_settings(wanted) if is_fresh else changes
    if recorded:
        by = Actor.system("sync_roles")
        record_person_event("roles_changed", by=by, changes=recorded)
    undeclared = sorted({name for names in wanted.values() for name in names} - set(by_name))
    return changes, undeclared


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _changed_by_settings(wanted: dict[str, set[str]]) -> list[str]:
    lines: list[str] = []
    for role, names in wanted.items():
        lines += [f"{role}: added {name}" for name in sorted(names - ROLES[role])]
        lines += [f"{role}: removed {name}" for name in sorted(ROLES[role] - names)]
    return lines


def _remove_other_groups() -> list[str]:
    others = Group.objects.exclude(name__in=ROLES)
    lines = [
        f"removed role {name}" for name in others.order_by("name").values_list("name", flat=True)
    ]
    others.delete()
    return lines


def _sync_role(role: str, wanted: dict[str, Permission]) -> list[str]:
    group, created = Group.objects.get_or_create(name=role)
    permissions = group.permissions.select_related("content_type")
    held = {_name(permission) for permission in permissions}
    group.permissions.set(wanted.values())
    lines = [f"added role {role}"] if created else []
    lines += [f"{role}: added {name}" for name in sorted(wanted.keys() - held)]
    lines += [f"{role}: removed {name}" for name in sorted(held - wanted.keys())]
    return lines
