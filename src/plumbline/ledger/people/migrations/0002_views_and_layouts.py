"""Views that people save, and how their lists look."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0001_first'),
    ]

    operations = [
        migrations.CreateModel(
            name='ViewRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=64, unique=True)),
                ('kind', models.CharField(max_length=32)),
                ('name', models.CharField(max_length=64)),
                ('query', models.TextField(blank=True)),
                ('order', models.JSONField(default=list)),
                ('columns', models.JSONField(default=list)),
                ('shared', models.BooleanField(default=False)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('changed', models.DateTimeField(auto_now=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'kind', 'name'), name='view_names')],
            },
        ),
        migrations.CreateModel(
            name='LayoutRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=32)),
                ('columns', models.JSONField(default=list)),
                ('order', models.JSONField(default=list)),
                ('dense', models.BooleanField(default=False)),
                ('begins', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='beginners', to='people.viewrow')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='layouts', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'kind'), name='one_layout')],
            },
        ),
    ]
