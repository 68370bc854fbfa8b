"""Have the features, predictions or rewards of the live policy's decisions changed? Looked at daily.

A week against the four before it, whole days in UTC. Every look is kept as a run, and the alarms
follow from the looks so far: one that stands alone is no alarm (recommender.evaluation.drift).
Weeks are whole, or the day of the week is found to have changed: of more decisions than are read a
share of all days is. And weeks are left out of which the unanswered decisions are emptied already.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from recommender import live
from recommender.bandit.choose import seeded
from recommender.bandit.features import FEATURES
from recommender.bandit.policies.base import Policy
from recommender.evaluate import all_kept_since
from recommender.evaluation.drift import Look, Shift, Window, alarms, compare
from recommender.evaluation.log import TooLittleData
from recommender.models import PolicyRun
from recommender.outcomes import settled
from recommender.runs import record
from recommender.thinned import thinned

RECENT, REFERENCE = timedelta(days=7), timedelta(days=28)
MOST = 20_000  # decisions read of a window
SEED = 15  # of the test's random signs: a look at the same data says the same
REMEMBERED = timedelta(days=60)  # looks that alarms are made from

Verdict = PolicyRun.Verdict


def look(*, now: datetime) -> PolicyRun:
    """One look at the live policy's decisions, and the alarms that follow from all looks so far."""
    began = time.perf_counter()
    live.refresh()
    cls = live.standing()
    ends = datetime.combine(
        now.astimezone(UTC).date() - timedelta(days=1), datetime.min.time(), UTC
    )
    middle = ends - RECENT

    def kept(verdict: str, says: str, numbers: Mapping[str, Any]) -> PolicyRun:
        return record(
            PolicyRun.Kind.DRIFT, cls, verdict, says, numbers,
            now=now, took_ms=1000 * (time.perf_counter() - began), begins=middle, ends=ends,
        )  # fmt: skip

    try:
        begins = middle - _reference(middle, now)
        before, lately = _window(cls, begins, middle), _window(cls, middle, ends)
        seen = compare(*_both_know(before, lately), seeded(SEED))
    except TooLittleData as lacking:
        return kept(Verdict.TOO_LITTLE, str(lacking), {})
    looks = [one for one in earlier(cls, now=now) if one.end < seen.end]
    alarmed = alarms([*looks, seen])
    flagged = [shift.name for shift in seen.shifts if shift.flagged]
    says = (
        f"Changed, and seen twice: {', '.join(alarmed)}." if alarmed
        else f"Seen to change once, no alarm yet: {', '.join(flagged)}." if flagged
        else "No change seen."
    )  # fmt: skip
    numbers = {"look": asdict(seen), "alarms": list(alarmed)}
    return kept(Verdict.ALARM if alarmed else Verdict.PASSED, says, numbers)


def _reference(middle: datetime, now: datetime) -> timedelta:
    """How far back from `middle` is looked: whole weeks of which all decisions are kept, four at most.
    Raises TooLittleData where there is none.
    """
    week = timedelta(days=7)
    kept = max(middle - all_kept_since(now), timedelta(0)) // week * week
    if not kept:
        needed = (now - middle + week) // timedelta(days=1) + 1
        raise TooLittleData("days in EVENT_RETENTION_DAYS", needed, settings.EVENT_RETENTION_DAYS)
    return min(kept, REFERENCE)


def earlier(cls: type[Policy], *, now: datetime) -> Sequence[Look]:
    """The looks that were kept, in order of their windows; of one day only the last."""
    runs = PolicyRun.objects.filter(
        kind=PolicyRun.Kind.DRIFT,
        policy=cls.id,
        policy_version=cls.version,
        created_at__gt=now - REMEMBERED,
    ).exclude(verdict=Verdict.TOO_LITTLE)
    found: dict[int, Look] = {}
    for numbers in runs.order_by("created_at").values_list("numbers", flat=True):
        told = numbers["look"]
        shifts = tuple(Shift(**shift) for shift in told["shifts"])
        found[told["end"]] = Look(told["begin"], told["end"], shifts, told["people"])
    return [found[end] for end in sorted(found)]


def _both_know(before: Window, lately: Window) -> tuple[Window, Window]:
    """The windows with the quantities that are known of most decisions of both: a feature that came
    with an upgrade is no drift. Raises TooLittleData where there are none.
    """
    names = [
        name
        for name in before.values
        if before.person.size
        and lately.person.size
        and max(np.isnan(one.values[name]).mean() for one in (before, lately)) < 0.5
    ]
    if not names:
        raise TooLittleData("decisions in both windows", 1, 0)
    first, second = (
        Window({name: one.values[name] for name in names}, one.person, one.begin, one.end)
        for one in (before, lately)
    )
    return first, second


def _window(cls: type[Policy], begins: datetime, ends: datetime) -> Window:
    """What the chosen actions of settled decisions were, what was expected of them and came of them."""
    rows: QuerySet[Any] = settled(begins=begins, ends=ends, policy=cls).filter(pruned_at=None)
    columns = ("user_id", "features", "chosen", "scores", "candidates", "reward")
    found = list(thinned(rows, MOST).values_list(*columns).iterator(chunk_size=2_000))
    names = [*FEATURES, "expected", "candidates", "reward"]
    # A candidate is of one kind; the others are left out of what is stored, and are 0.
    values = {
        name: np.full(len(found), 0.0 if name.startswith("kind_") else np.nan) for name in names
    }
    for number, (_, features, chosen, scores, candidates, reward) in enumerate(found):
        for name, column in features.items():
            value = column[chosen] if isinstance(column, list) else column
            if value is not None and name in values:
                values[name][number] = value
        values["expected"][number] = scores[chosen]
        values["candidates"][number] = len(candidates)
        values["reward"][number] = reward
    person = np.array([row[0] for row in found], dtype=np.int64)
    return Window(values, person, _ordinal(begins), _ordinal(ends))


def _ordinal(moment: datetime) -> int:
    day: date = moment.astimezone(UTC).date()
    return day.toordinal()
