"""Of what kind the error was that ended a run."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_jobs'),
    ]

    operations = [
        migrations.AddField(
            model_name='runrow',
            name='code',
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
