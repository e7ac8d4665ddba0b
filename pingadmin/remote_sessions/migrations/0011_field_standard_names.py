"""Names for code alone: every column and index stays as it is, so the release before runs on this database too."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('remote_sessions', '0010_words'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
        migrations.RemoveIndex(
            model_name='remotesession',
            name='session_seen_last',
        ),
        migrations.RemoveIndex(
            model_name='remotesession',
            name='session_said_paused',
        ),
        migrations.RemoveIndex(
            model_name='remotesession',
            name='session_in_state',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='who',
            field=models.CharField(blank=True, db_column='who', max_length=200),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='who',
            new_name='client_name',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='state_is_known',
            field=models.BooleanField(db_column='state_is_known', default=True),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='state_is_known',
            new_name='is_known_state',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='seen_at',
            field=models.DateTimeField(db_column='seen_at', null=True),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='seen_at',
            new_name='last_seen_at',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='paused_said',
            field=models.BooleanField(db_column='paused_said', null=True),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='paused_said',
            new_name='paused_reported',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='paused_said_at',
            field=models.DateTimeField(db_column='paused_said_at', null=True),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='paused_said_at',
            new_name='paused_reported_at',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='paused_said_source',
            field=models.CharField(blank=True, choices=[('look-up', 'look-up'), ('stream', 'event stream'), ('poll', 'poll'), ('list', 'list'), ('resume', 'answer to a resume'), ('pause', 'answer to a pause'), ('reconcile', 'look after a press')], db_column='paused_said_source', max_length=16),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='paused_said_source',
            new_name='paused_reported_source',
        ),
        migrations.AlterField(
            model_name='remotesession',
            name='stream_place',
            field=models.BigIntegerField(db_column='stream_place', null=True),
        ),
        migrations.RenameField(
            model_name='remotesession',
            old_name='stream_place',
            new_name='stream_sequence',
        ),
        migrations.AddIndex(
            model_name='remotesession',
            index=models.Index(condition=models.Q(('last_seen_at__isnull', False)), fields=['-last_seen_at', 'id'], name='session_seen_last'),
        ),
        migrations.AddIndex(
            model_name='remotesession',
            index=models.Index(fields=['alias', 'state', 'last_seen_at'], name='session_in_state'),
        ),
        migrations.AddIndex(
            model_name='remotesession',
            index=models.Index(condition=models.Q(('paused_reported', True)), fields=['paused_reported_at'], name='session_said_paused'),
        ),
        ]),
    ]
