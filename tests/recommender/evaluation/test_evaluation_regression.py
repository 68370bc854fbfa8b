"""The reward model grades nobody by their own rewards."""

import numpy as np
import pytest

from recommender.evaluation.regression import CrossFitted


def sample(seed=0, n=3000, d=4, people=60):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.0, 1.0, (n, d))
    reward = 0.2 + x @ np.array([0.3, -0.2, 0.1, 0.0])[:d] + rng.uniform(-0.2, 0.2, n)
    return x, reward, rng.integers(people, size=n)


def test_it_finds_a_linear_truth():
    x, reward, person = sample()
    found = CrossFitted.fit(x, reward, person).predict(x, person)
    assert np.abs(found - (0.2 + x @ [0.3, -0.2, 0.1, 0.0])).max() < 0.05


def test_a_persons_predictions_do_not_depend_on_their_own_rewards():
    x, reward, person = sample()
    mine = person == 7
    before = CrossFitted.fit(x, reward, person).predict(x, person)
    after = CrossFitted.fit(x, np.where(mine, -reward, reward), person).predict(x, person)
    assert np.array_equal(before[mine], after[mine])
    assert not np.allclose(before[~mine], after[~mine])


def test_a_stranger_is_predicted_from_everyone():
    x, reward, person = sample()
    model = CrossFitted.fit(x, reward, person, strength=1e-9)
    inputs = np.column_stack((x, np.ones(len(x))))
    weights = np.linalg.lstsq(inputs, reward)[0]
    assert model.predict(x[:5], 10**9) == pytest.approx(inputs[:5] @ weights, abs=1e-6)
    assert model.predict(x[:5], 7) == pytest.approx(model.predict(x[:5], np.full(5, 7)))


def test_predictions_are_rewards():
    x, reward, person = sample()
    found = CrossFitted.fit(x, np.sign(reward), person, strength=0.1).predict(100.0 * x, person)
    assert np.abs(found).max() == 1.0


def test_constant_and_empty_columns_do_no_harm():
    x, reward, person = sample()
    x[:, 0], x[:, 1] = 0.0, 1.0
    assert np.isfinite(CrossFitted.fit(x, reward, person).predict(x, person)).all()


@pytest.mark.parametrize("spoil", ["nan", "shape", "people"])
def test_what_can_not_be_fitted_is_refused(spoil):
    x, reward, person = sample()
    if spoil == "nan":
        x[3, 1] = np.nan
    elif spoil == "shape":
        reward = reward[:-1]
    else:
        person = person % 3
    with pytest.raises(ValueError, match=r"NaN|shapes|folds"):
        CrossFitted.fit(x, reward, person)
