"""The guard looks all the time, hardly ever cries wolf, and sees real harm within days."""

import numpy as np
import pytest
from scipy import stats

from recommender.evaluation.anytime import one_sided, radius, studentised
from recommender.evaluation.guard import Stream, watch
from recommender.evaluation.people import Ratio, Spread, spread
from tests.recommender.evaluation import studies


def stream(mean, dismissed, people=50, each=20, seed=0):
    rng = np.random.default_rng(seed)
    n = people * each
    return Stream(
        np.clip(rng.normal(mean, 0.4, n), -1.0, 1.0),
        rng.random(n) < dismissed,
        np.repeat(np.arange(people), each),
        np.tile(np.arange(each) % 7, people),
    )


def test_harm_is_told_in_words_and_numbers():
    alarm = watch(stream(0.3, 0.2), stream(0.0, 0.2, seed=1))
    assert alarm.roll_back
    assert alarm.reasons[0].startswith("Mean reward: worse")
    assert alarm.reasons[1].startswith("Share of dismissed tips: not surely worse")
    assert alarm.numbers["reward_change"] == pytest.approx(
        alarm.numbers["reward_promoted"] - alarm.numbers["reward_earlier"]
    )
    assert alarm.numbers["reward_change"] < alarm.numbers["reward_change_bound"] < 0.0


def test_more_dismissals_alone_are_harm():
    alarm = watch(stream(0.3, 0.1), stream(0.3, 0.3, seed=1))
    assert alarm.roll_back
    assert "Share of dismissed tips: worse" in alarm.reasons[1]


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_each_of_the_two_metrics_has_half_of_alpha(alpha):
    before, after = stream(0.3, 0.2), stream(0.2, 0.25, seed=1)
    numbers = watch(before, after, alpha=alpha).numbers
    person = np.concatenate((before.person, after.person))
    is_after = np.repeat((0.0, 1.0), (before.person.size, after.person.size))
    for name, good in (("reward", 1.0), ("dismissed", -1.0)):
        values = np.concatenate((getattr(before, name), getattr(after, name))).astype(float)
        change = spread(
            [
                Ratio(values * is_after, is_after),
                Ratio(values * (1.0 - is_after), 1.0 - is_after, sign=-1.0),
            ],
            person,
        )
        bound = change.value + good * one_sided(change, alpha / 2.0)
        assert numbers[f"{name}_change_bound"] == pytest.approx(bound, abs=1e-12)


def test_better_and_alike_are_no_harm():
    assert not watch(stream(0.0, 0.3), stream(0.3, 0.1, seed=1)).roll_back
    assert not watch(stream(0.3, 0.2), stream(0.3, 0.2, seed=1)).roll_back


def test_what_is_tolerated_is_no_harm():
    before, after = stream(0.3, 0.1), stream(0.1, 0.25, seed=1)
    assert watch(before, after).roll_back
    assert not watch(before, after, reward_tolerance=0.3, dismiss_tolerance=0.3).roll_back


@pytest.mark.parametrize(("people", "each"), [(19, 50), (30, 3), (0, 0)])
def test_with_too_little_there_is_no_alarm_yet(people, each):
    for streams in (
        (stream(1.0, 0.0), stream(-1.0, 1.0, people, each)),
        (stream(1.0, 0.0, people, each), stream(-1.0, 1.0)),
    ):
        alarm = watch(*streams)
        assert not alarm.roll_back
        assert alarm.reasons[0].startswith("Too early")


def test_unusable_numbers_are_refused():
    good = stream(0.0, 0.1)
    with pytest.raises(ValueError, match="length"):
        Stream(good.reward[1:], good.dismissed, good.person, good.weekday)
    with pytest.raises(ValueError, match="length"):
        Stream(good.reward, good.dismissed, good.person, good.weekday[1:])
    with pytest.raises(ValueError, match="within"):
        Stream(good.reward * np.nan, good.dismissed, good.person, good.weekday)


