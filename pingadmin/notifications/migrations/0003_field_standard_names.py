"""Names for code alone: every column and index stays as it is, so the release before runs on this database too."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0002_read_up_to'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.AlterField(
            model_name='notification',
            name='word',
            field=models.CharField(blank=True, db_column='word', max_length=16),
        ),
        migrations.RenameField(
            model_name='notification',
            old_name='word',
            new_name='failure',
        ),
        ]),
    ]
