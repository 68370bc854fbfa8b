"""People who are served and answer, again and again, without a worker."""

import uuid
from datetime import datetime, timedelta

import numpy as np

from recommender.learn import learn
from recommender.react import react, settle
from recommender.serving import Look, Tip, look
from tests.people import NOW, Item, Person

REACTIONS = ("done", "dismiss", "snooze", "done", "done", "dismiss", "done", "snooze")


def things(count: int = 30) -> list[Item]:
    return [
        Item(f"Thing {n}", priority=n % 4 + 1, age_days=n, due_on=NOW.date() if n % 3 else None)
        for n in range(count)
    ]


def seen(someone: Person, *, now: datetime = NOW, seed: int = 1) -> Look:
    return look(someone.user, now=now, rng=np.random.default_rng(seed))


def tip_of(someone: Person, *, now: datetime = NOW, seed: int = 1) -> Tip:
    tip = seen(someone, now=now, seed=seed).tip
    assert tip is not None
    return tip


def live_on(
    someone: Person, *reactions: str, start: datetime = NOW, learns: bool = True
) -> list[uuid.UUID]:
    """Serves and answers, a minute each, and learns after every answer. Returns the decisions."""
    made = []
    for number, reaction in enumerate(reactions):
        then = start + timedelta(minutes=number)
        tip_id = uuid.UUID(tip_of(someone, now=then, seed=number).id)
        answered = then + timedelta(seconds=30)
        react(someone.user, tip_id, reaction, dwell_ms=30_000, now=answered)
        made.append(tip_id)
        if learns:
            settle(now=answered)
            learn(someone.user.pk, now=answered)
    return made
