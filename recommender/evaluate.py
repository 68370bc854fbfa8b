"""What another policy would have earned, from the log of the live one and from what it did in its
shadow. Too little data is an outcome, kept and shown like any other.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from recommender import live
from recommender.bandit.choose import seeded
from recommender.bandit.features import V3, FeatureSet, vectorise_columns
from recommender.bandit.policies.base import Policy
from recommender.evaluation import estimators, gate
from recommender.evaluation.estimators import Estimate
from recommender.evaluation.log import Log, TooLittleData
from recommender.evaluation.overlap import Overlap
from recommender.evaluation.regression import FOLDS, CrossFitted
from recommender.models import PolicyDeployment, PolicyRun, PolicyShadow, Score, ShadowScore
from recommender.outcomes import SETTLED_AFTER, WINDOW, settled
from recommender.registry import policies
from recommender.runs import record

MOST = 20_000  # decisions looked at, the newest
AT_ONCE = 500
MODEL: FeatureSet = V3  # what the reward model of doubly robust estimates sees
SEED = 20261121  # of the replay, which accepts some decisions by chance: the same at every look

Verdict = PolicyRun.Verdict


class Line(NamedTuple):
    """A decision of the live policy and what the shadow made of it."""

    pk: Any
    user_id: int
    position: int
    propensity: float
    reward: float
    agreement: float
    same_best: bool
    expected: float


@dataclass(frozen=True)
class Evidence:
    """What the log says of a policy beside the live one. `log` is None when there is too little."""

    live: type[Policy]
    begins: datetime
    ends: datetime
    lines: Sequence[Line]
    log: Log | None
    agreed: gate.Shadow | None
    lacking: TooLittleData | None


def evaluate_all(*, now: datetime) -> list[PolicyRun]:
    """Estimates for every shadow, against the live policy. Returns the runs, as they were kept."""
    live.refresh()
    standing = live.standing()
    running = PolicyShadow.objects.filter(running=True, policy__in=policies.ids())
    ids = list(running.order_by("policy").values_list("policy", flat=True))
    return [evaluate(type(policies.get(id_)), now=now) for id_ in ids if id_ != standing.id]


def evaluate(cls: type[Policy], *, now: datetime) -> PolicyRun:
    """Every estimator's word on a policy, and whether it would have done better than the live one."""
    began = time.perf_counter()
    found = evidence(cls, now=now)
    numbers: dict[str, Any] = {"decisions": len(found.lines)}
    if found.lines:
        numbers["agreement"] = float(np.mean([line.agreement for line in found.lines]))
        numbers["same_best"] = float(np.mean([line.same_best for line in found.lines]))
        numbers["expected"] = float(np.mean([line.expected for line in found.lines]))
    told: Estimate | TooLittleData = found.lacking or compared(found)
    if isinstance(told, TooLittleData):
        numbers["lacking"] = {"what": told.what, "needed": told.needed, "there": told.there}
        verdict, says = Verdict.TOO_LITTLE, str(told)
    else:
        numbers |= {name: asdict(estimate) for name, estimate in _each(found)}
        numbers["difference"] = asdict(told)
        verdict = (
            Verdict.BETTER
            if told.low > 0
            else Verdict.WORSE
            if told.high < 0
            else Verdict.UNDECIDED
        )
        says = (
            f"{told.value:+.3f} a decision against {found.live.id} "
            f"({told.low:+.3f} to {told.high:+.3f}), from {told.n} decisions of {told.people} people."
        )
        if not _silence_is_theirs_alike(cls, found.live):
            says += " Only one of the two may be silent: what that is worth an experiment tells."
    return record(
        PolicyRun.Kind.EVALUATE, cls, verdict, says, numbers,
        now=now, took_ms=1000 * (time.perf_counter() - began),
        against=found.live.id, begins=found.begins, ends=found.ends,
    )  # fmt: skip


def compared(found: Evidence) -> Estimate | TooLittleData:
    """The paired doubly robust difference to the live policy, or why there is none."""
    if found.log is None:
        return found.lacking or TooLittleData("decisions", 1, 0)
    try:
        return estimators.difference(found.log, estimator="dr")
    except TooLittleData as refusal:
        return refusal
    except ValueError as reason:  # one person carries all the weight, for instance
        return TooLittleData(str(reason), 1, 0)


def _each(found: Evidence) -> Iterator[tuple[str, Estimate]]:
    assert found.log is not None
    log = found.log
    ways: dict[str, Callable[[], Estimate]] = {
        "replay": lambda: estimators.replay(log, rng=seeded(SEED)),
        "ips": lambda: estimators.ips(log),
        "snips": lambda: estimators.snips(log),
        "dr": lambda: estimators.doubly_robust(log),
        "live": lambda: estimators.on_policy(log),
        "weight": lambda: estimators.mean_weight(log),
    }
    for name, estimate in ways.items():
        try:
            yield name, estimate()
        except (TooLittleData, ValueError):
            continue  # replay may keep too few where the others have enough


