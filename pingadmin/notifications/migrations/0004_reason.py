"""A name for code alone: the column stays, so the release before runs on this database too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_field_standard_names")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("notification", "what", "reason"),
                migrations.AlterField(
                    "notification",
                    "reason",
                    models.CharField(
                        choices=[("unknown", "unknown outcome"), ("flagged", "flagged review")],
                        db_column="what",
                        max_length=16,
                    ),
                ),
            ]
        ),
    ]
