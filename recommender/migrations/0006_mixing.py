"""Why these were the ones to choose from, beside each decision; the older ones have nothing there."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recommender', '0005_engine'),
    ]

    operations = [
        migrations.AddField(
            model_name='score',
            name='mixed',
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