def evidence(cls: type[Policy], *, now: datetime) -> Evidence:
    """All that the log holds on a policy, in the window in which both were at work."""
    standing = live.standing()
    begins, ends = window(now)
    shadow = PolicyShadow.objects.filter(policy=cls.id).first()
    begins = max(begins, shadow.begins) if shadow else begins
    lines = list(_lines(cls, standing, begins, ends))
    people = len({line.user_id for line in lines})
    if people < FOLDS:
        lacking = TooLittleData("people with decisions seen by both", FOLDS, people)
        return Evidence(standing, begins, ends, lines, None, None, lacking)
    log, agreed = _modelled(cls, lines)
    agreed = replace(agreed, same_silence=_silence_is_theirs_alike(cls, standing))
    return Evidence(standing, begins, ends, lines, log, agreed, None)


def _silence_is_theirs_alike(cls: type[Policy], standing: type[Policy]) -> bool:
    """Whether both policies may be silent, or neither. Where only one may, the other's decisions do
    not say what its silences are worth: a shadow is only offered what the live policy was.
    """
    return cls.feature_set.silence == standing.feature_set.silence


def all_kept_since(now: datetime) -> datetime:
    """When the decisions begin of which none is emptied yet.

    Only those are emptied that nobody answered: of what is older, the answered alone are left.
    """
    return now - timedelta(days=settings.EVENT_RETENTION_DAYS)


def window(now: datetime) -> tuple[datetime, datetime]:
    """What is looked at: four weeks of settled decisions, at most since the live policy is live, and
    no longer than all are kept.
    """
    ends = now - SETTLED_AFTER
    deployed = PolicyDeployment.objects.filter(ended_at=None).first()
    begins = max(ends - WINDOW, all_kept_since(now))
    return (max(begins, deployed.began_at) if deployed else begins), ends


def _lines(
    cls: type[Policy], standing: type[Policy], begins: datetime, ends: datetime
) -> Iterator[Line]:
    mine = ShadowScore.objects.filter(
        policy=cls.id, policy_version=cls.version, decided_at__gte=begins, decided_at__lt=ends
    ).order_by("-decided_at")
    seen = {
        pk: rest
        for pk, *rest in mine.values_list("decision_id", "agreement", "same_best", "expected")[
            :MOST
        ].iterator(chunk_size=2_000)
    }
    rows: QuerySet[Any] = settled(begins=begins, ends=ends, policy=standing).filter(pruned_at=None)
    found = rows.values_list("pk", "user_id", "position", "decision__propensity", "reward")
    for pk, *decision in found.iterator(chunk_size=2_000):
        if pk in seen:
            yield Line(pk, *decision, *seen[pk])


def _modelled(cls: type[Policy], lines: Sequence[Line]) -> tuple[Log, gate.Shadow]:
    """The log with a reward model that grades nobody by their own rewards."""
    person = np.array([line.user_id for line in lines], dtype=np.int64)
    reward = np.array([line.reward for line in lines])
    chosen = np.empty((len(lines), MODEL.width))
    for number, (_, X, row) in enumerate(_actions(lines)):
        chosen[number] = X[row["chosen"]]
    model = CrossFitted.fit(chosen, reward, person)
    q_chosen = model.predict(chosen, person)
    v_target, v_live = np.empty(len(lines)), np.empty(len(lines))
    theirs, mine, expected = [], [], []
    pmfs = _pmfs(cls, lines)
    for number, (line, X, row) in enumerate(_actions(lines)):
        q = model.predict(X, line.user_id)
        live_pmf, pmf = np.array(row["propensities"]), np.zeros(len(q))
        pmf[: len(pmfs[line.pk])] = pmfs[line.pk]  # one that is offered no silence has no entry
        v_target[number], v_live[number] = q @ pmf, q @ live_pmf
        theirs.append(live_pmf)
        mine.append(pmf)
        expected.append(q)
    log = Log(
        reward=reward,
        propensity=np.array([line.propensity for line in lines]),
        person=person,
        order=np.array([line.position for line in lines], dtype=np.float64),
        pi_chosen=np.clip([line.agreement for line in lines], 0.0, 1.0),
        q_chosen=q_chosen,
        v_target=v_target,
        v_live=v_live,
        overlap=Overlap.of(mine, theirs, expected),
    )
    agreed = np.array([line.same_best for line in lines], dtype=bool)
    return log, gate.Shadow(agreed, v_target - v_live, person)


def _actions(lines: Sequence[Line]) -> Iterator[tuple[Line, Any, dict[str, Any]]]:
    """Each decision's actions, read in chunks: together they would be large."""
    for start in range(0, len(lines), AT_ONCE):
        chunk = lines[start : start + AT_ONCE]
        wanted = Score.objects.filter(pk__in=[line.pk for line in chunk])
        columns = ("pk", "features", "chosen", "candidates", "propensities")
        rows = {row["pk"]: row for row in wanted.values(*columns)}
        for line in chunk:
            row = rows[line.pk]
            yield line, vectorise_columns(row["features"], len(row["candidates"]), MODEL), row


def _pmfs(cls: type[Policy], lines: Sequence[Line]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for start in range(0, len(lines), AT_ONCE):
        wanted = [line.pk for line in lines[start : start + AT_ONCE]]
        mine = ShadowScore.objects.filter(policy=cls.id, decision_id__in=wanted)
        found |= {pk: np.array(pmf) for pk, pmf in mine.values_list("decision_id", "pmf")}
    return found
