"""One entry for one form, the handover that stands, and triggers that refuse what the model's guards cannot see.

On SQLite the insert guard looks for the row by itself, so that INSERT OR REPLACE is refused even on a connection
that has not turned recursive_triggers on. A later migration that rebuilds this table on SQLite drops its triggers
and has to raise them again.
"""

import django.db.models.deletion
from django.db import migrations, models

REFUSAL = "oversight_teamentry is append-only"

SQLITE = [
    (
        f"""
        CREATE TRIGGER team_no_{verb.lower()} BEFORE {verb} ON oversight_teamentry
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}: {verb} refused'); END
        """,
        f"DROP TRIGGER team_no_{verb.lower()}",
    )
    for verb in ("UPDATE", "DELETE")
] + [
    (
        f"""
        CREATE TRIGGER team_only_append BEFORE INSERT ON oversight_teamentry
        WHEN EXISTS (SELECT 1 FROM oversight_teamentry WHERE id = NEW.id)
          OR EXISTS (SELECT 1 FROM oversight_teamentry WHERE token = NEW.token)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}: this row is there already'); END
        """,
        "DROP TRIGGER team_only_append",
    )
]

POSTGRESQL = [
    (
        f"""
        CREATE FUNCTION team_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '{REFUSAL}: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
        END $$
        """,
        "DROP FUNCTION team_refuse()",
    ),
    (
        """
        CREATE TRIGGER team_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON oversight_teamentry
        FOR EACH STATEMENT EXECUTE FUNCTION team_refuse()
        """,
        "DROP TRIGGER team_no_change ON oversight_teamentry",
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
    dependencies = [("oversight", "0001_live_oversight")]
    operations = [
        migrations.AddField(
            model_name="teamentry",
            name="token",
            field=models.UUIDField(null=True, unique=True),
        ),
        migrations.AddField(
            model_name="teamstate",
            name="handover",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="oversight.teamentry",
            ),
        ),
        migrations.AlterModelOptions(
            name="teamentry",
            options={"base_manager_name": "objects", "default_permissions": ()},
        ),
        migrations.RunPython(raise_guards, lower_guards),
    ]
