"""Whether the database has what `setup` puts there beside tables: roles and privileges."""

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection

from pingadmin.accounts.roles import permission_table
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.ownership import owns_log
from pingadmin.web.probes import Fault


def find_faults() -> list[Fault]:
    """What `setup` would put right. Needs migrated tables."""
    return [*_role_faults(), *_privilege_faults()]


def _role_faults() -> list[Fault]:
    # An outer join: a role without a permission is a row too.
    rows = Group.objects.values_list(
        "name", "permissions__content_type__app_label", "permissions__codename"
    )
    held: dict[str, set[str]] = {}
    for role, app, codename in rows:
        held.setdefault(role, set()).update({f"{app}.{codename}"} if codename else ())
    wanted = permission_table()
    differing = sorted(
        name for name in held.keys() | wanted.keys() if held.get(name) != wanted.get(name)
    )
    if not differing:
        return []
    names = ", ".join(differing)
    return [Fault("roles", f"{names} in the database is not as settings say: run pingadmin setup")]


def _privilege_faults() -> list[Fault]:
    """Where the panel's role owns no table: it may do what it must, and not change the log."""
    if connection.vendor != "postgresql" or owns_log() is not False:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role = cursor.fetchone()[0]
    run = f"run pingadmin setup --role {role} as the owner of the tables"
    if missing := _tables_without_privileges():
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        names = ", ".join(missing[:3]) + more
        return [Fault("privileges", f"{role} may not read and write {names}: {run}")]
    if _may_change_log():
        return [Fault("privileges", f"{role} may change the audit log: {run}")]
    return []


def _tables_without_privileges() -> list[str]:
    """Tables of ours in which current_user lacks a privilege that it needs there, or a sequence."""
    log = AuditEvent._meta.db_table
    tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    query = """
        SELECT relname FROM pg_class WHERE oid IN (
                SELECT to_regclass(quote_ident(name)) FROM unnest(%s::text[]) AS name)
            AND NOT (
                has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                AND (relname = %s OR has_table_privilege(oid, 'UPDATE')
                    AND has_table_privilege(oid, 'DELETE'))
                AND NOT EXISTS (
                    SELECT FROM pg_depend JOIN pg_class AS sequence ON sequence.oid = objid
                    WHERE refobjid = pg_class.oid AND CASE sequence.relkind
                        WHEN 'S' THEN NOT has_sequence_privilege(sequence.oid, 'USAGE') END))
        ORDER BY relname
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [tables, log])
        return [name for [name] in cursor.fetchall()]


def _may_change_log() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE, TRIGGER')",
            [connection.ops.quote_name(AuditEvent._meta.db_table)],
        )
        return bool(cursor.fetchone()[0])
