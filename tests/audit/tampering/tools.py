"""What somebody can do who owns the tables: drop the triggers, and write rows as they like."""

import re
from types import SimpleNamespace

from django.conf import settings
from django.db import connection

from pingadmin.audit.chain import canonical
from pingadmin.audit.integrity import stored_rows
from pingadmin.audit.models import AuditEvent
from tests.support.queries import run_sql

TABLE = "audit_auditevent"


def stolen_key() -> str:
    return settings.AUDIT_KEY.reveal()


def drop_triggers() -> None:
    """Until the end of the test's transaction."""
    if connection.vendor == "postgresql":
        run_sql(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
        return
    for name in ("audit_no_update", "audit_no_delete", "audit_only_append"):
        run_sql(f"DROP TRIGGER {name}")


def drop_keys() -> None:
    """Lets two rows have the same seq, event id or previous hash."""
    if connection.vendor == "postgresql":
        names = ["audit_no_fork", f"{TABLE}_pkey", f"{TABLE}_event_id_key"]
        run_sql(f"ALTER TABLE {TABLE} {', '.join(f'DROP CONSTRAINT {name}' for name in names)}")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", [TABLE])
        table = cursor.fetchone()[0]
    loose = re.sub(
        r',\s*CONSTRAINT "audit_no_fork" UNIQUE \("prev_hash"\)| PRIMARY KEY| UNIQUE', "", table
    )
    run_sql(loose.replace(TABLE, "loose"))
    run_sql(f"INSERT INTO loose SELECT * FROM {TABLE}")
    run_sql(f"DROP TABLE {TABLE}")
    run_sql(f"ALTER TABLE loose RENAME TO {TABLE}")


def all_rows() -> list[dict]:
    return list(stored_rows.rows_after(0))


def replace_all(changed: list[dict]) -> None:
    """Replaces the whole table by these rows."""
    run_sql(f"DELETE FROM {TABLE}")
    for values in changed:
        AuditEvent(**values).save_base(force_insert=True)


def chained(changed: list[dict], key: str) -> list[dict]:
    """The rows numbered, linked, hashed and sealed again from the first one, with that key."""
    head = canonical.GENESIS
    for seq, values in enumerate(changed, start=1):
        values |= {"seq": seq, "prev_hash": head}
        head = seal(values, key)["row_hash"]
    return changed


def seal(values: dict, key: str) -> dict:
    """The row with the hash and the MAC that it would have."""
    values["row_hash"] = canonical.hash_event(SimpleNamespace(**values))
    values["mac"] = canonical.compute_mac(values["row_hash"], key)
    return values
