"""What a run is at while it works."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_error_codes'),
    ]

    operations = [
        migrations.AddField(
            model_name='runrow',
            name='progress',
            field=models.JSONField(default=dict),
        ),
    ]
