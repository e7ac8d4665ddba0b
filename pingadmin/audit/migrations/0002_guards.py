"""Triggers that refuse what the model's guards cannot see: raw SQL, other programs, a mistaken flush.

The insert guard looks at the tail by itself, so that SQLite's INSERT OR REPLACE is refused even on a
connection that has not turned recursive_triggers on. Whoever owns the table can drop a trigger; only
checkpoints that are kept elsewhere answer that.
"""

from django.db import migrations

REFUSAL = "audit_auditevent is append-only"

SQLITE = [
    (
        f"""
        CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit_auditevent
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}: {verb} refused'); END
        """,
        f"DROP TRIGGER audit_no_{verb.lower()}",
    )
    for verb in ("UPDATE", "DELETE")
] + [
    (
        f"""
        CREATE TRIGGER audit_only_append BEFORE INSERT ON audit_auditevent
        WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_auditevent)
          OR NEW.prev_hash IS NOT COALESCE(
               (SELECT row_hash FROM audit_auditevent ORDER BY seq DESC LIMIT 1), '{"0" * 64}')
          OR EXISTS (SELECT 1 FROM audit_auditevent WHERE event_id = NEW.event_id)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}: this row does not follow its last one'); END
        """,
        "DROP TRIGGER audit_only_append",
    )
]

POSTGRESQL = [
    (
        f"""
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '{REFUSAL}: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
        END $$
        """,
        "DROP FUNCTION audit_refuse()",
    ),
    (
        """
        CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
        """,
        "DROP TRIGGER audit_no_change ON audit_auditevent",
    ),
    (
        f"""
        CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE tail record;
        BEGIN
          SELECT seq, row_hash INTO tail FROM audit_auditevent ORDER BY seq DESC LIMIT 1;
          IF NEW.seq IS DISTINCT FROM COALESCE(tail.seq, 0) + 1
             OR NEW.prev_hash IS DISTINCT FROM COALESCE(tail.row_hash, '{"0" * 64}') THEN
            RAISE EXCEPTION '{REFUSAL}: this row does not follow its last one'
              USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN NEW;
        END $$
        """,
        "DROP FUNCTION audit_follow()",
    ),
    (
        """
        CREATE TRIGGER audit_only_append BEFORE INSERT ON audit_auditevent
        FOR EACH ROW EXECUTE FUNCTION audit_follow()
        """,
        "DROP TRIGGER audit_only_append ON audit_auditevent",
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
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(raise_guards, lower_guards)]
