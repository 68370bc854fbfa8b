"""Luck: what is observed is worth its worth, to the third digit."""

import numpy as np
import pytest

from recommender.simulation.noise import LEVELS, dice, luck, nearest
from recommender.simulation.world import stream

MANY = (400_000,)


@pytest.mark.parametrize("worth", [-0.98, -0.613, 0.0, 0.0042, 0.5, 0.9])
@pytest.mark.parametrize("table", [False, True])
def test_the_mean_reward_is_the_worth_that_is_told(worth, table):
    fate = luck(np.full(MANY, worth), 0.5, dice(stream(1), MANY), table=table)
    error = fate.reward.std() / np.sqrt(MANY[0])
    assert abs((fate.reward - fate.worth).mean()) < 5 * error + 1e-4
    assert np.abs(fate.reward).max() <= 1
    if not table:
        assert (fate.worth == worth).all()
        assert np.array_equal(fate.reward, fate.reward.round(2))


def test_the_table_bends_worth_but_keeps_its_order():
    worth = np.linspace(-0.98, 0.98, 99)
    fate = luck(worth, 0.4, dice(stream(1), worth.shape), table=True)
    assert (np.diff(fate.worth) > 0).all()
    assert np.abs(fate.worth - worth).max() > 0.05
    assert set(fate.reward) <= set(LEVELS)


def test_one_reward_in_seven_is_late_by_one_to_four_decisions():
    fate = luck(np.zeros(MANY), 0.5, dice(stream(2), MANY), table=False)
    assert (fate.delay > 0).mean() == pytest.approx(0.15, abs=0.01)
    late = fate.delay[fate.delay > 0]
    assert sorted(set(late.tolist())) == [1, 2, 3, 4]
    assert late.mean() == pytest.approx(2.5, abs=0.05)


def test_the_nearest_value_of_the_table():
    values = (-1, -0.6, 0.0, 0.25, 0.5, 0.9)
    assert [nearest(value) for value in values] == [-1.0, -0.3, 0.1, 0.3, 0.6, 1.0]
