"""Names and closed lists for code alone: tables and columns stay, so the release before runs on this database too."""

from django.db import migrations, models


def renamed(model, old, new, field):
    """The field's new name in code, over the column of its old one."""
    return [migrations.RenameField(model, old, new), migrations.AlterField(model, new, field)]


class Migration(migrations.Migration):
    dependencies = [("audit", "0021_integrity")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "auditevent",
                    "phase",
                    models.CharField(
                        choices=[
                            ("intent", "Intent"),
                            ("event", "Event"),
                            ("outcome", "Outcome"),
                            ("evidence", "Evidence"),
                            ("closure", "Closure"),
                            ("mark", "Mark"),
                        ],
                        max_length=12,
                    ),
                ),
                migrations.AlterField(
                    "auditevent",
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("ok", "Ok"),
                            ("already", "Already"),
                            ("rejected", "Rejected"),
                            ("not_sent", "Not Sent"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=12,
                    ),
                ),
                migrations.AlterField(
                    "auditevent",
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("system", "System"),
                            ("visitor", "Visitor"),
                        ],
                        max_length=8,
                    ),
                ),
                migrations.AlterField(
                    "verificationrun",
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("", "running"), ("whole", "whole"), ("broken", "not whole")],
                        default="",
                        max_length=12,
                    ),
                ),
                *renamed(
                    "verificationrun", "head", "last_hash",
                    models.CharField(db_column="head", max_length=64),
                ),
                *renamed(
                    "verificationrun", "before", "previous_hash",
                    models.CharField(blank=True, db_column="before", max_length=64),
                ),
            ]
        )
    ]
