"""kill -9: a worker that dies at any moment loses no reaction and applies none twice."""

import random
import time
import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from oo.events.models import Record
from recommender.learn import rebuild
from recommender.models import Feedback, PolicyState, Reward
from recommender.react import react
from recommender.serving import serve_tip
from tests.flows.waiting import eventually
from tests.people import Item, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_a_worker_killed_again_and_again_loses_no_reaction_and_applies_none_twice(worker, settings):
    settings.SILENCE_AFTER = 1000  # each is to be told something, each time
    now = timezone.now()
    people = [
        person(f"p{n}@example.com", *[Item(f"Thing {i}") for i in range(20)], now=now)
        for n in range(4)
    ]
    chance = random.Random(5)
    for round_ in range(12):
        for someone in people:
            then = now + timedelta(seconds=round_)
            tip = serve_tip(someone.user, now=then, rng=np.random.default_rng(round_))
            assert tip
            reaction = chance.choice(["done", "snooze", "dismiss"])
            react(someone.user, uuid.UUID(tip.id), reaction, dwell_ms=None, now=then)
        if round_ % 3 == 0:
            time.sleep(chance.uniform(0.05, 0.6))
            worker.kill()
            worker.restart()
    # What a beat would send every half minute; leases of the killed end by themselves.
    from oo.events.jobs import deliver_due
    from recommender.jobs import learn_sweep

    def all_learned() -> bool:
        Record.objects.filter(delivered_at=None).update(claimed_until=None)
        deliver_due.delay()
        learn_sweep.delay()
        time.sleep(1)
        waits = Reward.objects.filter(folded_at=None).exists()
        return not waits and not Feedback.objects.filter(reward=None).exists()

    eventually(all_learned, seconds=120, what="every reaction learned")
    assert Feedback.objects.count() == 48
    assert Record.objects.filter(subject="signals.tip.feedback").count() == 48
    assert Record.objects.filter(subject="feedback.reward.settled").count() == 48
    for someone in people:
        state = PolicyState.objects.get(user=someone.user)
        assert state.count == 12
        assert rebuild(someone.user.pk, now=now) == bytes(state.state)
