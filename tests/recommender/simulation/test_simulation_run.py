"""The runner: the same moments for everyone, rewards when they are known, nights, and scores."""

import math

import numpy as np
import pytest

from recommender.bandit.features import V1, V2, V3
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.policies.uniform import Uniform
from recommender.bandit.policies.urgency import Urgency
from recommender.bandit.prior import Prior
from recommender.simulation.curves import (
    ahead,
    curve,
    last_third,
    measured,
    over_seeds,
    prefix,
    recovered,
    score,
    since_turn,
    stretches,
    table,
)
from recommender.simulation.entrants import Ceiling, LinUCBAlone, PolicyEntrant
from recommender.simulation.life import Life
from recommender.simulation.linear import Mixed
from recommender.simulation.run import Outcome, Track, kind_of, run
from recommender.simulation.special import Quiet, Shift


class Guide:
    """Takes what `pick` says of a person's k-th moment, and writes down what it is told."""

    feature_set = V3

    def __init__(self, name, pick):
        self.name, self.pick = name, pick
        self.begun, self.nights, self.told = [], [], []

    def begin(self, person):
        self.begun.append(person)
        return _Learner(self, person)

    def night(self, learners):
        self.nights.append(len(learners))


class _Learner:
    def __init__(self, guide, person):
        self.guide, self.person, self.k = guide, person, 0

    def choose(self, X, rng):
        index = self.guide.pick(self.person, self.k, X)
        self.k += 1
        return index

    def learn(self, x, reward):
        self.guide.told.append((self.person, self.k, tuple(x), reward))


def knowing(world, people, seed):
    lives = world.people(people, seed)
    return Guide("knowing", lambda one, k, X: int(lives[one].occasion(k).worth.argmax()))


def test_chance_scores_0_and_knowing_everything_scores_1():
    world = Mixed()
    outcome = run(
        world, [PolicyEntrant(Uniform), knowing(world, 40, 2)], people=40, decisions=50, seed=2
    )
    everywhere = prefix(50)(outcome)
    assert score(outcome, "knowing", everywhere) == pytest.approx(1.0)
    assert score(outcome, "random", everywhere) == pytest.approx(0.0, abs=0.05)


def test_where_lives_react_the_best_and_chance_lead_lives_of_their_own():
    world = Life()
    lives = {}

    class Seeing(Guide):
        def begin(self, person):
            lives[person] = world.people(6, 1)[person]
            return super().begin(person)

    def pick(one, k, X):
        occasion = lives[one].occasion(k)
        index = int(occasion.worth.argmax())
        lives[one].answer(occasion, index)
        return index

    outcome = run(world, [Seeing("seeing", pick)], people=6, decisions=30, seed=1)
    track = outcome.tracks["seeing"]
    assert np.array_equal(track.worth, track.oracle)
    assert score(outcome, "seeing", prefix(30)(outcome)) == pytest.approx(1.0)
    assert track.random.mean() < track.oracle.mean()


def test_the_same_seed_gives_the_same_run_whoever_else_takes_part():
    together = run(
        Mixed(), [PolicyEntrant(Urgency), PolicyEntrant(LinUCB)], people=9, decisions=30, seed=3
    )
    again = run(
        Mixed(), [PolicyEntrant(Urgency), PolicyEntrant(LinUCB)], people=9, decisions=30, seed=3
    )
    other = run(Mixed(), [PolicyEntrant(Urgency)], people=9, decisions=30, seed=3)
    for name in ("urgency", "linucb"):
        assert np.array_equal(together.tracks[name].worth, again.tracks[name].worth)
    assert np.array_equal(together.tracks["urgency"].oracle, other.tracks["urgency"].oracle)


def test_two_entrants_that_choose_alike_have_the_same_luck():
    steps = []
    first, second = (Guide(name, lambda one, k, X: (one + k) % len(X)) for name in "ab")
    for world in (Mixed(), Life()):
        outcome = run(world, [first, second], people=6, decisions=20, seed=4, record=steps.append)
        assert np.array_equal(outcome.tracks["a"].reward, outcome.tracks["b"].reward)
        assert np.array_equal(outcome.tracks["a"].worth, outcome.tracks["b"].worth)
    assert len(steps) == 2 * 2 * 6 * 20


