"""Remembers which sinks a checkpoint is still to be sent to; the release before runs on this too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0022_standard_names")]

    operations = [
        migrations.AddField(
            "keptcheckpoint",
            "unsent_sinks",
            models.JSONField(
                db_default=models.Value([], output_field=models.JSONField()), default=list
            ),
        ),
        migrations.AddField(
            "keptcheckpoint",
            "tries",
            models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField("keptcheckpoint", "next_try_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "keptcheckpoint",
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="keptcheckpoint_due",
            ),
        ),
    ]
