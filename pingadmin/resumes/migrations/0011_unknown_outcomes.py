"""The board finds outcomes that nobody knows by index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("resumes", "0010_bulk_ends")]
    operations = [
        migrations.AddIndex(
            model_name="resumeattempt",
            index=models.Index(
                condition=models.Q(("result", "unknown"), ("settled_at__isnull", True)),
                fields=["session"],
                name="attempt_unknown",
            ),
        ),
    ]
