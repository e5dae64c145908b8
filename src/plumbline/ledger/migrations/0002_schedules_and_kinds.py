"""Kinds of connections, schedules, and what a run is told and tells besides its counts."""



import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0001_first'),
    ]

    operations = [
        migrations.AddField(
            model_name='connectionrow',
            name='kind',
            field=models.CharField(default='console', max_length=16),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='requests_per_hour',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='retired',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='runrow',
            name='by',
            field=models.CharField(default='command', max_length=32),
        ),
        migrations.AddField(
            model_name='runrow',
            name='rows',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='runrow',
            name='sight',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='runrow',
            name='stop',
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name='ScheduleRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.TextField()),
                ('blackout', models.JSONField(default=list)),
                ('jitter_minutes', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('changed', models.DateTimeField(auto_now=True)),
                ('connection', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='schedule', to='ledger.connectionrow')),
            ],
        ),
    ]
