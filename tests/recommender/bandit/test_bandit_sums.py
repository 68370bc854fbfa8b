"""Sums are exact: what was taken back never was, and order does not matter."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.bandit.arrays import LIMIT
from recommender.bandit.choose import seeded
from recommender.bandit.envelope import StateError, seal
from recommender.bandit.features import V1_SMALL, V3
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.ridge import Posterior
from recommender.bandit.rule import rule_prior
from recommender.bandit.sums import REWARD_GRID, X_GRID, Sums

# A cold cache or a busy machine makes a first example slow, which says nothing of the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

any_action = st.lists(st.floats(-LIMIT, LIMIT), min_size=5, max_size=5).map(np.array)
any_rewards = st.lists(st.tuples(any_action, st.floats(-1, 1)), max_size=15)


def added(rewards, width: int = 5) -> Sums:
    sums = Sums(width)
    for x, reward in rewards:
        sums.add(x, reward)
    return sums


def some(n: int, width: int, seed: int = 3) -> list[tuple[np.ndarray, float]]:
    rng = seeded(seed)
    return [(rng.uniform(-1, 1, width), float(rng.uniform(-1, 1))) for _ in range(n)]


@unhurried
@given(rewards=any_rewards, data=st.data())
def test_the_order_of_rewards_does_not_matter_to_the_last_bit(rewards, data):
    shuffled = data.draw(st.permutations(rewards))
    assert added(shuffled).pack() == added(rewards).pack()


@unhurried
@given(rewards=any_rewards, other=any_rewards, data=st.data())
def test_what_was_taken_back_never_was(rewards, other, data):
    sums = added(data.draw(st.permutations(rewards + other)))
    for x, reward in data.draw(st.permutations(other)):
        sums.take(x, reward)
    never = added(rewards)
    assert sums.count == never.count
    assert sums.pack() == never.pack()
    again = Sums.unpack(never.count, never.pack(), 5)
    one, two = Posterior(rule_prior(V1_SMALL), sums), Posterior(rule_prior(V1_SMALL), again)
    assert one.theta.tobytes() == two.theta.tobytes()
    assert one.whitener.tobytes() == two.whitener.tobytes()


@unhurried
@given(rewards=any_rewards)
def test_sums_come_back_from_bytes_bit_for_bit_and_go_on(rewards):
    sums = added(rewards)
    again = Sums.unpack(sums.count, sums.pack(), 5)
    assert again.pack() == sums.pack()
    for one in (sums, again):
        one.add(np.full(5, 0.3), -0.3)
        one.take(np.full(5, 0.3), -0.3)
    assert again.pack() == sums.pack()


def test_sums_are_the_textbooks_on_the_grid():
    rewards = [(np.rint(x * X_GRID) / X_GRID, round(r, 2)) for x, r in some(500, 5)]
    sums = added(rewards)
    X, r = np.array([x for x, _ in rewards]), np.array([r for _, r in rewards])
    assert sums.gram / X_GRID**2 == pytest.approx(X.T @ X, abs=1e-9)
    assert sums.moment / X_GRID / REWARD_GRID == pytest.approx(X.T @ r, abs=1e-9)
    assert sums.square / REWARD_GRID**2 == pytest.approx(r @ r, abs=1e-9)
    assert sums.count == 500


@pytest.mark.parametrize("reward", [-1.0, -0.3, 0.0, 0.1, 0.3, 0.6, 1.0])
def test_the_reward_table_lies_on_the_grid(reward):
    assert round(reward * REWARD_GRID) / REWARD_GRID == reward


def test_a_hundred_thousand_rewards_are_held_exactly():
    """By then four bytes no longer hold the sums, and eight do; on the way back four do again."""
    sums, few = Sums(5), some(40, 5)
    for x, reward in few:
        sums.add(x, reward)
    before = sums.pack()
    many = [(np.append(1.0, x), reward) for x, reward in some(1000, 4, seed=8)]
    exact = {"gram": [[0] * 5 for _ in range(5)], "square": 0}
    for x, reward in many:
        q = [round(v * X_GRID) for v in x]
        for i in range(5):
            for j in range(5):
                exact["gram"][i][j] += q[i] * q[j]
        exact["square"] += round(reward * REWARD_GRID) ** 2
    start = sums.gram.copy(), sums.square
    for _ in range(100):
        for x, reward in many:
            sums.add(x, reward)
    assert (sums.gram - start[0]).tolist() == [[100 * v for v in row] for row in exact["gram"]]
    assert sums.square - start[1] == 100 * exact["square"]
    large = sums.pack()
    assert len(large) == 2 * len(before)
    assert Sums.unpack(sums.count, large, 5).pack() == large
    for _ in range(100):
        for x, reward in many:
            sums.take(x, reward)
    assert sums.pack() == before
    assert sums.count == 40


def test_many_people_are_read_as_one_by_one():
    people = [added(some(n, 5, seed=n)) for n in (0, 1, 7, 30)]
    large = Sums(5)
    for _ in range(40_000):
        large.add(np.ones(5), -1.0)
    people.insert(2, large)
    packed = [(one.count, one.pack()) for one in people]
    assert len({len(data) for _, data in packed}) == 2
    count, gram, moment, square = Sums.unpack_many(packed, 5)
    for i, one in enumerate(people):
        assert count[i] == one.count
        assert np.array_equal(gram[i], one.gram)
        assert np.array_equal(moment[i], one.moment)
        assert square[i] == one.square
    with pytest.raises(StateError, match="bytes"):
        Sums.unpack_many([*packed, (1, b"1234")], 5)


def test_the_largest_state_of_few_years_fits_in_three_kilobytes():
    sums = Sums(V3.width)
    for _ in range(20_000):  # ten a day for five years, all at full scale
        sums.add(np.ones(V3.width), 1.0)
    assert len(sums.pack()) <= 3072 - 40


@pytest.mark.parametrize(
    ("count", "values"),
    [
        (0, [1] + [0] * 20),  # rewards that nobody gave
        (5, [-1] + [0] * 20),  # a negative sum of squares
        (5, [4, 1] + [0] * 19),  # a product with what was never there
        (5, [4, 5, 0, 0, 0, 4] + [0] * 15),  # a product beyond both squares
        (5, [65536] + [0] * 14 + [100] + [0] * 5),  # rewards in the moment, none in the squares
        (1, [65536] + [0] * 14 + [30000] + [0] * 4 + [10000]),  # more than the table pays
        (1, [0] * 20 + [10001]),  # more than one reward can be
        (2, [0] * 20 + [-1]),
        (1, [2560**2 + 1] + [0] * 20),  # beyond the limit of an action
        (2**60, [2**53 + 2] + [0] * 20),  # beyond what is exact
    ],
)
def test_sums_that_no_rewards_can_have_are_refused_though_the_checksum_fits(count, values):
    assert len(values) == Sums.packed_size(5)
    for form in ("<i4", "<i8") if max(values) < 2**31 else ("<i8",):
        with pytest.raises(StateError, match="no rewards can have"):
            LinUCB.load(seal(LinUCB.label(), count, np.array(values, dtype=form).tobytes()))


def test_a_matrix_that_is_not_positive_definite_is_refused():
    """Each pair of columns could be, all five together could not."""
    gram = np.full((5, 5), -5e6) + 1e7 * np.eye(5)
    values = np.concatenate((gram[np.triu_indices(5)], np.zeros(6))).astype("<i4")
    with pytest.raises(StateError, match="positive definite"):
        LinUCB.load(seal(LinUCB.label(), 900, values.tobytes()))


@pytest.mark.parametrize("size", [0, 1, 80, 83, 85, 88, 164, 172])
def test_bytes_of_another_length_are_refused(size):
    assert size not in (4 * Sums.packed_size(5), 8 * Sums.packed_size(5))
    with pytest.raises(StateError, match="bytes"):
        LinUCB.load(seal(LinUCB.label(), 1, bytes(size)))
