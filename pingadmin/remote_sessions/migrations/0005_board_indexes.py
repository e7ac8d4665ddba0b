"""The board finds trouble among all sessions by index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("remote_sessions", "0004_doubt_by_stream")]
    operations = [
        migrations.AddIndex(
            model_name="remotesession",
            index=models.Index(
                condition=models.Q(("paused_said", True)), fields=["paused_said_at"], name="session_said_paused"
            ),
        ),
        migrations.AddIndex(
            model_name="remotesession",
            index=models.Index(
                condition=models.Q(("failed_at__isnull", False)), fields=["failed_at"], name="session_failing"
            ),
        ),
    ]
