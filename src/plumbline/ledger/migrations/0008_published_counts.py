"""What was published is counted again beside what was proven; repeated rows are counted."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0007_deadlines'),
    ]

    operations = [
        migrations.AddField(
            model_name='proofrow',
            name='repeated',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='proofrow',
            name='published',
            field=models.BigIntegerField(null=True),
        ),
    ]
