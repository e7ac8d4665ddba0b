"""Renames for code alone: tables and columns stay, so the release before runs on it too."""

from django.db import migrations, models

RENAMED = {"beat": "heartbeat", "feed": "feedstatus"}


def rename_content_types(apps, schema_editor):
    content_types = apps.get_model("contenttypes", "ContentType").objects
    for old, new in RENAMED.items():
        if not content_types.filter(app_label="collector", model=new).exists():
            content_types.filter(app_label="collector", model=old).update(model=new)


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("collector", "0003_field_standard_names"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Beat", "Heartbeat"),
                migrations.AlterModelTable("heartbeat", "collector_beat"),
                migrations.RenameModel("Feed", "FeedStatus"),
                migrations.AlterModelTable("feedstatus", "collector_feed"),
                migrations.RenameField("pruning", "place", "last_session"),
                migrations.AlterField(
                    "pruning", "last_session", models.BigIntegerField(db_column="place", default=0)
                ),
                migrations.RenameField("pruning", "place_at", "done_until"),
                migrations.AlterField(
                    "pruning", "done_until", models.DateTimeField(db_column="place_at", null=True)
                ),
            ]
        ),
        migrations.RunPython(rename_content_types, migrations.RunPython.noop),
    ]
