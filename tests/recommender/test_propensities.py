"""What is logged is what was drawn from: thousands of decisions of every policy that is installed.

Seeds are fixed, so that a failure is a fault and not chance.
"""

from datetime import timedelta

import numpy as np
import pytest

from recommender.bandit.features import Facts, Moment, named, silence, vectorise_columns
from recommender.decide import Ruling, decide
from recommender.featurise import pack
from recommender.live import Live
from recommender.registry import policies
from tests.people import NOW

DECISIONS = 3000
BINS = 20
# The 0.999 quantile of chi-square with 19 degrees of freedom.
CRITICAL = 43.82


def rows_at(rng: np.random.Generator, moment: Moment) -> list[dict[str, float]]:
    """Five to fifteen candidates, as a request has them."""
    kinds = ("task", "advice", "insight", "reminder")
    return [
        named(
            Facts(
                kinds[int(rng.integers(4))],
                bool(rng.random() < 0.3),
                float(rng.gamma(2, 9)),
                int(rng.integers(1, 5)),
                bool(rng.random() < 0.2),
            ),
            moment,
        )
        for _ in range(int(rng.integers(5, 16)))
    ]


def decisions(policy_id: str) -> list[Ruling]:
    cls = type(policies.get(policy_id))
    rng = np.random.default_rng(11)
    policy, moment = cls.fresh(), Moment(NOW)
    if cls.learns:
        for _ in range(12):
            row = rows_at(rng, moment)[0]
            x = vectorise_columns(row, 1, cls.feature_set)[0]
            policy.learn(x, float(rng.choice([-1, -0.3, 0.1, 0.6, 1])))
    state = policy.state()
    made = []
    for number in range(DECISIONS):
        moment = Moment(NOW + timedelta(hours=number), float(number % 40))
        made.append(
            decide(
                rows_at(rng, moment), Live(cls, None), state,
                seed=int(rng.integers(2**63 - 1)), silence=silence(moment),
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize("policy_id", policies.ids())
def test_the_action_is_drawn_from_exactly_the_distribution_that_is_logged(policy_id, settings):
    settings.POLICY_BUDGET_MS = 60_000  # a busy machine is no fault of the policy
    made = decisions(policy_id)
    assert not any(ruling.failed for ruling in made)
    floor = policies.get(policy_id).floor
    places, bolder, uniform = [], [], []
    chance = np.random.default_rng(12)
    for ruling in made:
        pmf, index = ruling.choice.pmf, ruling.choice.index
        assert abs(pmf.sum() - 1) <= 1e-9
        assert pmf.min() >= floor / pmf.size - 1e-12
        assert ruling.choice.propensity == pmf[index] > 0
        # Where in the cumulative distribution the draw fell: uniform, whatever the distributions.
        below = pmf[:index].sum()
        places.append(below + chance.random() * pmf[index])
        uniform.append(1 / pmf.size / pmf[index])
        # Of a policy that explores twice as much: a target near enough for so few decisions.
        bolder.append(((1 - floor) * pmf[index] + floor / pmf.size) / pmf[index])
    counts = np.histogram(places, bins=BINS, range=(0, 1))[0]
    expected = DECISIONS / BINS
    assert ((counts - expected) ** 2 / expected).sum() < CRITICAL
    if floor == 0:  # where some are never drawn, no weight can make up for it
        return
    assert abs(np.mean(bolder) - 1) <= 0.02
    assert abs(np.mean(uniform) - 1) <= 4 * np.std(uniform) / np.sqrt(DECISIONS)


def test_the_draws_spread_over_candidates_as_logged(settings):
    """The same decision again and again, counted by candidate."""
    settings.POLICY_BUDGET_MS = 60_000
    rng = np.random.default_rng(5)
    moment = Moment(NOW)
    rows = rows_at(rng, moment)
    cls = type(policies.get("linucb"))
    made = [decide(rows, Live(cls, None), None, seed=seed).choice for seed in range(DECISIONS)]
    pmf = made[0].pmf
    assert all((one.pmf == pmf).all() for one in made)
    counts = np.bincount([one.index for one in made], minlength=pmf.size)
    expected = pmf * DECISIONS
    # 0.999 quantiles of chi-square for 4 to 14 degrees of freedom.
    critical = [18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59, 31.26, 32.91, 34.53, 36.12]
    assert ((counts - expected) ** 2 / expected).sum() < critical[pmf.size - 5]


def test_columns_are_what_a_policy_sees_and_what_is_kept():
    rng = np.random.default_rng(5)
    moment = Moment(NOW)
    rows = rows_at(rng, moment)
    cls = type(policies.get("linucb"))
    ruling = decide(rows, Live(cls, None), None, seed=1, silence=silence(moment))
    assert ruling.columns == pack(rows)
    assert ruling.count == len(rows)
    assert not ruling.silent
