"""What a policy would have earned, from the log of another: replay, IPS, SNIPS, doubly robust.

All estimate the target policy's mean reward a decision over the log's decisions, each in the state
of learning in which the target would have met it with the rewards that were really given. People
are independent, one person's decisions are not: every interval is made of sums by person.

What the log can't tell (`Log.overlap`) is taken to be worth anything within [-1, 1], and makes the
interval wider by that on either side (Manski 1990, "Nonparametric bounds on treatment effects");
the large weights that happened not to be drawn count in the error as if they had been.

The 95 % intervals hold for one look at one log. For looking again and again there is `anytime`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from recommender.evaluation.log import FLOORS, TOLERANCE, Floats, Floors, Log, TooLittleData
from recommender.evaluation.overlap import Overlap
from recommender.evaluation.people import Ratio, Spread, kish, kish_people, spread


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean reward a decision, or a difference of two, with its 95 % interval [low, high].

    effective_sample_size: Kish's, of the importance weights, in decisions; of those that were to be
    expected where these were larger than those drawn. n, people: how many decisions and people the
    log holds. largest_weight: before clipping. clipped: the share of decisions whose weight was
    cut. unsupported: the share of what the target would do that the log can't tell of, by which the
    interval is wider on either side; None where the log has no overlap. worst: the value and its
    error if all that the log can't tell is against the target, for bounds of another kind than
    `low`, which holds for one look.
    """

    estimator: str
    value: float
    low: float
    high: float
    standard_error: float
    effective_sample_size: float
    n: int
    people: int
    largest_weight: float = 1.0
    clipped: float = 0.0
    unsupported: float | None = None
    worst: Spread | None = None


def replay(
    log: Log, *, rng: np.random.Generator | None = None, floors: Floors = FLOORS
) -> Estimate:
    """The mean reward of those decisions in which the target would have done the same.

    Li et al. 2011, "Unbiased offline evaluation of contextual-bandit-based news article
    recommendation algorithms", Algorithm 2, which asks for a live policy that draws all actions
    alike and a target that draws none. For any other log a decision is accepted with probability
    w / max w, the rejection sampling of Dudik et al. 2014, "Doubly robust policy evaluation and
    optimization", section 4.1, which is the former where both apply; it then needs `rng`.
    Raises ValueError without it, TooLittleData below the floors.
    """
    weights = log.weights
    largest = float(weights.max(initial=0.0))
    chance = weights / largest if largest else weights
    certain = (chance < TOLERANCE) | (chance > 1.0 - TOLERANCE)
    if rng is None and not certain.all():
        raise ValueError("replay: some decisions are accepted by chance, which needs rng")
    accepted = (chance >= (rng.random(log.n) if rng is not None and log.n else 0.5)).astype(float)
    accepted[certain] = np.round(chance[certain])
    error = log.reward - log.reward.mean() if log.n else log.reward
    ratios = [Ratio(log.reward * accepted, accepted)]
    return _estimate("replay", log, ratios, accepted, floors, error)


def ips(log: Log, *, clip: float | None = None, floors: Floors = FLOORS) -> Estimate:
    """Inverse propensity score: mean of w r. Unbiased unless clipped; wide.

    Horvitz & Thompson 1952. `clip`, at least 1, is the largest weight: it buys a narrower interval
    with a bias towards 0. Raises TooLittleData below the floors.
    """
    weights = clipped(log, clip)
    return _estimate("ips", log, [Ratio(weights * log.reward)], weights, floors, log.reward)


def snips(log: Log, *, clip: float | None = None, floors: Floors = FLOORS) -> Estimate:
    """Self-normalised IPS: Σ w r / Σ w. Nearly unbiased, never outside the rewards' range.

    Swaminathan & Joachims 2015, "The self-normalized estimator for counterfactual learning",
    section 4. `clip` and errors as of `ips`.
    """
    weights = clipped(log, clip)
    ratios = [Ratio(weights * log.reward, weights)]
    return _estimate("snips", log, ratios, weights, floors, log.reward)


def doubly_robust(
    log: Log, *, clip: float | None = None, normalised: bool = False, floors: Floors = FLOORS
) -> Estimate:
    """The model's value, corrected by the weighted errors of the model where it was tried.

    Mean of v_target + w (reward - q_chosen): Dudik, Langford & Li 2011, "Doubly robust policy
    evaluation and learning", section 3. `normalised` divides the corrections by Σ w instead of n,
    as SNIPS does (Thomas & Brunskill 2016, "Data-efficient off-policy policy evaluation for
    reinforcement learning", section 4, the weighted doubly robust); it is no narrower, and its
    errors are lopsided. Raises ValueError without a reward model in the log, TooLittleData below
    the floors.
    """
    weights = clipped(log, clip)
    q_chosen, v_target = _model(log)
    error = log.reward - q_chosen
    correction = weights * error
    if normalised:
        ratios = [Ratio(v_target), Ratio(correction, weights)]
        return _estimate("dr-sn", log, ratios, weights, floors, error)
    return _estimate("dr", log, [Ratio(v_target + correction)], weights, floors, error)


def on_policy(log: Log, *, floors: Floors = FLOORS) -> Estimate:
    """What the live policy earned: the mean reward. Raises TooLittleData below the floors."""
    return _estimate("live", log, [Ratio(log.reward)], np.ones(log.n), floors)


def mean_weight(log: Log, *, floors: Floors = FLOORS) -> Estimate:
    """The mean importance weight: 1 within its interval if the propensities are true.

    Lower where the target does things that the live policy hardly ever does: what is not in the log
    can't be weighed. Raises TooLittleData below the floors.
    """
    weights = clipped(log, None)
    return _estimate("weight", log, [Ratio(weights)], weights, floors)


