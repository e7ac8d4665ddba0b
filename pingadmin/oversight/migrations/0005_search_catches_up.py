"""On SQLite the audit log's texts reach their index after the append, and no longer within it.

A fault of the index must not keep an event out of the log. What is not in the index yet is read from
the log itself.

On PostgreSQL new texts do not wait in a list beside the index, which each search would have to read
through: at its default size that took thirty times as long as the index. The audit log's keep a
short one, so that an append stays quick.
"""

from django.db import migrations

INDEX = "search_audit_auditevent"
FORWARDS = [
    *(f"DROP TRIGGER {INDEX}_{verb}" for verb in ("insert", "update", "delete")),
    "CREATE TABLE search_position (source text PRIMARY KEY, key integer NOT NULL)",
    "INSERT INTO search_position SELECT 'audit_auditevent', COALESCE(MAX(seq), 0)"
    " FROM audit_auditevent",
]
_ADD = (
    f"INSERT INTO {INDEX}(rowid, ticket, reason) SELECT NEW.seq, NEW.ticket, NEW.reason"
    " WHERE NEW.ticket <> '' OR NEW.reason <> '';"
)
_REMOVE = (
    f"INSERT INTO {INDEX}({INDEX}, rowid, ticket, reason)"
    " SELECT 'delete', OLD.seq, OLD.ticket, OLD.reason WHERE OLD.ticket <> '' OR OLD.reason <> '';"
)
BACKWARDS = [
    f"INSERT INTO {INDEX}(rowid, ticket, reason) SELECT seq, ticket, reason FROM audit_auditevent"
    " WHERE seq > (SELECT key FROM search_position) AND (ticket <> '' OR reason <> '')",
    "DROP TABLE search_position",
    f"CREATE TRIGGER {INDEX}_insert AFTER INSERT ON audit_auditevent BEGIN {_ADD} END",
    f"CREATE TRIGGER {INDEX}_update AFTER UPDATE OF ticket, reason ON audit_auditevent"
    f" BEGIN {_REMOVE} {_ADD} END",
    f"CREATE TRIGGER {INDEX}_delete AFTER DELETE ON audit_auditevent BEGIN {_REMOVE} END",
]


SHORT_LISTS = [
    *(
        f"ALTER INDEX {index} SET (fastupdate = off)"
        for index in ("search_session_ids", "search_session_clients")
    ),
    *(
        f"ALTER INDEX {index} SET (gin_pending_list_limit = 64)"
        for index in ("search_notes", "search_client_notes", "search_tickets", "search_reasons")
    ),
    "SELECT gin_clean_pending_list(indexrelid) FROM pg_stat_user_indexes"
    " WHERE indexrelname LIKE 'search\\_%' AND indexrelname <> 'search_session_pkey'",
]
USUAL_LISTS = [
    *(
        f"ALTER INDEX {index} RESET (fastupdate)"
        for index in ("search_session_ids", "search_session_clients")
    ),
    *(
        f"ALTER INDEX {index} RESET (gin_pending_list_limit)"
        for index in ("search_notes", "search_client_notes", "search_tickets", "search_reasons")
    ),
]


def execute_on(vendor, statements):
    def execute(apps, schema_editor):
        if schema_editor.connection.vendor == vendor:
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return execute


class Migration(migrations.Migration):
    dependencies = [("oversight", "0004_search")]
    operations = [
        migrations.RunPython(execute_on("sqlite", FORWARDS), execute_on("sqlite", BACKWARDS)),
        migrations.RunPython(
            execute_on("postgresql", SHORT_LISTS), execute_on("postgresql", USUAL_LISTS)
        ),
    ]
