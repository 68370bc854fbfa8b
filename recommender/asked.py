"""Somebody looks: what page and API do alike before each says it in its own way."""

from datetime import datetime

import numpy as np

from accounts.models import User
from agents.jobs import refresh_user
from integrations.freshness import freshen
from oo.lib.jobs import wake_soon
from recommender.moment import Standing, standing
from recommender.serving import look
from recommender.tips import Look


def asked(user: User, *, now: datetime, rng: np.random.Generator) -> tuple[Look, Standing]:
    """What this user is shown, and why there is no tip where there is none.

    Workers are woken for what is stale, and for a pool that has run out; nobody waits for them.
    """
    freshen(user.pk)
    seen = look(user, now=now, rng=rng)
    stands = standing(
        user,
        seen.connections,
        has_tip=seen.tip is not None,
        silent=seen.silence is not None or seen.quiet_until is not None,
        reading=seen.reading,
        now=now,
    )
    if seen.unstocked:
        wake_soon(refresh_user, user.pk, seconds=0)
    return seen, stands
