from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_guards'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('phase', 'mark')), fields=['story', 'seq'], name='audit_marks'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('batch', ''), _negated=True), fields=['seq'], name='audit_bulk'),
        ),
    ]
