"""Notes on clients, and triggers that refuse what the model's guards cannot see.

On SQLite the insert guard looks for the row by itself, so that INSERT OR REPLACE is refused even on a connection
that has not turned recursive_triggers on. A later migration that rebuilds this table on SQLite drops its triggers
and has to raise them again.
"""

from django.db import migrations, models

REFUSAL = "oversight_clientnote is append-only"

SQLITE = [
    (
        f"""
        CREATE TRIGGER client_note_no_{verb.lower()} BEFORE {verb} ON oversight_clientnote
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}: {verb} refused'); END
        """,
        f"DROP TRIGGER client_note_no_{verb.lower()}",
    )
    for verb in ("UPDATE", "DELETE")
] + [
    (
        f"""
        CREATE TRIGGER client_note_only_append BEFORE INSERT ON oversight_clientnote
        WHEN EXISTS (SELECT 1 FROM oversight_clientnote WHERE id = NEW.id)
          OR EXISTS (SELECT 1 FROM oversight_clientnote WHERE token = NEW.token)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}: this row is there already'); END
        """,
        "DROP TRIGGER client_note_only_append",
    )
]

POSTGRESQL = [
    (
        f"""
        CREATE FUNCTION client_note_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '{REFUSAL}: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
        END $$
        """,
        "DROP FUNCTION client_note_refuse()",
    ),
    (
        """
        CREATE TRIGGER client_note_no_change
        BEFORE UPDATE OR DELETE OR TRUNCATE ON oversight_clientnote
        FOR EACH STATEMENT EXECUTE FUNCTION client_note_refuse()
        """,
        "DROP TRIGGER client_note_no_change ON oversight_clientnote",
    ),
]

GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def raise_guards(apps, schema_editor):
    for create, _ in GUARDS[schema_editor.connection.vendor]:
        schema_editor.execute(create, params=None)


def lower_guards(apps, schema_editor):
    for _, drop in reversed(GUARDS[schema_editor.connection.vendor]):
        schema_editor.execute(drop, params=None)


class Migration(migrations.Migration):
    dependencies = [("oversight", "0002_team")]
    operations = [
        migrations.CreateModel(
            name="ClientNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("alias", models.CharField(max_length=32)),
                ("client_name", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("by_id", models.CharField(max_length=64)),
                ("by_name", models.CharField(max_length=150)),
                ("text", models.CharField(max_length=2000)),
                ("token", models.UUIDField(null=True, unique=True)),
            ],
            options={
                "default_permissions": (),
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["alias", "client_name", "-id"], name="note_of_client")
                ],
            },
        ),
        migrations.RunPython(raise_guards, lower_guards),
    ]
