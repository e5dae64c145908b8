"""Deadlines that somebody set."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_progress'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeadlineRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('who', models.CharField(max_length=200)),
                ('critical', models.PositiveIntegerField(null=True)),
                ('high', models.PositiveIntegerField(null=True)),
                ('medium', models.PositiveIntegerField(null=True)),
                ('low', models.PositiveIntegerField(null=True)),
            ],
        ),
    ]
