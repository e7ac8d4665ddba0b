from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("remote_sessions", "0003_compact_snapshots"),
    ]

    operations = [
        migrations.AddField(
            model_name="remotesession",
            name="paused_doubted_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
    ]
