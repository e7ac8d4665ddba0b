from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("remote_sessions", "0013_more_failures")]
    operations = [
        migrations.AddIndex(
            model_name="remotesession",
            index=models.Index(fields=["alias", "client_name"], name="session_of_client"),
        ),
    ]
