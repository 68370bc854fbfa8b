"""What a log can't tell is known before anything is drawn, and makes the interval wider."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.evaluation import estimators
from recommender.evaluation.log import Floors, TooLittleData
from recommender.evaluation.overlap import LOOKS, Overlap
from tests.recommender.evaluation import problems
from tests.recommender.evaluation.studies import ESTIMATES

LIVE = np.array([0.9, 0.09, 0.01, 0.0])
TARGET = np.array([0.1, 0.2, 0.6, 0.1])
EXPECTED = np.array([0.1, 0.2, 0.3, -0.4])
ALL = Floors(decisions=1, people=2, effective=0.0, effective_people=0.0, support=0.0)


def repeated(n, target=TARGET, live=LIVE, expected=EXPECTED):
    return Overlap.of([target] * n, [live] * n, [expected] * n)


def test_each_number_is_its_definition():
    found = repeated(200)
    assert found.cap == 200 / LOOKS == 20.0
    # 20 times 0.01 of the third action is told, and nothing of the fourth.
    assert found.beyond == pytest.approx(0.4 + 0.1)
    assert found.v_beyond == pytest.approx(0.4 * 0.3 - 0.1 * 0.4)
    assert found.second == pytest.approx(0.1**2 / 0.9 + 0.2**2 / 0.09 + 0.2**2 / 0.01)


def test_the_more_decisions_the_more_a_log_can_tell():
    found = [repeated(n).beyond[0] for n in (20, 200, 600, 2000)]
    assert found == pytest.approx([0.02 + 0.58 + 0.1, 0.5, 0.1, 0.1])


def test_decisions_may_have_different_actions():
    found = Overlap.of(
        [np.array([1.0]), np.array([0.5, 0.5])], [np.array([1.0]), np.array([1.0, 0.0])]
    )
    assert found.cap == 1.0
    assert found.beyond.tolist() == [0.0, 0.5]
    assert found.second.tolist() == [1.0, 0.25]
    assert Overlap.of([], []).beyond.size == 0


def test_a_policy_is_all_there_in_its_own_log():
    found = repeated(200, target=LIVE)
    assert not found.beyond.any()
    assert found.second == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("target", "live", "word"),
    [
        ([[0.5, 0.5]], [[1.0]], "same actions"),
        ([[0.5, 0.5]], [], "same actions"),
        ([[0.5, 0.4]], [[0.5, 0.5]], "distribution"),
        ([[0.5, 0.5]], [[1.5, -0.5]], "distribution"),
        ([[0.5, np.nan]], [[0.5, 0.5]], "distribution"),
        ([[]], [[]], "without actions"),
    ],
)
def test_what_is_no_pair_of_policies_is_refused(target, live, word):
    with pytest.raises(ValueError, match=word):
        Overlap.of([np.array(pmf) for pmf in target], [np.array(pmf) for pmf in live])


def logged(seed=0, **kind):
    rng = np.random.default_rng(seed)
    world = problems.twins(rng, **kind)
    return problems.log_of(world, problems.live_through(world, rng, 100, 10))


@pytest.fixture(scope="module")
def greedy():
    """Of a live policy that is all but greedy; a target that does otherwise in 4 % of its draws."""
    return logged(sharp=30.0, floor=0.004, share=0.04)


# A log in which nothing was drawn that only the target does.
UNLUCKY = 1
FOR_TARGET = [name for name in ESTIMATES if name != "live"]


@pytest.mark.parametrize("name", FOR_TARGET)
def test_what_is_beyond_is_worth_anything(greedy, name):
    """The interval is wider by exactly the unsupported share, on either side."""
    overlap = greedy.overlap
    twentieth = replace(overlap, beyond=np.full(greedy.n, 0.05), second=greedy.weights**2)
    nothing = replace(twentieth, beyond=np.zeros(greedy.n))
    narrow, wide = (ESTIMATES[name](replace(greedy, overlap=each)) for each in (nothing, twentieth))
    assert wide.low == pytest.approx(narrow.low - 0.05, abs=1e-12)
    assert wide.high == pytest.approx(narrow.high + 0.05, abs=1e-12)
    assert (wide.value, wide.unsupported) == (narrow.value, pytest.approx(0.05))


def test_weights_are_cut_where_the_log_can_not_tell():
    log = logged()
    assert log.weights.max() > 3.0
    cut = replace(log.overlap, cap=3.0, second=log.weights**2 + 3.0)
    found = estimators.ips(replace(log, overlap=cut))
    assert found.value == pytest.approx((np.minimum(log.weights, 3.0) * log.reward).mean())
    assert found.clipped == pytest.approx((log.weights > 3.0).mean())


def test_the_models_word_on_what_is_beyond_does_not_count(greedy):
    found = estimators.difference(greedy)
    trusting = replace(greedy.overlap, v_beyond=greedy.overlap.v_beyond + 0.03)
    moved = estimators.difference(replace(greedy, overlap=trusting))
    assert moved.value == pytest.approx(found.value - 0.03, abs=1e-12)


@pytest.mark.parametrize("name", FOR_TARGET)
def test_large_weights_that_were_not_drawn_count_as_if_they_had_been(greedy, name):
    bare = ESTIMATES[name](replace(greedy, overlap=None))
    rare = replace(
        greedy.overlap, beyond=np.zeros(greedy.n), v_beyond=np.zeros(greedy.n),
        second=greedy.weights**2 + 3.0,
    )  # fmt: skip
    found = ESTIMATES[name](replace(greedy, overlap=rare))
    error = greedy.reward - (greedy.q_chosen if "dr" in name else 0.0)
    missing = 3.0 * greedy.n * (error**2).mean() / greedy.n**2
    assert found.standard_error**2 == pytest.approx(bare.standard_error**2 + missing)
    share = 3.0 * greedy.n / rare.second.sum()
    assert found.effective_sample_size == pytest.approx(bare.effective_sample_size * (1 - share))


def test_the_effective_sample_size_that_was_to_be_expected_has_to_suffice(greedy):
    assert estimators.ips(replace(greedy, overlap=None)).effective_sample_size > 80.0
    rare = replace(
        greedy.overlap, beyond=np.zeros(greedy.n), second=greedy.weights**2 + greedy.n / 75.0
    )
    with pytest.raises(TooLittleData, match="effective sample size: 80 needed"):
        estimators.ips(replace(greedy, overlap=rare))


def test_beneath_the_floor_of_support_there_is_no_answer():
    log = logged(UNLUCKY, sharp=30.0, floor=0.004)
    for name in FOR_TARGET:
        with pytest.raises(TooLittleData, match="support: 0.95 needed") as refusal:
            ESTIMATES[name](log)
        assert refusal.value.there == pytest.approx(1.0 - log.overlap.beyond.mean())
    with pytest.raises(TooLittleData, match="support"):
        estimators.replay(log, rng=np.random.default_rng(0))
    # By the drawn weights alone all was well.
    assert estimators.difference(replace(log, overlap=None)).effective_sample_size > 80.0
    # The live policy's own value needs no support.
    assert estimators.on_policy(log).unsupported is None


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_weights_that_do_not_add_up_are_refused(factor):
    log = logged()
    estimators.difference(log)
    wrong = replace(log, propensity=np.minimum(log.propensity * factor, 1.0))
    with pytest.raises(TooLittleData, match="mean weight: 1 needed"):
        estimators.difference(wrong)


SOME = logged()
SOME = replace(
    SOME,
    **{
        name: np.resize(getattr(SOME, name), 2000)
        for name in ("reward", "pi_chosen", "propensity", "q_chosen", "v_target", "v_live")
    },
    person=np.arange(2000) % 100,
    order=np.arange(2000.0),
    overlap=None,
)


def test_a_few_large_weights_add_up():
    """An action that is drawn once in 1 500 decisions is drawn seven times now and then."""
    rare = 0.004 / 6
    overlap = repeated(
        2000,
        target=np.array([0.05, 0.95]),
        live=np.array([rare, 1.0 - rare]),
        expected=np.zeros(2),
    )
    for times in range(8):
        drawn = np.arange(2000) < times
        log = replace(
            SOME, pi_chosen=np.where(drawn, 0.05, 0.95),
            propensity=np.where(drawn, rare, 1.0 - rare), overlap=overlap,
        )  # fmt: skip
        assert log.weights.max() < overlap.cap
        estimators.ips(log, floors=ALL)


def test_a_log_and_its_overlap_are_of_the_same_decisions():
    with pytest.raises(ValueError, match="lengths"):
        replace(SOME, overlap=repeated(1999))
