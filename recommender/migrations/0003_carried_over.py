"""What was decided and learned before there were ledgers enters them, in the order it happened."""

from django.db import migrations
from django.db.models import F

from recommender.bandit.reward import reward
from recommender.chain import FIRST, digest_of, link


def carry_over(apps, schema_editor):
    users = apps.get_model('accounts', 'User')
    decisions = apps.get_model('recommender', 'Decision')
    feedback = apps.get_model('recommender', 'Feedback')
    scores = apps.get_model('recommender', 'Score')
    for user_id in users.objects.filter(pk__in=decisions.objects.values('user')).values_list('pk', flat=True).iterator():
        rewards = list(_rewards(feedback.objects.filter(user=user_id), apps.get_model('recommender', 'Reward')))
        for position, row in enumerate(rewards, start=1):
            row.user_id, row.position = user_id, position
        apps.get_model('recommender', 'Reward').objects.bulk_create(rewards, batch_size=500)
        # Silences were not known then, so a policy's count is how far it had come, but for a reset.
        scores.objects.filter(decision__user=user_id).update(through=F('state_count'))
        _chain(user_id, scores)
    # Made anew from the ledger by the next sweep.
    apps.get_model('recommender', 'PolicyState').objects.all().delete()


def _rewards(mine, model):
    """First what was forgotten, then the reset that forgot it, then what is known still."""
    forgotten = mine.filter(forgotten_at__isnull=False)
    last = None
    for row in forgotten.order_by(F('learned_order').asc(nulls_last=True), 'created_at', 'pk'):
        if row.reward is None:  # or it would be settled now, and learned
            row.reward = reward(row.reaction, row.dwell_ms / 1000)
            row.settled_at = row.forgotten_at
            row.save(update_fields=['reward', 'settled_at'])
        yield model(decision_id=row.pk, reward=row.reward, why='settled', at=row.settled_at)
        last = max(last, row.forgotten_at) if last else row.forgotten_at
    if last:
        yield model(why='reset', at=last)
    known = mine.filter(forgotten_at=None, reward__isnull=False)
    for row in known.order_by(F('learned_order').asc(nulls_last=True), 'settled_at', 'created_at', 'pk'):
        yield model(decision_id=row.pk, reward=row.reward, why='settled', at=row.settled_at)


def _chain(user_id, scores):
    previous, linked = FIRST, []
    rows = scores.objects.filter(decision__user=user_id).select_related('decision')
    for position, row in enumerate(rows.order_by('decision__created_at', 'pk').iterator(chunk_size=200), start=1):
        row.user_id, row.position = user_id, position
        decided = {**vars(row.decision), **vars(row)}
        row.digest = digest_of(decided)
        row.hash = previous = link(previous, row.digest)
        linked.append(row)
        if len(linked) == 500:
            scores.objects.bulk_update(linked, ['user', 'position', 'digest', 'hash'])
            linked = []
    scores.objects.bulk_update(linked, ['user', 'position', 'digest', 'hash'], batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('recommender', '0002_ledger'),
    ]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop, elidable=True),
    ]
