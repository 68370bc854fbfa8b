"""The request path: from candidates to the one tip. No model, no network, a handful of queries."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import FilteredRelation, Q

from accounts.models import User
from accounts.zones import zone_of
from integrations import snapshot
from oo.events.catalogue import TipServed
from oo.events.publish import publish
from oo.lib.jobs import wake_soon
from recommender.contenders import TITLE, Contender, contenders
from recommender.decide import Ruling, decide
from recommender.featurise import Row, pack, rows_of
from recommender.jobs import learn_user
from recommender.models import Decision, Score
from recommender.registry import active

log = logging.getLogger(__name__)

LEARN_SECONDS = 0.5  # reactions come in flocks; one fold answers them all


@dataclass(frozen=True)
class Tip:
    """What the user sees of a decision: one sentence, of which `words` are their own, if any."""

    id: str
    kind: str
    before: str
    words: str
    after: str
    created_at: datetime
    expires_at: datetime

    @property
    def text(self) -> str:
        return f"{self.before}{self.words}{self.after}"


def serve_tip(user: User, *, now: datetime, rng: np.random.Generator) -> Tip | None:
    """The tip this user sees now: the open one while it holds, else a newly chosen one.

    None is an answer too: nothing is worth saying. For a caller that has the user, one query for
    a reload and five for a new tip.
    """
    for _ in range(3):
        seat = _seat(user)
        if seat["open__id"] is not None:
            tip = _still_true(seat, now)
            if tip:
                return tip
            _close(seat, now)
        state = seat["learned__state"]
        if state is None or seat["learned__version"] != active().version:
            # A newcomer, or someone whom this policy, or this version of it, has yet to get to know.
            wake_soon(learn_user, user.pk, seconds=LEARN_SECONDS)
            state = None
        try:
            return _choose(user, state, now=now, rng=rng)
        except IntegrityError:
            log.info("user %s: another device was quicker, showing what it was given", user.pk)
    log.error("user %s: no seat after three tries", user.pk)
    return None


def _seat(user: User) -> Mapping[str, Any]:
    """The open decision with all it takes to show it, and the policy's state: in one query."""
    return (
        User.objects.filter(pk=user.pk)
        .annotate(
            open=FilteredRelation(
                "decisions", condition=Q(decisions__status=Decision.Status.OPEN)
            ),
            learned=FilteredRelation(
                "policy_states", condition=Q(policy_states__policy=settings.ACTIVE_POLICY)
            ),
        )
        .values(
            "learned__state", "learned__version",
            "open__id", "open__kind", "open__created_at", "open__expires_at",
            "open__candidate__content", "open__candidate__task__closed_at",
            "open__candidate__task__external_id", "open__candidate__task__connection_id",
            "open__candidate__event__external_id", "open__candidate__event__connection_id",
        )
        .get()
    )  # fmt: skip


def _still_true(seat: Mapping[str, Any], now: datetime) -> Tip | None:
    """The open tip, or None when it ran out, its task is closed or its text can't be had."""
    content = seat["open__candidate__content"]
    if (
        content is None  # the candidate went with its connection
        or seat["open__expires_at"] <= now
        or seat["open__candidate__task__closed_at"]
    ):
        return None
    words: str | None = ""
    if TITLE in content:
        kind = "task" if seat["open__candidate__task__connection_id"] else "event"
        connection_id = seat[f"open__candidate__{kind}__connection_id"]
        texts = snapshot.read(connection_id) or {}
        words = texts.get(f"{kind}:{seat[f'open__candidate__{kind}__external_id']}")
    if words is None:
        return None
    return _tip(
        seat["open__id"], seat["open__kind"], content, words,
        seat["open__created_at"], seat["open__expires_at"],
    )  # fmt: skip


def _close(seat: Mapping[str, Any], now: datetime) -> None:
    """A tip that ran out, or whose words can't be had just now, may still be answered."""
    untrue = seat["open__candidate__content"] is None or seat["open__candidate__task__closed_at"]
    status = Decision.Status.UNTRUE if untrue else Decision.Status.EXPIRED
    Decision.objects.filter(pk=seat["open__id"], status=Decision.Status.OPEN).update(
        status=status, closed_at=now
    )


def _choose(
    user: User, state: bytes | None, *, now: datetime, rng: np.random.Generator
) -> Tip | None:
    """A new decision over the candidates that can be shown. Raises IntegrityError when there is an
    open one already.
    """
    started = time.perf_counter()
    worded = contenders(user, now=now)
    if not worded:
        return None
    living = [one for one, _ in worded]
    rows = rows_of(living, now.astimezone(zone_of(user.time_zone)))
    seed = int(rng.integers(2**63 - 1))
    ruling = decide(rows, state, seed=seed)
    if ruling.failed:
        wake_soon(learn_user, user.pk, seconds=LEARN_SECONDS)  # mends a state that has rotted
    chosen, words = worded[ruling.choice.index]
    decision = Decision(
        user=user,
        candidate_id=chosen.id,
        kind=chosen.kind,
        policy=ruling.policy.id,
        policy_version=ruling.policy.version,
        propensity=ruling.choice.propensity,
        created_at=now,
        expires_at=min(now + timedelta(hours=settings.TIP_HOURS), chosen.expires_at),
    )
    latency_us = int((time.perf_counter() - started) * 1e6)
    with transaction.atomic():
        decision.save(force_insert=True)
        _explain(decision, living, rows, ruling, seed, latency_us).save(force_insert=True)
        publish(
            TipServed(
                user_id=user.pk,
                decision_id=str(decision.pk),
                kind=decision.kind,
                policy=decision.policy,
            ),
            now=now,
        )
    return _tip(decision.pk, decision.kind, chosen.content, words, now, decision.expires_at)


def _explain(
    decision: Decision,
    living: Sequence[Contender],
    rows: list[Row],
    ruling: Ruling,
    seed: int,
    latency_us: int,
) -> Score:
    chosen = living[ruling.choice.index]
    return Score(
        decision=decision,
        chosen=ruling.choice.index,
        candidates=[str(one.id) for one in living],
        features=pack(rows),
        scores=ruling.choice.scores.tolist(),
        propensities=ruling.choice.pmf.tolist(),
        feature_set=ruling.policy.feature_set.version,
        policy=ruling.policy.id,
        policy_version=ruling.policy.version,
        prior_version=ruling.policy.prior_version,
        state_count=ruling.policy.count,
        seed=seed,
        fell_back_from=ruling.failed,
        fell_back_because=ruling.because,
        model=chosen.model,
        prompt_version=chosen.prompt_version,
        latency_us=latency_us,
    )


def _tip(
    decision_id: object,
    kind: str,
    content: str,
    words: str,
    created_at: datetime,
    expires_at: datetime,
) -> Tip:
    before, mark, after = content.partition(TITLE)
    return Tip(str(decision_id), kind, before, words if mark else "", after, created_at, expires_at)