def test_rewards_are_learned_when_they_are_known_and_each_once():
    steps = []
    guide = Guide("guide", lambda one, k, X: 0)
    run(Mixed(), [guide], people=8, decisions=60, seed=5, record=steps.append)
    known = {(s.person, s.k): s.k + 1 + s.answer.delay for s in steps}
    assert {s.answer.delay for s in steps} == {0, 1, 2, 3, 4}
    expected = sorted(
        (s.person, known[s.person, s.k], s.answer.reward)
        for s in steps
        if known[s.person, s.k] < 60
    )
    assert sorted((one, k, reward) for one, k, _, reward in guide.told) == expected


def test_people_arrive_over_time_and_nights_see_all_who_came():
    guide = Guide("guide", lambda one, k, X: 0)
    outcome = run(Mixed(), [guide], people=7, decisions=10, per_day=5, arrivals_per_day=2, seed=0)
    assert outcome.arrives.tolist() == [0, 0, 1, 1, 2, 2, 3]
    assert guide.begun == list(range(7))
    assert guide.nights == [2, 4, 6, 7, 7]
    rare = Guide("rare", lambda one, k, X: 0)
    run(Mixed(), [rare], people=7, decisions=10, arrivals_per_day=2, nights_apart=2, seed=0)
    assert rare.nights == [4, 7]


def test_a_night_puts_another_prior_under_what_was_learned():
    given, seen = [], set()

    class Estimating(LinUCB):
        id = "estimating"
        has_population = True

        def scores(self, X):
            seen.add((self.prior_version, self.count > 2))
            return super().scores(X)

        @classmethod
        def estimate(cls, read, prior, *, epsilon=None, rng=None):
            states = [state for batch in read() for state in batch]
            given.append(sum(Estimating.load(state).count for state in states))
            return Prior(f"night-{len(given)}", prior.mean + 0.01, prior.precision)

    entrant = PolicyEntrant(Estimating)
    run(Mixed(), [entrant], people=6, decisions=10, seed=1)
    first = entrant.cls.fresh().prior_version
    # Those who live on keep what they learned, on the prior of the night; newcomers start from it.
    assert seen == {
        (first, False), (first, True),
        ("night-1", True), ("night-1", False), ("night-2", True),
    }  # fmt: skip
    resting = PolicyEntrant(Estimating, name="resting", estimates=False)
    run(Mixed(), [resting], people=6, decisions=10, seed=1)
    assert len(given) == 3
    assert given == sorted(given)
    assert entrant.prior.version == "night-3"
    learner = entrant.begin(99)
    assert learner.policy.prior_version == "night-3"
    assert resting.prior.version != "night-3"


def test_silence_is_for_those_that_can_tell_it():
    steps = []
    run(
        Quiet(), [PolicyEntrant(Urgency), LinUCBAlone()],
        people=12, decisions=60, seed=1, record=steps.append,
    )  # fmt: skip
    silent = {step.entrant for step in steps if step.kind == "silence"}
    assert not Urgency.feature_set.silence
    assert V2.silence
    assert silent == {"linucb-alone"}


def test_progress_counts_every_decision_of_every_entrant():
    made = []
    run(Mixed(), [PolicyEntrant(Urgency), PolicyEntrant(Uniform)],
        people=4, decisions=6, seed=0, progress=made.append)  # fmt: skip
    assert sum(made) == 2 * 4 * 6


def test_names_that_would_be_mixed_up_are_refused():
    with pytest.raises(ValueError, match="called alike"):
        run(Mixed(), [Guide("a", None), Guide("a", None)], people=1, decisions=1)


def test_a_ceiling_needs_a_truth():
    with pytest.raises(ValueError, match="no true prior"):
        Ceiling(Life().truth(V3))


def test_kinds_are_told():
    occasion = Quiet().people(1, 0)[0].occasion(0)
    assert kind_of(occasion, occasion.count - 1) == "silence"
    found = [kind_of(occasion, index) for index in range(occasion.count - 1)]
    assert [kind == "task" for kind in found] == (occasion.columns["kind_task"][:-1] == 1).tolist()


# --- scores -----------------------------------------------------------------------------------


def made_up(worth, *, turned=None, arrives=None):
    shape = worth.shape
    arrives = np.zeros(shape[0], dtype=int) if arrives is None else arrives
    tracks = {
        name: Track(values, np.ones(shape), np.zeros(shape), values)
        for name, values in {"good": worth, "bad": worth * 0.5}.items()
    }
    return Outcome("made-up", 0, 5, arrives, tracks, turned)


