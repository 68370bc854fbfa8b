"""Days pass: what came due is mostly done by its person, and a few new tasks arrive.

Nothing runs in the background. Whoever looks at a persona first lives through the days since the
last look; each day is drawn from its own seed, so looking twice, or later, changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from ..store import Store
from ..todoist import due as dues
from ..todoist import tasks
from ..todoist.account import Account
from . import outline
from .seeding import DILIGENCE, arguments, drawn_id, local_moment, plant, waking_hour

# Nobody needs to watch a list that was left alone for a year day by day.
LONGEST_ABSENCE = timedelta(days=60)
PATIENCE = timedelta(days=2)
NEW_TASKS_A_DAY = (0, 1, 1, 2, 2, 3)


def catch_up(account: Account, store: Store) -> None:
    """Bring the list to today: plant it, or live through the days since the last look."""
    today = account.today
    fact = f"lived_until:{account.persona.id}"
    lived = store.remembered(fact)
    if lived is None:
        rng = Random(f"{account.persona.id}:{today}")
        plant(account, outline.read(account.persona.id), rng)
    else:
        day = max(date.fromisoformat(lived), today - LONGEST_ABSENCE)
        if day >= today:
            return
        while day < today:
            rng = Random(f"{account.persona.id}:{day}:after")
            _evening(account, day, rng)
            day += timedelta(days=1)
            _morning(account, day, rng)
    store.remember(fact, today.isoformat())
    # Life is not news: webhooks tell of what somebody does while the sandbox is watched.
    account.changes.clear()


def _evening(account: Account, day: date, rng: Random) -> None:
    """Most of what repeats and was due by ``day`` gets done on that day.

    Of single tasks only those that life itself brought are done by it, once they lie about: what
    was there from the first day waits for whoever signs in.
    """
    brought = {entry.title for entry in outline.read(account.persona.id).arriving}
    for task in account.live("items"):
        if task["due"] is None:
            continue
        late = day - dues.local_day(task["due"], account.zone)
        repeats = task["due"]["is_recurring"] and late >= timedelta(0)
        lies_about = task["content"] in brought and late > PATIENCE
        if (repeats or lies_about) and rng.random() < DILIGENCE:
            done = local_moment(account, day, waking_hour(rng))
            tasks.close(account.at(_not_later(done, account.now)), task["id"])


def _morning(account: Account, day: date, rng: Random) -> None:
    """Some new tasks from the outline, none that is already open."""
    open_titles = {task["content"] for task in account.live("items")}
    arriving = outline.read(account.persona.id).arriving
    fresh = [entry for entry in arriving if entry.title not in open_titles]
    wanted = min(rng.choice(NEW_TASKS_A_DAY), len(fresh))
    for entry in rng.sample(fresh, wanted):
        noted = local_moment(account, day, time(6, rng.randrange(60)))
        args = arguments(account, entry, day)
        tasks.add(account.at(_not_later(noted, account.now)), args, id=drawn_id(rng))


def _not_later(moment: datetime, now: datetime) -> datetime:
    return min(moment, now)
