"""What the ledgers replaced goes, and every decision has its place in a chain."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recommender', '0003_carried_over'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='feedback',
            name='one_place_in_order',
        ),
        migrations.RemoveIndex(
            model_name='feedback',
            name='feedback_unlearned',
        ),
        migrations.RemoveField(
            model_name='feedback',
            name='forgotten_at',
        ),
        migrations.RemoveField(
            model_name='feedback',
            name='learned_order',
        ),
        migrations.AlterField(
            model_name='score',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='score',
            name='position',
            field=models.PositiveBigIntegerField(),
        ),
        migrations.AddConstraint(
            model_name='score',
            constraint=models.UniqueConstraint(fields=('user', 'position'), name='one_decision_per_link'),
        ),
    ]
