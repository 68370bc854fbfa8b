"""Bringing people's states up to the ledger when who serves them has changed.

Learning folds rewards into the policies that serve at that time. One that serves again after a
roll-back, or from the start of an experiment on, knows people as they were when it last served.
"""

import hashlib
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from recommender import live
from recommender.learn import teach
from recommender.models import PolicyState, Reward

BATCH = 200
# Everyone is looked through once for each change, and once in a while for who could not be taught then.
LOOKED_AGAIN = timedelta(hours=1)
# Renewed with every batch: after it, another worker takes the one that was at it for dead.
LEASE = timedelta(minutes=2)


def catch_up(*, now: datetime) -> int:
    """Brings everyone's states of all policies that serve up to the ledger. Returns how many people
    were behind.

    One worker is at it at a time; what one that died has left is found by the next. After that nobody
    is looked through while the same policies serve, for an hour: who reacts is taught by `learn`.
    """
    live.refresh()
    done, busy = _marks()
    if cache.get(done) or not cache.add(busy, 1, timeout=LEASE.total_seconds()):
        return 0
    found = last = 0
    while users := users_behind(limit=BATCH, after=last):
        teach(users, now=now)
        found, last = found + len(users), users[-1]
        cache.set(busy, 1, timeout=LEASE.total_seconds())
    cache.set(done, 1, timeout=LOOKED_AGAIN.total_seconds())
    cache.delete(busy)
    return found


def users_behind(*, limit: int, after: int = 0) -> list[int]:
    """Of whom a policy that serves anyone lacks rewards, or has no state: ids above `after`, in order."""
    newest = Reward.objects.filter(user=OuterRef("pk")).order_by("-position").values("position")
    people = User.objects.filter(pk__gt=after).annotate(newest=Subquery(newest[:1]))
    behind = Q()
    for number, cls in enumerate(live.serving()):
        # One of another version can't be loaded: it is as good as none.
        states = PolicyState.objects.filter(
            user=OuterRef("pk"), policy=cls.id, version=cls.version
        ).values("through")
        through = f"through_{number}"
        people = people.annotate(**{through: Coalesce(Subquery(states[:1]), 0)})
        behind |= Q(newest__gt=F(through))
    return list(people.filter(behind).order_by("pk").values_list("pk", flat=True)[:limit])


def _marks() -> tuple[str, str]:
    """Name these orders, with the policies that follow from them here, which settings say too."""
    serving = " ".join(cls.label() for cls in live.serving())
    digest = hashlib.blake2s(f"{live.stamp()} {serving}".encode(), digest_size=16).hexdigest()
    return f"caught-up:{digest}", f"catching-up:{digest}"
