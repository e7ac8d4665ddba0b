"""The indexes of the search box: every run of three characters of what people search for.

SQLite has FTS5 with its trigram tokenizer, PostgreSQL has pg_trgm. On PostgreSQL an update writes
to every index of its table, and sessions are updated with every heartbeat; so their texts stand in
a table of their own, which changes only with them.
"""

from django.db import migrations

# Table with an integer primary key -> the columns that are searched.
SOURCES = {
    "remote_sessions_remotesession": ("id", ("session_id", "who")),
    "oversight_teamentry": ("id", ("text",)),
    "oversight_clientnote": ("id", ("text",)),
    "audit_auditevent": ("seq", ("ticket", "reason")),
}


def create_sqlite_index(table, key, columns):
    """Only rows with a text are in the index: FTS5 breaks when what it never held is taken out."""
    index, names = f"search_{table}", ", ".join(columns)

    def texts_of(row):
        return ", ".join(f"{row}.{column}" for column in columns)

    def has_text(row):
        return " OR ".join(f"{row}.{column} <> ''" for column in columns)

    has_changed = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in columns)
    remove = (
        f"INSERT INTO {index}({index}, rowid, {names})"
        f" SELECT 'delete', OLD.{key}, {texts_of('OLD')} WHERE {has_text('OLD')};"
    )
    add = (
        f"INSERT INTO {index}(rowid, {names})"
        f" SELECT NEW.{key}, {texts_of('NEW')} WHERE {has_text('NEW')};"
    )
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5({names}, content='{table}',"
        f" content_rowid='{key}', tokenize='trigram')",
        f"INSERT INTO {index}(rowid, {names}) SELECT {key}, {names} FROM {table}"
        f" WHERE {has_text(table)}",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF {names} ON {table} WHEN {has_changed}"
        f" BEGIN {remove} {add} END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {remove} END",
    ]


def drop_sqlite_index(table):
    index = f"search_{table}"
    verbs = ("insert", "update", "delete")
    return [*(f"DROP TRIGGER {index}_{verb}" for verb in verbs), f"DROP TABLE {index}"]


POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    """
    CREATE TABLE search_session (
        id bigint PRIMARY KEY REFERENCES remote_sessions_remotesession ON DELETE CASCADE,
        session_id text NOT NULL, who text NOT NULL)
    """,
    """
    INSERT INTO search_session
    SELECT id, UPPER(session_id), UPPER(who) FROM remote_sessions_remotesession
    """,
    # With the rights of its owner: whoever may write a session need not know of this table.
    """
    CREATE FUNCTION search_session_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
    BEGIN
      INSERT INTO search_session VALUES (NEW.id, UPPER(NEW.session_id), UPPER(NEW.who))
      ON CONFLICT (id) DO UPDATE SET session_id = EXCLUDED.session_id, who = EXCLUDED.who;
      RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER search_session_insert AFTER INSERT ON remote_sessions_remotesession
    FOR EACH ROW EXECUTE FUNCTION search_session_follow()
    """,
    """
    CREATE TRIGGER search_session_update AFTER UPDATE ON remote_sessions_remotesession
    FOR EACH ROW WHEN (NEW.who <> OLD.who OR NEW.session_id <> OLD.session_id)
    EXECUTE FUNCTION search_session_follow()
    """,
    "CREATE INDEX search_session_ids ON search_session USING gin (session_id gin_trgm_ops)",
    "CREATE INDEX search_session_clients ON search_session USING gin (who gin_trgm_ops)",
    "CREATE INDEX search_notes ON oversight_teamentry USING gin (UPPER(text) gin_trgm_ops)"
    " WHERE text <> ''",
    "CREATE INDEX search_client_notes ON oversight_clientnote USING gin (UPPER(text) gin_trgm_ops)"
    " WHERE text <> ''",
    "CREATE INDEX search_tickets ON audit_auditevent USING gin (UPPER(ticket) gin_trgm_ops)"
    " WHERE ticket <> ''",
    "CREATE INDEX search_reasons ON audit_auditevent USING gin (UPPER(reason) gin_trgm_ops)"
    " WHERE reason <> ''",
]
DROP_POSTGRESQL = [
    "DROP INDEX search_reasons, search_tickets, search_client_notes, search_notes",
    "DROP TRIGGER search_session_update ON remote_sessions_remotesession",
    "DROP TRIGGER search_session_insert ON remote_sessions_remotesession",
    "DROP FUNCTION search_session_follow()",
    "DROP TABLE search_session",
]


def create_indexes(apps, schema_editor):
    statements = POSTGRESQL
    if schema_editor.connection.vendor == "sqlite":
        statements = [
            statement
            for table, (key, columns) in SOURCES.items()
            for statement in create_sqlite_index(table, key, columns)
        ]
    for statement in statements:
        schema_editor.execute(statement, params=None)


def drop_indexes(apps, schema_editor):
    statements = DROP_POSTGRESQL
    if schema_editor.connection.vendor == "sqlite":
        statements = [statement for table in SOURCES for statement in drop_sqlite_index(table)]
    for statement in statements:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("oversight", "0003_client_notes"),
        ("remote_sessions", "0015_more_states"),
        ("audit", "0025_empty_log"),
    ]
    operations = [migrations.RunPython(create_indexes, drop_indexes)]
