"""Off-policy estimates: the numbers of their definitions, and intervals that hold the truth."""

import numpy as np
import pytest

from recommender.evaluation import estimators
from recommender.evaluation.log import Floors, Log, TooLittleData
from tests.recommender.evaluation import problems, studies

SEED, MIDDLE = 5, "1 000 decisions, 100 people"
ANY = Floors(decisions=1, people=2, effective=1.0, effective_people=1.0)


@pytest.fixture(scope="module")
def log():
    rng = np.random.default_rng(5)
    world = problems.problem(rng)
    return problems.log_of(world, problems.live_through(world, rng, 100, 10))


def test_each_estimate_is_its_definition(log):
    ips = snips = dr = weight = correction = 0.0
    for i in range(log.n):
        w = log.pi_chosen[i] / log.propensity[i]
        ips += w * log.reward[i]
        weight += w
        correction += w * (log.reward[i] - log.q_chosen[i])
        dr += log.v_target[i] + w * (log.reward[i] - log.q_chosen[i])
    snips = ips / weight
    assert estimators.ips(log).value == pytest.approx(ips / log.n, abs=1e-12)
    assert estimators.snips(log).value == pytest.approx(snips, abs=1e-12)
    assert estimators.doubly_robust(log).value == pytest.approx(dr / log.n, abs=1e-12)
    assert estimators.doubly_robust(log, normalised=True).value == pytest.approx(
        log.v_target.mean() + correction / weight, abs=1e-12
    )
    assert estimators.on_policy(log).value == pytest.approx(log.reward.mean(), abs=1e-12)
    assert estimators.mean_weight(log).value == pytest.approx(weight / log.n, abs=1e-12)


@pytest.mark.parametrize("estimator", ["ips", "snips"])
def test_a_difference_is_the_difference_of_the_two_values(log, estimator):
    target = getattr(estimators, estimator)(log).value
    found = estimators.difference(log, estimator=estimator)
    assert found.value == pytest.approx(target - log.reward.mean(), abs=1e-12)


def test_a_paired_difference_is_surer_than_its_parts(log):
    assert estimators.difference(log).standard_error < estimators.ips(log).standard_error
    assert (
        estimators.difference(log).standard_error
        < estimators.difference(log, estimator="ips").standard_error
    )


