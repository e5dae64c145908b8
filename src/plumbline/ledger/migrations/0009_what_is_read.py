"""A connection may exclude findings, choose asset lists and show a client certificate."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0008_published_counts'),
    ]

    operations = [
        migrations.AddField(
            model_name='connectionrow',
            name='exclude_repositories',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='exclude_families',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='exclude_plugin_types',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='exclude_addresses',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='list_filters',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='list_fields',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connectionrow',
            name='client_certificate',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='sealedrow',
            name='client_key',
            field=models.BinaryField(default=b''),
        ),
    ]
