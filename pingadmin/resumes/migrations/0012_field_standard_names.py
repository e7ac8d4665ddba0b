"""Names for code alone: tables, columns and indexes stay as they are, so the release before runs on this database too."""

from django.db import migrations, models
from django.db.models import Q

OLD_MODEL, NEW_MODEL = "resumeattempt", "attempt"


def rename_content_type(apps, schema_editor):
    """Permissions hang on the content type: without this the next migrate would make them a second time."""
    _rename(apps, OLD_MODEL, NEW_MODEL)


def restore_content_type(apps, schema_editor):
    _rename(apps, NEW_MODEL, OLD_MODEL)


def _rename(apps, old, new):
    content_types = apps.get_model("contenttypes", "ContentType").objects
    if not content_types.filter(app_label="resumes", model=new).exists():
        content_types.filter(app_label="resumes", model=old).update(model=new)


def renamed(model, old, new, field):
    """The field's new name in code, over the column of its old one."""
    return [
        migrations.RenameField(model, old, new),
        migrations.AlterField(model, new, field),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("resumes", "0011_unknown_outcomes"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("resumeattempt", "attempt_due"),
                migrations.RemoveIndex("resumeattempt", "attempt_unknown"),
                migrations.RenameModel("ResumeAttempt", "Attempt"),
                migrations.AlterModelTable("attempt", "resumes_resumeattempt"),
                *renamed(
                    "attempt", "act", "action",
                    models.CharField(
                        choices=[("resume", "Resume"), ("pause", "Pause")],
                        db_column="act", db_default="resume", default="resume", max_length=8,
                    ),
                ),
                migrations.AlterField(
                    "attempt", "result",
                    models.CharField(
                        blank=True, max_length=8,
                        choices=[
                            ("ok", "Accepted"),
                            ("already", "Nothing to do"),
                            ("rejected", "Refused"),
                            ("not_sent", "Not sent"),
                            ("unknown", "Outcome unknown"),
                        ],
                    ),
                ),
                *renamed(
                    "attempt", "word", "failure",
                    models.CharField(blank=True, db_column="word", max_length=16),
                ),
                *renamed(
                    "attempt", "looks", "check_count",
                    models.PositiveSmallIntegerField(db_column="looks", default=0),
                ),
                *renamed(
                    "attempt", "next_look_at", "next_check_at",
                    models.DateTimeField(db_column="next_look_at", null=True),
                ),
                *renamed(
                    "attempt", "settled_at", "resolved_at",
                    models.DateTimeField(db_column="settled_at", null=True),
                ),
                *renamed(
                    "attempt", "settled_by", "resolved_by",
                    models.CharField(
                        blank=True, choices=[("evidence", "By Evidence"), ("person", "By Person")],
                        db_column="settled_by", max_length=8,
                    ),
                ),
                *renamed(
                    "attempt", "settled_note", "resolution_note",
                    models.CharField(blank=True, db_column="settled_note", max_length=500),
                ),
                migrations.AddIndex(
                    "attempt",
                    models.Index(
                        condition=Q(next_check_at__isnull=False),
                        fields=["next_check_at"], name="attempt_due",
                    ),
                ),
                migrations.AddIndex(
                    "attempt",
                    models.Index(
                        condition=Q(resolved_at__isnull=True, result="unknown"),
                        fields=["session"], name="attempt_unknown",
                    ),
                ),
                *renamed(
                    "bulkresume", "stop_asked_at", "stop_requested_at",
                    models.DateTimeField(db_column="stop_asked_at", null=True),
                ),
                *renamed(
                    "bulkresume", "why_ended", "end_reason",
                    models.CharField(
                        blank=True, db_column="why_ended", db_default="", max_length=200
                    ),
                ),
                *renamed(
                    "bulkitem", "why_not", "skip_reason",
                    models.CharField(blank=True, db_column="why_not", max_length=300),
                ),
                migrations.AlterModelOptions(
                    "bulkitem", {"default_permissions": (), "ordering": ["position"]}
                ),
                migrations.RemoveConstraint("bulkitem", "one_item_at_a_place"),
                *renamed(
                    "bulkitem", "place", "position",
                    models.PositiveSmallIntegerField(db_column="place"),
                ),
                migrations.AddConstraint(
                    "bulkitem",
                    models.UniqueConstraint(
                        fields=("bulk", "position"), name="one_item_at_a_place"
                    ),
                ),
            ]
        ),
        migrations.RunPython(rename_content_type, restore_content_type),
    ]
