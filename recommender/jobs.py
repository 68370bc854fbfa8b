import secrets
from datetime import timedelta

import numpy as np
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from oo.lib.jobs import awake

BATCH = 200
LEARN_SECONDS = 0.5  # reactions come in flocks; one fold answers them all


@shared_task
def settle_rewards() -> None:
    from recommender.react import settle

    while settle(now=timezone.now(), limit=BATCH) == BATCH:
        pass


@shared_task
def learn_user(user_id: int) -> None:
    from recommender.learn import learn

    awake(learn_user, user_id)
    learn(user_id, now=timezone.now())


@shared_task
def learn_sweep() -> None:
    """Settles and learns whatever a lost wake-up left behind."""
    from recommender.learn import teach, users_to_teach

    settle_rewards()
    last = 0
    while users := users_to_teach(limit=BATCH, after=last):
        teach(users, now=timezone.now())
        last = users[-1]
    catch_up_states()


@shared_task
def catch_up_states() -> None:
    """Other policies serve than did: whoever they know less of than was said is taught to them."""
    from recommender.catch_up import catch_up

    catch_up(now=timezone.now())


@shared_task
def prune_decisions() -> None:
    """Empties decisions that nobody answered, past their retention."""
    from recommender.react import prune_unanswered

    keep = timedelta(days=settings.EVENT_RETENTION_DAYS)
    prune_unanswered(now=timezone.now(), older_than=keep)


@shared_task
def learn_balances() -> None:
    """What people's answers say of how they want kinds shared out."""
    from recommender.balance import learn_balances as learn_from_answers

    learn_from_answers(now=timezone.now())


@shared_task
def expire_tips() -> None:
    from recommender.react import expire

    expire(now=timezone.now())


# ------------------------------------------------------------------------------------------------
# Changing policies safely: docs/changing-policies.md


@shared_task
def estimate_priors() -> None:
    """What the noise is made of is nobody's to repeat."""
    from recommender.priors import estimate_all

    chance = np.random.default_rng(secrets.randbits(256))
    estimate_all(now=timezone.now(), rng=chance)


@shared_task
def sweep_shadows() -> None:
    from recommender.shadow import sweep

    sweep(now=timezone.now())


@shared_task
def evaluate_policies() -> None:
    from recommender.evaluate import evaluate_all
    from recommender.experiments import look_at_running
    from recommender.signs_of_life import give_up

    give_up(now=timezone.now())
    evaluate_all(now=timezone.now())
    look_at_running(now=timezone.now())


@shared_task
def guard_promotion() -> None:
    from recommender.promote import watch

    watch(now=timezone.now())


@shared_task
def adapt_experiment() -> None:
    from recommender.experiments import adapt

    adapt(now=timezone.now())


@shared_task
def look_for_drift() -> None:
    from recommender.drift import look

    look(now=timezone.now())


@shared_task
def look_for_turn() -> None:
    from recommender.turn import look

    look(now=timezone.now())


@shared_task
def send_runs() -> None:
    from recommender.runs import send

    send(now=timezone.now())
