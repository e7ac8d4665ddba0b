from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("resumes", "0002_live_oversight"),
    ]

    operations = [
        migrations.AddField(
            model_name="bulkresume",
            name="why_ended",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        # An item's attempt is found by their common token, which also holds when the process was killed in between.
        migrations.RemoveField(model_name="bulkitem", name="attempt"),
    ]
