"""Keeps the same history in fewer bytes: a new table beside the old one, every row carried over with its number."""

import datetime

import django.db.models.deletion
from django.core.management.color import no_style
from django.db import migrations, models

import pingadmin.remote_sessions.fields

CHUNK = 2000
KEPT = (
    "id first_at last_at uploaded_bytes downloaded_bytes duration_seconds session_id times paused source state failure"
).split()

SOURCES = [
    ("look-up", "look-up"),
    ("stream", "event stream"),
    ("poll", "poll"),
    ("list", "list"),
    ("resume", "answer to a resume"),
    ("pause", "answer to a pause"),
    ("reconcile", "look after a press"),
]
# The letters as they were when this migration was written: today's lists may have grown.
SOURCE_CODES = {
    "look-up": "l",
    "stream": "s",
    "poll": "p",
    "list": "i",
    "resume": "r",
    "pause": "u",
    "reconcile": "c",
}
STATE_CODES = {
    "created": "n",
    "connected": "c",
    "disconnected": "d",
    "initializing": "i",
    "ready": "y",
    "running": "r",
    "paused": "p",
    "completed": "f",
    "error": "e",
    "terminated": "t",
}
FAILURE_CODES = {
    "bad_id": "i",
    "not_configured": "n",
    "busy": "b",
    "circuit_open": "c",
    "unreachable": "u",
    "tls": "s",
    "timed_out": "t",
    "broken_off": "o",
    "too_large": "l",
    "redirected": "d",
    "unreadable": "r",
    "unrecognised": "g",
    "wrong_session": "w",
    "refused_key": "k",
    "not_found": "f",
    "rate_limited": "m",
    "refused": "e",
    "server_error": "v",
}


def carry_over(apps, schema_editor):
    """Audit events name snapshots by their number, so each keeps its own; new ones go on after the highest."""
    database = schema_editor.connection.alias
    plain = apps.get_model("remote_sessions", "PlainSnapshot").objects.using(database)
    compact = apps.get_model("remote_sessions", "StatusSnapshot")
    rows = plain.order_by("id").values(*KEPT).iterator(chunk_size=CHUNK)
    chunk = []
    for row in rows:
        chunk.append(compact(lasted=row.pop("last_at") - row["first_at"], **row))
        if len(chunk) == CHUNK:
            compact.objects.using(database).bulk_create(chunk)
            chunk = []
    compact.objects.using(database).bulk_create(chunk)
    with schema_editor.connection.cursor() as cursor:
        for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [compact]):
            cursor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("remote_sessions", "0002_live_oversight"),
    ]

    operations = [
        migrations.RemoveIndex("StatusSnapshot", "snapshot_of_session"),
        # Not RenameModel: that would rename the content type as well, and leave it behind.
        migrations.AlterModelTable("StatusSnapshot", "remote_sessions_plainsnapshot"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="PlainSnapshot",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("first_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField()),
                        ("uploaded_bytes", models.BigIntegerField(null=True)),
                        ("downloaded_bytes", models.BigIntegerField(null=True)),
                        ("duration_seconds", models.BigIntegerField(null=True)),
                        ("session", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="remote_sessions.remotesession")),
                        ("times", models.PositiveIntegerField(db_default=1, default=1)),
                        ("paused", models.BooleanField(null=True)),
                        ("source", models.CharField(max_length=16)),
                        ("state", models.CharField(blank=True, max_length=64)),
                        ("failure", models.CharField(blank=True, max_length=16)),
                    ],
                    options={
                        "db_table": "remote_sessions_plainsnapshot",
                        "default_permissions": (),
                    },
                ),
                migrations.DeleteModel("StatusSnapshot"),
            ],
        ),
        migrations.CreateModel(
            name="StatusSnapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_at", pingadmin.remote_sessions.fields.MillisecondField()),
                ("uploaded_bytes", models.BigIntegerField(null=True)),
                ("downloaded_bytes", models.BigIntegerField(null=True)),
                ("duration_seconds", models.BigIntegerField(null=True)),
                ("lasted", pingadmin.remote_sessions.fields.MillisecondDurationField(default=datetime.timedelta, null=True)),
                ("session", pingadmin.remote_sessions.fields.NarrowForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="snapshots", to="remote_sessions.remotesession")),
                ("times", models.PositiveIntegerField(db_default=1, default=1)),
                ("paused", models.BooleanField(null=True)),
                ("source", pingadmin.remote_sessions.fields.CodedCharField(choices=SOURCES, codes=SOURCE_CODES, max_length=16)),
                ("state", pingadmin.remote_sessions.fields.CodedCharField(blank=True, codes=STATE_CODES, max_length=65)),
                ("failure", pingadmin.remote_sessions.fields.CodedCharField(blank=True, codes=FAILURE_CODES, max_length=17)),
                ("uploaded_before", pingadmin.remote_sessions.fields.ZeroAsNullField(default=0, null=True)),
                ("downloaded_before", pingadmin.remote_sessions.fields.ZeroAsNullField(default=0, null=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.RunPython(carry_over),
        migrations.DeleteModel("PlainSnapshot"),
        migrations.AddIndex("StatusSnapshot", models.Index(fields=["session", "first_at"], name="snapshot_in_time")),
    ]
