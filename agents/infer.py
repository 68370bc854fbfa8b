"""What a history says of a person: worked out at night, in batches, where something is new."""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction

from accounts import preferences
from accounts.preferences import Inference
from agents.fingerprints import HistoryHash
from agents.gather import Past, after, histories, seen_by
from agents.inference import run
from agents.inference.run import Outcome
from agents.library.base import Agent, Param
from agents.models import Belief
from agents.registry import agents
from agents.withdraw import drop_inferred, stands, take_back, unfounded

log = logging.getLogger(__name__)

# That a worker's time is up is no fault of a parameter.
run_inference = partial(run.run_inference, fatal=(SoftTimeLimitExceeded,))

YEAR, FORTNIGHT = timedelta(days=365), timedelta(days=14)
WRITTEN = (
    "agent", "version", "value", "confidence", "evidence", "history", "why", "inputs_hash",
    "inferred_at", "took_ms",
)  # fmt: skip


@dataclass
class Tally:
    """What a night came to: people, and inferences of agents by what became of them."""

    users: int = 0
    inferred: int = 0
    skipped: int = 0
    silent: int = 0
    failed: int = 0  # people, of whom nothing was kept


def infer(
    user_ids: Iterable[int], *, now: datetime, only: Collection[str] = (), again: bool = False
) -> Tally:
    """Infers what agents would rather know than assume, and keeps it as beliefs and preferences.

    What was inferred from the same before is left alone, unless `again` asks for it. `only` names
    agents. What the user had forgotten is inferred from what came since.
    """
    tally = Tally()
    begins = _first_day(now)
    pasts = histories(user_ids, now=now, since=begins)
    forgotten = preferences.forgotten(pasts)
    held: dict[int, dict[str, Belief]] = defaultdict(dict)
    for belief in Belief.objects.filter(user_id__in=pasts):
        held[belief.user_id][belief.key] = belief
    for user_id, past in pasts.items():
        try:
            looking = _Looking(past, held[user_id], forgotten[user_id], begins, now)
            for agent in agents:
                if not only or agent.id in only:
                    looking.back(agent, tally, again=again)
            looking.keep()
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # One user's fault, or a connection cut this moment, must not cost the others theirs.
            log.exception("inferring of user %s", user_id)
            tally.failed += 1
        else:
            tally.users += 1
    return tally


def _first_day(now: datetime) -> datetime:
    """Where the past begins: a year ago, or as long as it is kept; the same day all week.

    So nothing merely falls out of it, or is dropped as too old, before the week is over.
    """
    monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(now.weekday())
    # Two weeks at least, or it would begin in the future on some days of the week.
    kept = max(FORTNIGHT, min(YEAR, timedelta(days=settings.EVENT_RETENTION_DAYS)))
    return monday + timedelta(days=7) - kept


class _Looking:
    """Looking back at one user's past, an agent at a time."""

    def __init__(
        self,
        past: Past,
        held: Mapping[str, Belief],
        forgotten: Mapping[str, datetime],
        begins: datetime,
        now: datetime,
    ) -> None:
        self.past, self.held, self.forgotten = past, held, forgotten
        self.begins, self.now = begins, now
        self.user_id = past.history.user_id
        self.whole = HistoryHash(past.history)
        self.found: list[Belief] = []
        self.from_one_count = {
            param.name: (param.name, *param.told_with)
            for agent in agents
            for param in agent.manifest.params
        }

    def back(self, agent: Agent, tally: Tally, *, again: bool) -> None:
        """Infers an agent's parameters, unless it may not know of this user or nothing is new."""
        if not self.past.grounds.allow(agent.manifest):
            tally.silent += 1
            return
        for begins, params in self._by_beginning(agent):
            history, hashed = seen_by(agent, self.past.history), self.whole
            if begins > self.begins:
                history = after(history, begins)
                hashed = HistoryHash(history)
            current = hashed.of(agent)
            before = [self.held.get(param.name) for param in params]
            # What failed is tried again: it may not have been for what it was inferred from.
            if not again and all(
                belief and belief.inputs_hash == current and belief.why != "failed"
                for belief in before
            ):
                tally.skipped += 1
                continue
            started = time.perf_counter()
            outcomes = run_inference(replace(agent.manifest, params=params), history)
            took_ms = (time.perf_counter() - started) * 1000
            tally.inferred += 1
            self.found += [
                self._belief(agent, outcome, current, took_ms) for outcome in outcomes.values()
            ]

    def _by_beginning(self, agent: Agent) -> Iterator[tuple[datetime, tuple[Param, ...]]]:
        """The agent's parameters, those together that may be inferred from the same."""
        groups: dict[datetime, list[Param]] = defaultdict(list)
        for param in agent.manifest.params:
            groups[self._begins(param.name, self.forgotten)].append(param)
        for begins, params in groups.items():
            yield begins, tuple(params)

    def _begins(self, key: str, forgotten: Mapping[str, datetime]) -> datetime:
        """Where the past begins for a key: where it was last forgotten, or what the same count tells."""
        moments = (forgotten.get(one, self.begins) for one in self.from_one_count[key])
        return max(self.begins, *moments)

    def _belief(self, agent: Agent, outcome: Outcome, current: str, took_ms: float) -> Belief:
        return Belief(
            user_id=self.user_id,
            agent=agent.id,
            key=outcome.param,
            version=agent.manifest.version,
            value=outcome.value,
            confidence=outcome.confidence,
            evidence=dict(outcome.evidence),
            history=outcome.history,
            why=outcome.why,
            inputs_hash=current,
            inferred_at=self.now,
            took_ms=took_ms,
        )

    def keep(self) -> None:
        """Writes down what was found, as far as the user still allows it, and drops what does not
        hold any more; nothing where nothing changed.
        """
        params = {(agent.id, param.name) for agent in agents for param in agent.manifest.params}
        orphans = [one for one in self.held.values() if (one.agent, one.key) not in params]
        gone = {one.agent for one in self.held.values()} & set(unfounded(self.past.grounds))
        if not (self.found or orphans or gone):
            return
        with transaction.atomic():
            grounds = stands(self.user_id, now=self.now)
            if grounds is None:
                return
            # What they had forgotten, or took their consent back for, while it was being inferred.
            forgotten = preferences.forgotten([self.user_id])[self.user_id]
            begins = {one.key: self._begins(one.key, self.forgotten) for one in self.found}
            kept = [
                belief
                for belief in self.found
                if grounds.allow(agents.get(belief.agent).manifest)
                and self._begins(belief.key, forgotten) <= begins[belief.key]
            ]
            if orphans:
                _drop(self.user_id, orphans)
            if gone:
                take_back([self.user_id], sorted(gone))
            _write(self.user_id, kept, begins, self.now)


def _drop(user_id: int, beliefs: Collection[Belief]) -> None:
    drop_inferred([user_id], [belief.key for belief in beliefs])
    Belief.objects.filter(pk__in=[belief.pk for belief in beliefs]).delete()


def _write(
    user_id: int, beliefs: Collection[Belief], begins: Mapping[str, datetime], now: datetime
) -> None:
    Belief.objects.bulk_create(
        beliefs, update_conflicts=True, unique_fields=["user", "key"], update_fields=WRITTEN
    )
    preferences.infer_many(
        [
            Inference(user_id, one.key, one.value, one.confidence, begins[one.key])
            for one in beliefs
            if not one.why
        ],
        now=now,
    )
    # Where nothing could be inferred the default holds, not what was believed some time ago.
    drop_inferred([user_id], [one.key for one in beliefs if one.why])