def test_scores_are_ratios_of_sums_over_the_stretch():
    worth = np.tile(np.linspace(0, 0.9, 10), (6, 1))
    worth[4:] += 0.1
    outcome = made_up(worth)
    assert score(outcome, "good", prefix(1)(outcome)) == pytest.approx(0.2 / 6)
    assert score(outcome, "good", prefix(10)(outcome)) == pytest.approx(worth.mean())
    assert score(outcome, "good", last_third(10)(outcome)) == pytest.approx(worth[4:].mean())
    assert score(outcome, "bad", prefix(10)(outcome)) == pytest.approx(worth.mean() / 2)
    assert math.isnan(score(outcome, "good", np.zeros(worth.shape, dtype=bool)))


def test_standard_errors_are_over_seeds():
    outcomes = [made_up(np.full((3, 4), value)) for value in (0.4, 0.5, 0.6)]
    one = over_seeds(outcomes, "good", prefix(4))
    assert one.mean == pytest.approx(0.5)
    assert one.error == pytest.approx(0.1 / math.sqrt(3))
    assert str(one) == "0.500 ± 0.058"
    lead = ahead(outcomes, "good", "bad", prefix(4))
    assert (lead.mean, lead.error) == pytest.approx((0.25, 0.05 / math.sqrt(3)))
    alone = measured([0.3])
    assert math.isnan(alone.error)
    assert str(alone) == "0.300"
    with pytest.raises(ValueError, match="nothing"):
        measured([])


def test_a_curve_is_the_score_of_each_window():
    outcomes = [made_up(np.tile(np.arange(10) / 10, (2, 1)))]
    drawn = curve(outcomes, "good", window=2)
    assert drawn.at.tolist() == list(range(2, 11))
    assert drawn.mean == pytest.approx((np.arange(9) + 0.5) / 10)


def test_a_table_has_the_columns_that_the_run_has():
    short = made_up(np.full((3, 4), 0.5))
    assert list(stretches(short)) == ["1-4", "last third 1-4"]
    long = made_up(np.full((3, 200), 0.5))
    assert list(stretches(long)) == [
        "1-20", "1-100", "1-200", "last third 1-20", "last third 1-200",
    ]  # fmt: skip
    assert table([short])["bad"]["1-4"].mean == pytest.approx(0.25)


def test_recovery_is_counted_from_the_turn_of_those_who_were_there():
    worth = np.full((2, 50), 0.8)
    worth[0, 20:32] = 0.1  # person 0 turns at decision 20 and is well again 12 later
    arrives = np.array([0, 4])  # person 1 came on the day of the turn: nothing turned for them
    outcome = made_up(worth, turned=4, arrives=arrives)
    steady = Track(np.full((2, 50), 0.6), np.ones((2, 50)), np.zeros((2, 50)), worth)
    outcome = Outcome("made-up", 0, 5, arrives, {**outcome.tracks, "steady": steady}, 4)
    mask = since_turn(0, 30)(outcome)
    assert mask[0].nonzero()[0].tolist() == list(range(20, 50))
    assert not mask[1].any()
    # Over windows of 5 the mean passes 0.6 when 4 of 5 are of the good ones: 12 + 4.
    assert recovered([outcome], "good", "steady", window=5) == 16
    assert recovered([outcome], "bad", "steady", window=5) is None
    with pytest.raises(ValueError, match="nothing turns"):
        since_turn(0, 1)(made_up(worth))


def test_a_population_that_turns_costs_the_ones_that_relied_on_it():
    world = Shift()
    outcome = run(
        world, [PolicyEntrant(Urgency), Ceiling(world.truth(V3))],
        people=60, decisions=100, seed=1,
    )  # fmt: skip
    after = since_turn(0, 20)(outcome)
    days = outcome.arrives[:, None] + np.arange(100) // 5
    assert after.any()
    for name in ("urgency", "ceiling"):
        assert score(outcome, name, after) < 0 < score(outcome, name, days < outcome.turned)
    assert "turn +1-30" in stretches(outcome)


def test_features_are_made_once_for_entrants_that_see_the_same():
    """What one entrant sees is not changed by another that sees less."""
    widths = []

    class Watching(Guide):
        def __init__(self, name, feature_set):
            super().__init__(name, self.watch)
            self.feature_set = feature_set

        def watch(self, one, k, X):
            widths.append((self.name, X.shape))
            return 0

    run(Quiet(), [Watching("a", V3), Watching("b", V1), Watching("c", V3)], people=1, decisions=2)
    assert widths == [("a", (21, 36)), ("b", (20, 7)), ("c", (21, 36))] * 2