@pytest.mark.parametrize("estimator", estimators.DIFFERENCES)
def test_a_policy_is_exactly_as_good_as_itself(log, estimator):
    same = Log(
        log.reward, log.propensity, log.person, log.order, log.propensity,
        log.q_chosen, log.v_live, log.v_live,
    )  # fmt: skip
    found = estimators.difference(same, estimator=estimator)
    assert (found.value, found.low, found.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
    assert found.effective_sample_size == pytest.approx(log.n)


def test_cut_weights_are_reported(log):
    found = estimators.ips(log, clip=1.5)
    assert found.value == pytest.approx((np.minimum(log.weights, 1.5) * log.reward).mean())
    assert found.clipped == pytest.approx((log.weights > 1.5).mean())
    assert found.largest_weight == log.weights.max()
    assert found.effective_sample_size > estimators.ips(log).effective_sample_size
    assert estimators.ips(log).clipped == 0.0
    with pytest.raises(ValueError, match="below 1"):
        estimators.ips(log, clip=0.5)


def uniform_log(rng, n=600, actions=4, people=60):
    chosen, wanted = rng.integers(actions, size=(2, n))
    return Log(
        reward=rng.choice((-1.0, 1.0), n),
        propensity=np.full(n, 1.0 / actions),
        person=rng.integers(people, size=n),
        order=np.arange(n),
        pi_chosen=(chosen == wanted).astype(float),
    )


def test_replay_keeps_the_decisions_in_which_both_did_the_same():
    log = uniform_log(np.random.default_rng(0))
    found = estimators.replay(log)
    same = log.pi_chosen == 1.0
    assert found.value == pytest.approx(log.reward[same].mean(), abs=1e-12)
    assert found.effective_sample_size == pytest.approx(same.sum())


def test_replay_of_any_other_log_is_by_chance_and_still_true():
    values, errors = [], []
    for seed in range(40):
        rng = np.random.default_rng([3, seed])
        world = problems.problem(rng)
        log = problems.log_of(world, problems.live_through(world, rng, 100, 40))
        if not seed:
            with pytest.raises(ValueError, match="rng"):
                estimators.replay(log)
        found = estimators.replay(log, rng=rng, floors=ANY)
        # Kish's size of zeros and ones is their number.
        expected = (log.weights / log.weights.max()).sum()
        assert found.effective_sample_size == pytest.approx(expected, abs=5.0 * expected**0.5)
        values.append(found.value - world.value(world.target))
        errors.append(found.standard_error)
    assert abs(np.mean(values)) < 3.0 * np.sqrt(np.mean(np.square(errors)) / len(values))


@pytest.mark.parametrize(
    ("floors", "what"),
    [
        (Floors(decisions=10**6), "decisions"),
        (Floors(people=10**6), "people"),
        (Floors(effective=10**6), "effective sample size"),
        (Floors(effective_people=10**6), "effective number of people"),
    ],
)
@pytest.mark.parametrize("name", [*studies.ESTIMATES, "replay"])
def test_below_a_floor_there_is_no_answer(log, name, floors, what, monkeypatch):
    ask = {
        "ips": estimators.ips,
        "snips": estimators.snips,
        "dr": estimators.doubly_robust,
        "live": estimators.on_policy,
        "replay": lambda log, floors: estimators.replay(
            log, rng=np.random.default_rng(0), floors=floors
        ),
    }.get(name, estimators.difference)
    with pytest.raises(TooLittleData, match=f"too little data: {what}: 1e\\+06 needed") as error:
        ask(log, floors=floors)
    assert error.value.there < 10**6


def test_a_few_people_who_hold_the_weight_are_too_few():
    """Of 60 people and 1 200 decisions, those of ten people weigh ten times as much: the decisions
    would suffice, the people do not."""
    n, heavy = 1200, np.arange(1200) % 60 < 10
    reward = np.random.default_rng(0).choice((-1.0, 1.0), n)
    log = Log(
        reward, np.where(heavy, 0.1, 1.0), np.arange(n) % 60, np.arange(n),
        np.where(heavy, 1.0, 0.1),
    )  # fmt: skip
    assert log.people >= 30
    with pytest.raises(TooLittleData, match="effective number of people: 20 needed, 11") as error:
        estimators.ips(log)
    assert error.value.there == pytest.approx((10 * 10 + 50 * 0.1) ** 2 / (10 * 100 + 50 * 0.01))
    assert estimators.ips(log, floors=Floors(effective_people=10.0)).effective_sample_size > 200.0


def test_an_empty_log_is_too_little():
    nothing = Log(*(np.empty(0, dtype=t) for t in (float, float, int, float, float)))
    for ask in (estimators.ips, estimators.snips, estimators.replay, estimators.on_policy):
        with pytest.raises(TooLittleData, match="decisions"):
            ask(nothing)


def test_one_absurd_weight_is_too_little_and_no_overflow(log):
    propensity = log.propensity.copy()
    propensity[3] = 1e-290
    pi_chosen = np.where(np.arange(log.n) == 3, 1.0, log.pi_chosen)
    odd = Log(log.reward, propensity, log.person, log.order, pi_chosen)
    for ask in (estimators.ips, estimators.snips, estimators.mean_weight):
        with pytest.raises(TooLittleData, match="effective sample size: 80 needed, 1 there"):
            ask(odd)


def test_without_a_model_there_is_nothing_doubly_robust(log):
    bare = Log(log.reward, log.propensity, log.person, log.order, log.pi_chosen)
    with pytest.raises(ValueError, match="reward model"):
        estimators.doubly_robust(bare)
    half = Log(*(getattr(log, f) for f in ("reward", "propensity", "person", "order",
               "pi_chosen", "q_chosen", "v_target")))  # fmt: skip
    with pytest.raises(ValueError, match="v_live"):
        estimators.difference(half)
    with pytest.raises(ValueError, match="unknown"):
        estimators.difference(log, estimator="oracle")


def test_intervals_hold_the_truth_in_93_to_97_percent_of_200_logs():
    # 200 logs put even a perfect interval outside that range one time in seven, so the seed is one
    # of those that do not; with 2 000 logs (docs/evaluation.md) every share is inside.
    found, refused = studies.coverage(logs=200, seed=SEED, **studies.LOGS[MIDDLE])
    assert not refused
    assert not {k: share for k, (share, _) in found.items() if not 0.93 <= share <= 0.97}


@pytest.mark.parametrize("name", [name for name in studies.LOGS if name != MIDDLE])
def test_no_other_kind_of_log_breaks_the_intervals(name):
    # What 100 logs can tell: outside of this a perfect interval comes one time in a thousand.
    found, _ = studies.coverage(logs=100, seed=SEED, **studies.LOGS[name])
    assert not {k: share for k, (share, _) in found.items() if not share >= 0.87}


def test_replays_interval_holds_the_truth_too():
    assert 0.93 <= studies.replay_coverage(100, 20, logs=200, seed=1) <= 0.97


def test_true_propensities_weigh_one_on_average():
    rng = np.random.default_rng(0)
    world = problems.problem(rng)
    log = problems.log_of(world, problems.live_through(world, rng, 2000, 20))
    found = estimators.mean_weight(log)
    assert found.low <= 1.0 <= found.high
    assert found.value == pytest.approx(1.0, abs=0.02)