def test_the_boundary_is_crossed_at_most_as_often_as_promised():
    """By sums of independent rewards, where the boundary is at its tightest."""
    rng = np.random.default_rng(0)
    looks = np.unique(np.geomspace(50, 20_000, 60).astype(int))
    paths = rng.standard_normal((2000, looks[-1])).cumsum(axis=1)[:, looks - 1] / looks
    spreads = [Spread(0.0, 1.0 / np.sqrt(n), 1e7, int(n)) for n in looks]
    two = np.array([radius(found, 0.05) for found in spreads])
    one = np.array([one_sided(found, 0.05) for found in spreads])
    assert 0.01 < (np.abs(paths) > two).any(axis=1).mean() <= 0.05
    assert 0.01 < (paths > one).any(axis=1).mean() <= 0.05
    assert (np.abs(paths) > 1.96 / np.sqrt(looks)).any(axis=1).mean() > 0.3


def test_few_degrees_of_freedom_move_the_boundary_out():
    assert studentised(3.0, 1e7) == pytest.approx(3.0, rel=1e-4)
    assert studentised(3.0, 20.0) > 3.4
    assert studentised(9.0, 20.0) > studentised(6.0, 20.0)
    assert radius(Spread(0.0, 0.0, 5.0, 9), 0.05) == np.inf
    for alpha, planned in ((0.0, 0.1), (1.0, 0.1), (0.05, 0.0)):
        with pytest.raises(ValueError, match="no boundary"):
            radius(Spread(0.0, 0.1, 5.0, 9), alpha, planned=planned)


@pytest.mark.parametrize("freedom", [5.0, 20.0])
@pytest.mark.parametrize("boundary", [radius, one_sided])
def test_a_boundary_is_that_of_students_distribution(boundary, freedom):
    """As improbable by Student's distribution as the boundary of a known error is by the normal."""
    error = 0.04
    normal = boundary(Spread(0.0, error, 1e12, 99), 0.05) / error
    expected = error * stats.t.isf(stats.norm.sf(normal), freedom)
    found = boundary(Spread(0.0, error, freedom, 21), 0.05)
    assert found == pytest.approx(expected, rel=1e-4)
    assert found > 1.1 * error * normal


def test_false_alarms_over_a_month_of_looking():
    share, _ = studies.guard_alarms(runs=100, seed=4, looks=30)
    assert share <= 0.05


def test_real_harm_is_seen_within_days():
    share, day = studies.guard_alarms(runs=20, seed=5, worse=0.1)
    assert share == 1.0
    assert day <= 3.0


def test_a_harmless_promotion_on_a_friday_night_is_not_blamed_for_the_weekend():
    """People like tips less at weekends; four weeks before the promotion held five days of seven."""
    shares = [
        studies.promoted_on_a_friday(runs=40, seed=6, people=people, weekend=0.1)
        for people in (100, 300)
    ]
    assert max(shares) <= 0.05


def test_harm_that_begins_on_a_friday_night_is_seen_before_monday():
    assert studies.promoted_on_a_friday(runs=10, seed=7, people=300, weekend=0.1, worse=0.3) == 1.0


def test_on_weekdays_alike_the_change_is_what_it_is_and_weekdays_without_their_like_are_left_out():
    people, days = np.repeat(np.arange(40), 14), np.tile(np.arange(14) % 7, 40)
    mood = np.where(days >= 5, -0.4, 0.3) + np.linspace(-0.01, 0.01, people.size)
    before = Stream(mood, mood > 1, people, days)
    weekend = days >= 5
    after = Stream(mood[weekend] - 0.05, mood[weekend] > 1, people[weekend], days[weekend])
    found = watch(before, after)
    assert found.numbers["reward_change"] == pytest.approx(-0.05, abs=1e-9)
    assert found.numbers["reward_earlier"] == pytest.approx(mood[weekend].mean())
    assert found.numbers["earlier_decisions"] == weekend.sum()
    week = Stream(mood[~weekend], mood[~weekend] > 1, people[~weekend], days[~weekend])
    assert watch(week, after).reasons[0].startswith("Too early: 0 people")
