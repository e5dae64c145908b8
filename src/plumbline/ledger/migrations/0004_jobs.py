"""Jobs, the workers that work them off, and who stopped a run."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_forgotten_snapshots'),
    ]

    operations = [
        migrations.CreateModel(
            name='WorkerRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, unique=True)),
                ('started', models.DateTimeField()),
                ('heartbeat', models.DateTimeField()),
                ('host', models.CharField(max_length=255)),
                ('pid', models.PositiveIntegerField()),
                ('process', models.CharField(blank=True, max_length=128)),
            ],
        ),
        migrations.AddField(
            model_name='runrow',
            name='stopped_by',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.CreateModel(
            name='JobRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64)),
                ('state', models.CharField(max_length=16)),
                ('full', models.BooleanField(default=False)),
                ('by', models.CharField(max_length=200)),
                ('asked', models.DateTimeField()),
                ('due', models.DateTimeField()),
                ('began', models.DateTimeField(null=True)),
                ('ended', models.DateTimeField(null=True)),
                ('turn', models.PositiveIntegerField(default=0)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('incompletes', models.PositiveIntegerField(default=0)),
                ('settled_run', models.BigIntegerField(default=0)),
                ('note', models.TextField(blank=True)),
                ('error', models.TextField(blank=True)),
                ('advice', models.TextField(blank=True)),
                ('stop', models.BooleanField(default=False)),
                ('stopped_by', models.CharField(blank=True, max_length=200)),
                ('connection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='jobs', to='ledger.connectionrow')),
                ('worker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='jobs', to='ledger.workerrow')),
            ],
        ),
        migrations.AddField(
            model_name='runrow',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='ledger.jobrow'),
        ),
        migrations.AddIndex(
            model_name='jobrow',
            index=models.Index(fields=['state', 'due'], name='ledger_jobr_state_3e5178_idx'),
        ),
        migrations.AddConstraint(
            model_name='jobrow',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'waiting', 'running'])), fields=('connection',), name='one_open_job'),
        ),
    ]
