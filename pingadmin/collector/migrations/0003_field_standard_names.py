"""Names for code alone: every column and index stays as it is, so the release before runs on this
database too.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("collector", "0002_pruning"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="feed",
                    name="heard_at",
                    field=models.DateTimeField(db_column="heard_at", null=True),
                ),
                migrations.RenameField(
                    model_name="feed",
                    old_name="heard_at",
                    new_name="received_at",
                ),
            ]
        ),
    ]
