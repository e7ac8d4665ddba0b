"""Names for code and words for people alone: every column stays, so the release before runs too."""

import datetime
import pingadmin.remote_sessions.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('remote_sessions', '0011_field_standard_names'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.AlterField(
            model_name='remotesession',
            name='downloaded_before',
            field=models.BigIntegerField(db_column='downloaded_before', db_default=0, default=0),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='downloaded_before',
            new_name='downloaded_before_reset',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='uploaded_before',
            field=models.BigIntegerField(db_column='uploaded_before', db_default=0, default=0),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='uploaded_before',
            new_name='uploaded_before_reset',
        ),
        migrations.AlterField(
            model_name='statussnapshot',
            name='downloaded_before',
            field=pingadmin.remote_sessions.fields.ZeroAsNullField(db_column='downloaded_before', default=0, null=True),
        ),
        migrations.RenameField(
            model_name='statussnapshot',
            old_name='downloaded_before',
            new_name='downloaded_before_reset',
        ),
        migrations.AlterField(
            model_name='statussnapshot',
            name='lasted',
            field=pingadmin.remote_sessions.fields.MillisecondDurationField(db_column='lasted', default=datetime.timedelta, null=True),
        ),
        migrations.RenameField(
            model_name='statussnapshot',
            old_name='lasted',
            new_name='length',
        ),
        migrations.AlterField(
            model_name='statussnapshot',
            name='times',
            field=models.PositiveIntegerField(db_column='times', db_default=1, default=1),
        ),
        migrations.RenameField(
            model_name='statussnapshot',
            old_name='times',
            new_name='observation_count',
        ),
        migrations.AlterField(
            model_name='statussnapshot',
            name='uploaded_before',
            field=pingadmin.remote_sessions.fields.ZeroAsNullField(db_column='uploaded_before', default=0, null=True),
        ),
        migrations.RenameField(
            model_name='statussnapshot',
            old_name='uploaded_before',
            new_name='uploaded_before_reset',
        ),
        migrations.AlterField(
            model_name='watchspan',
            name='why_ended',
            field=models.CharField(blank=True, db_column='why_ended', max_length=200),
        ),
        migrations.RenameField(
            model_name='watchspan',
            old_name='why_ended',
            new_name='end_reason',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='paused_reported_source',
            field=models.CharField(blank=True, choices=[('look-up', 'look-up'), ('stream', 'event stream'), ('poll', 'poll'), ('list', 'list'), ('resume', 'answer to a resume'), ('pause', 'answer to a pause'), ('reconcile', 'check after a resume or pause')], db_column='paused_said_source', max_length=16),
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='source',
            field=models.CharField(blank=True, choices=[('look-up', 'look-up'), ('stream', 'event stream'), ('poll', 'poll'), ('list', 'list'), ('resume', 'answer to a resume'), ('pause', 'answer to a pause'), ('reconcile', 'check after a resume or pause')], max_length=16),
        ),
        migrations.AlterField(
            model_name='statussnapshot',
            name='source',
            field=pingadmin.remote_sessions.fields.CodedCharField(choices=[('look-up', 'look-up'), ('stream', 'event stream'), ('poll', 'poll'), ('list', 'list'), ('resume', 'answer to a resume'), ('pause', 'answer to a pause'), ('reconcile', 'check after a resume or pause')], codes={'list': 'i', 'look-up': 'l', 'pause': 'u', 'poll': 'p', 'reconcile': 'c', 'resume': 'r', 'stream': 's'}, max_length=16),
        ),
        ]),
    ]