def difference(
    log: Log, *, estimator: str = "dr", clip: float | None = None, floors: Floors = FLOORS
) -> Estimate:
    """What the target would have earned more than the live policy, a decision, on the same log.

    Paired: both values are of the same decisions, so what they share cancels; exactly 0 for a
    policy compared with itself. `estimator` is one of DIFFERENCES: "dr" (takes part of the model
    out of both sides, so it asks for v_live in the log too), "dr-sn", "snips" and "ips". Errors as
    of that estimator, and ValueError for an unknown one.
    """
    if estimator not in DIFFERENCES:
        raise ValueError(f"unknown estimator {estimator!r}: one of {', '.join(DIFFERENCES)}")
    weights = clipped(log, clip)
    reward = error = log.reward
    if estimator == "ips":
        ratios = [Ratio((weights - 1.0) * reward)]
    elif estimator == "snips":
        ratios = [Ratio(weights * reward, weights), Ratio(reward, sign=-1.0)]
    else:
        q_chosen, v_target = _model(log)
        if log.v_live is None:
            raise ValueError("the log has no v_live to compare with")
        error, gain = reward - q_chosen, v_target - log.v_live
        if estimator == "dr":
            ratios = [Ratio(gain + (weights - 1.0) * error)]
        else:
            ratios = [Ratio(gain), Ratio(weights * error, weights), Ratio(error, sign=-1.0)]
    return _estimate(f"{estimator} difference", log, ratios, weights, floors, error)


DIFFERENCES = ("dr", "dr-sn", "snips", "ips")
# A mean weight less likely than e to the minus this is no chance.
UNHEARD_OF = 10.0


def clipped(log: Log, clip: float | None) -> Floats:
    """The weights cut at `clip`, and at what the log can tell. Raises ValueError for a clip below 1."""
    if clip is not None and not clip >= 1.0:
        raise ValueError(f"weights can't be cut below 1, got {clip}")
    cap = math.inf if log.overlap is None else log.overlap.cap
    return np.minimum(log.weights, cap if clip is None else min(cap, clip))


def _model(log: Log) -> tuple[Floats, Floats]:
    """The model's q_chosen, and its value of what the log can tell of the target."""
    if log.q_chosen is None or log.v_target is None:
        raise ValueError("the log has no reward model: q_chosen and v_target are needed")
    beyond = log.overlap.v_beyond if log.overlap else 0.0
    return log.q_chosen, log.v_target - beyond


def _estimate(
    name: str,
    log: Log,
    ratios: list[Ratio],
    weights: Floats,
    floors: Floors,
    error: Floats | None = None,
) -> Estimate:
    """`error` (n,): what the weights multiply. None where they are of the live policy itself."""
    people, overlap = log.people, log.overlap if error is not None else None
    unsupported, missing = 0.0, 0.0
    if overlap is not None and log.n:
        unsupported, missing = float(overlap.beyond.mean()), _missing(log, overlap)
    effective = kish(weights) * (1.0 - missing)
    for what, needed, there in (
        ("decisions", floors.decisions, log.n),
        ("people", floors.people, people),
        ("support", floors.support, 1.0 - unsupported),
        ("effective sample size", floors.effective, effective),
        ("effective number of people", floors.effective_people, kish_people(weights, log.person)),
    ):
        if there < needed:
            raise TooLittleData(what, needed, there)
    found = worst = best = spread(ratios, log.person)
    if overlap is not None:
        _check_mean_weight(log, overlap)
        if unsupported:
            worst = spread([*ratios, Ratio(overlap.beyond, sign=-1.0)], log.person)
            best = spread([*ratios, Ratio(overlap.beyond)], log.person)
        if error is not None and missing:
            more = missing * float(overlap.second.sum() * (error**2).mean()) / log.n**2
            found, worst, best = (
                replace(one, standard_error=math.hypot(one.standard_error, math.sqrt(more)))
                for one in (found, worst, best)
            )
    cut = log.weights > weights * (1.0 + TOLERANCE)
    return Estimate(
        estimator=name,
        value=found.value,
        low=worst.interval()[0],
        high=best.interval()[1],
        standard_error=found.standard_error,
        effective_sample_size=effective,
        n=log.n,
        people=people,
        largest_weight=float(log.weights.max()),
        clipped=float(cut.mean()) if name not in ("live", "replay") else 0.0,
        unsupported=unsupported if overlap is not None else None,
        worst=worst,
    )


def _missing(log: Log, overlap: Overlap) -> float:
    """Which share of the sum of squared weights was to be expected and was not drawn, 0 if none.

    Where a few rare actions carry most of it they are in one log and not in another of the same
    two policies; a log without them looks as if the weights were all alike.
    """
    drawn = float((np.minimum(log.weights, overlap.cap) ** 2).sum())
    expected = float(overlap.second.sum())
    share = 1.0 - drawn / expected if expected else 0.0
    return share if share > TOLERANCE else 0.0


def _check_mean_weight(log: Log, overlap: Overlap) -> None:
    """The weights drawn add up to what they were expected to, or the propensities are not true.

    By how much chance may move such a sum: Freedman 1975, "On tail probabilities for martingales",
    theorem 1.6, which a few large weights do not upset as they would a normal bound.
    """
    supported, drawn = 1.0 - overlap.beyond, np.minimum(log.weights, overlap.cap)
    variance = max(float((overlap.second - supported**2).sum()), 0.0)
    step = UNHEARD_OF * max(float(drawn.max()), 1.0) / 3.0 if variance > TOLERANCE * log.n else 0.0
    reach = step + math.sqrt(step**2 + 2.0 * variance * UNHEARD_OF)
    if abs(float((drawn - supported).sum())) > reach + TOLERANCE * log.n:
        raise TooLittleData("mean weight", float(supported.mean()), float(drawn.mean()))
