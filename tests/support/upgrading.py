"""Upgrades a database of version 0.2.0 and prints as JSON what it was before and is after.

Run as a process of its own, with an empty database in DATABASE_URL:
python -m tests.support.upgrading
"""

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import django

# The newest migration of each app in version 0.2.0.
OLD_MIGRATIONS = {
    "accounts": "0001",
    "audit": "0021",
    "collector": "0002",
    "notifications": "0002",
    "oversight": "0002",
    "remote_sessions": "0010",
    "resumes": "0011",
}
T1, T2 = "2026-11-22 14:02:11.500000", "2026-11-22 14:03:11.500000"
OPEN, UNKNOWN, BULK, ITEM = (UUID(int=number).hex for number in (1, 2, 3, 4))


def main() -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.apps import apps
    from django.core.management import call_command
    from django.db.migrations.loader import MigrationLoader
    from django.db.models.signals import post_migrate

    from pingadmin.accounts.apps import _sync_roles

    # Today's roles belong to the new release. The old one is made without them.
    accounts = apps.get_app_config("accounts")
    post_migrate.disconnect(_sync_roles, sender=accounts)
    for app, name in OLD_MIGRATIONS.items():
        call_command("migrate", app, name, verbosity=0, skip_checks=True)
    for app in sorted(MigrationLoader(None).migrated_apps - set(OLD_MIGRATIONS)):
        call_command("migrate", app, verbosity=0, skip_checks=True)
    post_migrate.connect(_sync_roles, sender=accounts)
    insert_old_rows()
    old = {"schema": schema(), "permissions": permissions()}
    call_command("migrate", verbosity=0, skip_checks=True)
    new = {"schema": schema(), "permissions": permissions()}
    return {"old": old, "new": new, "rows": read_rows(), "stale": stale_content_types()}


def insert_old_rows() -> None:
    """A session with history, an open and an unknown attempt, a bulk resume, a message, a feed."""
    insert_old_session()
    insert_old_history()
    insert_old_attempts()
    insert_old_bulk_resume()
    insert_old_message()
    insert_old_feed()


def insert_old_session() -> None:
    insert(
        "remote_sessions_remotesession",
        id=5,
        alias="ping",
        session_id="ses_old",
        state="connected",
        state_is_known=True,
        who="client-2041",
        uploaded_bytes=10,
        uploaded_before=90,
        downloaded_before=0,
        stream_place=7,
        source="reconcile",
        seen_at=T2,
        first_seen_at=T1,
        changed_at=T2,
        paused_said=False,
        paused_said_at=T2,
        paused_said_source="resume",
        paused_doubted_by="session_end",
        failure="",
        failure_message="",
    )


def insert_old_history() -> None:
    insert(
        "remote_sessions_statussnapshot",
        id=3,
        session_id=5,
        first_at=1795356131500,
        lasted=60000,
        uploaded_bytes=10,
        uploaded_before=90,
        times=4,
        source="c",
        state="c",
        failure="",
    )
    insert(
        "remote_sessions_watchspan",
        id=1,
        alias="ping",
        from_at=T1,
        until_at=T2,
        why_ended="the event stream broke off",
    )


def insert_old_attempts() -> None:
    attempt = {
        "session_id": 5,
        "actor_id": "1",
        "actor_name": "ana",
        "reason": "Customer approved",
        "ticket": "INC-1",
        "opened_at": T1,
        "lease_until": T2,
        "code": "",
        "message": "",
        "looks": 2,
        "settled_by": "",
        "settled_note": "",
        "batch": "",
    }
    insert(
        "resumes_resumeattempt",
        id=OPEN,
        token=OPEN,
        act="pause",
        is_open=True,
        intent_seq=1,
        result="",
        word="",
        **attempt,
    )
    insert(
        "resumes_resumeattempt",
        id=UNKNOWN,
        token=UNKNOWN,
        act="resume",
        is_open=False,
        intent_seq=2,
        result="unknown",
        word="timed_out",
        closed_at=T2,
        next_look_at=T2,
        **attempt,
    )


def insert_old_bulk_resume() -> None:
    insert(
        "resumes_bulkresume",
        id=BULK,
        token=BULK,
        actor_id="1",
        actor_name="ana",
        reason="Customer approved",
        ticket="",
        begun_at=T1,
        lease_until=T2,
        ended_at=T2,
        why_ended="ana stopped it",
    )
    insert(
        "resumes_bulkitem",
        id=1,
        bulk_id=BULK,
        place=1,
        alias="ping",
        session_id="ses_old",
        token=ITEM,
        shown='{"paused": "yes"}',
        why_not="it was stopped",
    )


