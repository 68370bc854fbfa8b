"""The two ledgers: decisions in a chain, and what was learned from them. Filled by 0003."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('recommender', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reward',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveBigIntegerField()),
                ('reward', models.FloatField(null=True)),
                ('why', models.CharField(choices=[('settled', 'Settled'), ('late', 'Late'), ('undone', 'Undone'), ('reset', 'Reset')], max_length=8)),
                ('at', models.DateTimeField()),
                ('folded_at', models.DateTimeField(null=True)),
                ('decision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rewards', to='recommender.decision')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rewards', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'tip_rewards',
            },
        ),
        migrations.AddIndex(
            model_name='reward',
            index=models.Index(condition=models.Q(('folded_at__isnull', True)), fields=['user'], name='rewards_to_fold'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.UniqueConstraint(fields=('user', 'position'), name='one_reward_per_position'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('reward__isnull', True), models.Q(('reward__gte', -1), ('reward__lte', 1)), _connector='OR'), name='learned_reward_in_range'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision__isnull', True), ('reward__isnull', True), ('why', 'reset')), models.Q(('decision__isnull', False), ('reward__isnull', True), ('why', 'undone')), models.Q(('decision__isnull', False), ('reward__isnull', False), ('why__in', ['settled', 'late'])), _connector='OR'), name='reward_says_what_it_is'),
        ),
        migrations.AlterField(
            model_name='decision',
            name='status',
            field=models.CharField(choices=[('open', 'Open'), ('answered', 'Answered'), ('expired', 'Expired'), ('kept', 'Kept'), ('untrue', 'Untrue')], default='open', max_length=8),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(condition=models.Q(('kind', 'silence'), ('status', 'expired')), fields=['created_at'], name='silences_unsettled'),
        ),
        migrations.AlterField(
            model_name='feedback',
            name='reaction',
            field=models.CharField(choices=[('done', 'Done'), ('snooze', 'Snooze'), ('dismiss', 'Dismiss'), ('show', 'Show')], max_length=8),
        ),
        migrations.AddIndex(
            model_name='feedback',
            index=models.Index(fields=['user', '-created_at'], name='feedback_of_user'),
        ),
        migrations.AddField(
            model_name='score',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='scores', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='score',
            name='position',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='score',
            name='digest',
            field=models.CharField(default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='score',
            name='hash',
            field=models.CharField(default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='score',
            name='written',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='score',
            name='through',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='score',
            name='experiment',
            field=models.CharField(blank=True, default='', max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='score',
            name='arm',
            field=models.CharField(blank=True, default='', max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='score',
            name='pruned_at',
            field=models.DateTimeField(null=True),
        ),
    ]
