"""Has the population turned? Then what was learned before is set aside, for everyone.

Looked at daily: yesterday's rewards, in UTC, against what was expected of them when they were chosen,
beside the same of the week before and of the same day in it, and those of the last two days
(recommender.bandit.turn). Only of what was answered, or is known to have been done: a day on which
hardly anybody could answer, or cared to, says nothing of what they want, and has too few people to tell.
Setting aside is written into everyone's ledger, as a row after which nothing before counts, followed
by what they answered since the day of the turn. So states stay a projection of the ledger, and older
decisions can still be made again.
"""

import time
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from recommender import live
from recommender.bandit.policies.base import Policy
from recommender.bandit.turn import WEEK as DAYS_OF_A_WEEK
from recommender.bandit.turn import Days, Verdict, turned
from recommender.learn import learn_all
from recommender.ledger import Line, alone_with, append
from recommender.models import Decision, PolicyRun, PolicyState, Reward
from recommender.outcomes import settled
from recommender.runs import record

BATCH = 200
WEEK = timedelta(days=DAYS_OF_A_WEEK)
RESUMED_WITHIN = timedelta(days=3)


def look(*, now: datetime) -> PolicyRun:
    """One look at yesterday, once a day: a second one returns the first. Goes on with setting aside
    where a worker was stopped in the middle of it.
    """
    live.refresh()
    cls = live.standing()
    ends = datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC)
    looks = PolicyRun.objects.filter(kind=PolicyRun.Kind.TURN, policy=cls.id)
    run = looks.filter(ends=ends).first()
    if run is None:
        began = time.perf_counter()
        last = looks.filter(verdict=PolicyRun.Verdict.ALARM).order_by("-begins").first()
        since = last.begins if last else None
        begins, verdict = _look_back(cls, ends, since=since)
        try:
            with transaction.atomic():
                run = record(
                    PolicyRun.Kind.TURN, cls, *_outcome(verdict, begins, since), asdict(verdict),
                    now=now, took_ms=1000 * (time.perf_counter() - began), begins=begins, ends=ends,
                )  # fmt: skip
        except IntegrityError:  # another worker looked at the same time, and was first
            run = looks.get(ends=ends)
    alarms = looks.filter(verdict=PolicyRun.Verdict.ALARM, created_at__gt=now - RESUMED_WITHIN)
    for alarm in alarms.order_by("created_at"):
        while _set_aside(cls, alarm, now=now) == BATCH:
            pass
    return run


def _look_back(
    cls: type[Policy], ends: datetime, *, since: datetime | None
) -> tuple[datetime, Verdict]:
    """Since when the population has turned, or yesterday, and the verdict on it. Yesterday is looked
    at beside the week before it, then the last two days beside theirs: a week in which it did not turn,
    which it did last on `since`. Beside days from before that, each day after would be a turn again.
    """
    verdicts = []
    for days in (1, 2):
        begins = ends - timedelta(days=days)
        if _is_soon(begins, since):
            verdicts.append((begins, Verdict(False, 0)))
            continue
        before = _days(cls, begins - WEEK, begins)
        same = _days(cls, begins - WEEK, ends - WEEK)
        verdict = turned(_days(cls, begins, ends), before, same)
        if verdict.turned:
            return begins, verdict
        verdicts.append((begins, verdict))
    return verdicts[0]


def _days(cls: type[Policy], begins: datetime, ends: datetime) -> Days:
    """Over all that the live policy chose in [begins, ends) and of which something was heard. What ran
    out was worth nothing to who could not answer, and a silence that was kept is nobody's answer.
    """
    difference: dict[int, float] = {}
    count: dict[int, int] = {}
    rows: QuerySet[Any] = settled(begins=begins, ends=ends, policy=cls)
    rows = rows.filter(heard__isnull=False, pruned_at=None)
    rows = rows.exclude(decision__status=Decision.Status.KEPT)
    columns = rows.values_list("user_id", "scores", "chosen", "reward")
    for user_id, scores, chosen, reward in columns.iterator(chunk_size=2_000):
        difference[user_id] = difference.get(user_id, 0.0) + reward - scores[chosen]
        count[user_id] = count.get(user_id, 0) + 1
    return Days([difference[user_id] for user_id in count], list(count.values()))


def _is_soon(begins: datetime, since: datetime | None) -> bool:
    """Whether the week before these days is not all from after the last turn."""
    return since is not None and begins - WEEK < since


def _outcome(
    verdict: Verdict, begins: datetime, since: datetime | None
) -> tuple[PolicyRun.Verdict, str]:
    if not verdict.error and since is not None and _is_soon(begins, since):
        says = f"The population turned on {since:%Y-%m-%d}: too little is known since to tell."
        return PolicyRun.Verdict.TOO_LITTLE, says
    if not verdict.error:
        says = f"{verdict.people} people answered yesterday and a week before, too few to tell."
        return PolicyRun.Verdict.TOO_LITTLE, says
    short = f"{verdict.mean:+.3f} ± {verdict.error:.3f} against the week before"
    if verdict.turned:
        return PolicyRun.Verdict.ALARM, (
            f"The population has turned: {verdict.people} people, {short}. What was learned before "
            f"{begins:%Y-%m-%d} is set aside."
        )
    return PolicyRun.Verdict.PASSED, f"{verdict.people} people, {short}."


def _set_aside(cls: type[Policy], run: PolicyRun, *, now: datetime) -> int:
    """Begins anew for one batch of people whom this turn has not reached. Returns how many."""
    begun = Reward.objects.filter(why=Reward.Why.TURNED, at=run.created_at)
    reached = begun.filter(user=OuterRef("user"))
    # Who came after the turn has nothing to set aside.
    taught = PolicyState.objects.filter(policy=cls.id, count__gt=0)
    before = Reward.objects.filter(user=OuterRef("user"), at__lt=run.begins)
    waiting = taught.filter(Exists(before)).exclude(Exists(reached)).order_by("user_id")
    users = list(waiting.values_list("user_id", flat=True)[:BATCH])
    with alone_with(users) as here:
        # Another worker may have been at the same batch.
        here -= set(begun.filter(user__in=here).values_list("user_id", flat=True))
        since = _since(here, run)
        lines = []
        for user_id in sorted(here):
            lines.append(Line(user_id, None, None, Reward.Why.TURNED, at=run.created_at))
            lines += since.get(user_id, [])
        append(lines, now=now)
    learn_all(users, now=now)
    return len(users)


def _since(users: Collection[int], run: PolicyRun) -> dict[int, list[Line]]:
    """What counts of these users' decisions since the turn, as lines to be written again."""
    latest: dict[tuple[int, UUID], Line] = {}
    rows = Reward.objects.filter(user_id__in=users).order_by("user_id", "position")
    columns = ("user_id", "decision_id", "reward", "why", "at", "decision__created_at")
    for user_id, decision_id, reward, why, at, made in rows.values_list(*columns):
        if decision_id is None:
            for key in [key for key in latest if key[0] == user_id]:
                del latest[key]
        elif made >= run.begins:
            latest[user_id, decision_id] = Line(user_id, decision_id, reward, why, at)
    lines: dict[int, list[Line]] = {}
    for (user_id, _), line in latest.items():
        if line.reward is not None:
            lines.setdefault(user_id, []).append(line)
    return lines