def insert_old_message() -> None:
    insert(
        "notifications_notification",
        id=1,
        event_seq=2,
        what="unknown",
        alias="ping",
        session_id="ses_old",
        made_at=T1,
        tries=1,
        next_try_at=T2,
        word="refused",
        batch="",
    )


def insert_old_feed() -> None:
    counts = dict.fromkeys(
        ("late", "repeated", "dropped", "unreadable", "polls", "polls_failed", "reconnects"), 0
    )
    insert(
        "collector_feed",
        id=1,
        alias="ping",
        kind="stream",
        up_since=T1,
        heard_at=T2,
        events=12,
        error="",
        error_message="",
        **counts,
    )


def insert(table: str, **values: object) -> None:
    from django.db import connection

    columns = ", ".join(f'"{name}"' for name in values)
    parameters = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({columns}) VALUES ({parameters})', list(values.values())
        )


def read_rows() -> dict[str, list[list[Any]]]:
    """Today's models read the rows. They are asked by column: a field may have another name."""
    from pingadmin.collector.models import FeedStatus
    from pingadmin.notifications.models import Notification
    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, WatchSpan
    from pingadmin.resumes.models import Attempt, BulkItem, BulkResume

    return {
        "session": read(
            RemoteSession,
            "session_id state_is_known who uploaded_bytes uploaded_before stream_place source "
            "seen_at paused_said paused_said_source",
        ),
        "snapshot": read(
            StatusSnapshot, "id source state first_at lasted times uploaded_before session_id"
        ),
        "span": read(WatchSpan, "alias from_at until_at why_ended"),
        "attempts": read(
            Attempt, "act is_open result word looks next_look_at settled_at session_id"
        ),
        "bulk": read(BulkResume, "reason ended_at why_ended"),
        "item": read(BulkItem, "place session_id shown why_not"),
        "message": read(Notification, "what alias tries word"),
        "feed": read(FeedStatus, "alias kind heard_at events"),
    }


def read(model: Any, columns: str) -> list[list[Any]]:
    fields = {field.column: field for field in model._meta.concrete_fields}
    names = [fields[column].attname for column in columns.split()]
    return [
        [_plain_value(getattr(row, name)) for name in names]
        for row in model.objects.order_by(fields.get("intent_seq", model._meta.pk).attname)
    ]


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%F %T.%f}"
    return value.total_seconds() if isinstance(value, timedelta) else value


def permissions() -> dict[str, int]:
    """`app.codename` of our apps' permissions with their keys; twice the same one is an error."""
    from django.contrib.auth.models import Permission

    keys: dict[str, int] = {}
    for permission in Permission.objects.filter(content_type__app_label__in=OLD_MIGRATIONS):
        name = f"{permission.content_type.app_label}.{permission.codename}"
        assert name not in keys, f"{name} exists twice"
        keys[name] = permission.pk
    return keys


def stale_content_types() -> list[str]:
    """Those of our apps for which there is no model any more."""
    from django.contrib.contenttypes.models import ContentType

    ours = ContentType.objects.filter(app_label__in=OLD_MIGRATIONS)
    return [f"{each.app_label}.{each.model}" for each in ours if each.model_class() is None]


def schema() -> list[str]:
    """Everything that the database holds of tables, as lines that can be compared."""
    from django.db import connection

    lines = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            described = connection.introspection.get_table_description(cursor, table)
            for column in described:
                lines.append(f"column {table}.{column.name} {list(column[1:])}")
            constraints = connection.introspection.get_constraints(cursor, table)
            for name, facts in constraints.items():
                facts.pop("definition", None)
                lines.append(f"constraint {table}.{_plain(name)} {sorted(facts.items())}")
        for statement in STATEMENTS[connection.vendor]:
            cursor.execute(statement)
            lines += [" ".join(map(str, row)) for row in cursor.fetchall()]
    return sorted(lines)


def _plain(name: str) -> str:
    """SQLite numbers constraints without a name as it lists them."""
    return "constraint" if name.startswith("__unnamed") else name


# Conditions of indexes, and triggers: what Django's introspection does not tell.
STATEMENTS = {
    "sqlite": [
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger', 'view') "
        "AND sql IS NOT NULL"
    ],
    "postgresql": [
        "SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT 'check', conrelid::regclass, conname, pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT 'default', table_name, column_name, column_default FROM "
        "information_schema.columns WHERE table_schema = 'public'",
    ],
}


if __name__ == "__main__":
    json.dump(main(), sys.stdout, default=str)
