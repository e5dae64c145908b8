"""Snapshots that are no longer kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_schedules_and_kinds"),
    ]

    operations = [
        migrations.AddField(
            model_name="snapshotrow",
            name="forgotten",
            field=models.DateTimeField(null=True),
        ),
    ]
