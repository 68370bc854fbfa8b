"""Is a population that turned told from one that had a bad day?"""

import math

import numpy as np
import pytest

from recommender.bandit.choose import seeded
from recommender.bandit.turn import LEAST_PEOPLE, Days, turned


def days(people: int, mean: float, rng: np.random.Generator, *, each: int = 5) -> Days:
    """Differences of people who share their day: part of each one's luck is common to it."""
    own = rng.normal(0, 0.15, people)
    return Days(each * (mean + own) + rng.normal(0, 0.5 * math.sqrt(each), people), [each] * people)


def week(people: int, mean: float, rng: np.random.Generator) -> Days:
    return days(people, mean, rng, each=35)


def test_a_day_on_which_everyone_falls_short_is_a_turn():
    rng = seeded(1)
    for people in (60, 300, 5000):
        verdict = turned(
            days(people, -0.35, rng), week(people, -0.05, rng), days(people, -0.05, rng)
        )
        assert verdict.turned
        assert verdict.mean == pytest.approx(-0.3, abs=4 * verdict.error)


def test_a_thousand_ordinary_days_hold_no_turn():
    """Also where what is expected is always too much, as it is of newcomers by a rule."""
    rng = seeded(2)
    for people in (20, 60, 300, 5000):
        for usual in (0.0, -0.3):
            for _ in range(125):
                day = days(people, usual - 0.03, rng)
                same = days(people, usual, rng)
                assert not turned(day, week(people, usual, rng), same).turned


def test_however_many_people_a_small_fall_is_left_to_be_learned():
    rng = seeded(3)
    week_before, same = week(200_000, 0.0, rng), days(200_000, 0.0, rng)
    assert not turned(days(200_000, -0.07, rng), week_before, same).turned


def test_a_rise_is_no_turn():
    rng = seeded(4)
    assert not turned(days(300, 0.4, rng), week(300, 0.0, rng), days(300, 0.0, rng)).turned


def test_one_person_s_dreadful_day_is_no_turn():
    rng = seeded(5)
    day = days(40, 0.0, rng)
    day = Days([-200.0, *day.difference[1:]], [200, *day.count[1:]])
    assert not turned(day, week(40, 0.0, rng), days(40, 0.0, rng)).turned


def test_a_handful_of_people_is_no_population_and_the_first_week_no_week_before():
    rng = seeded(6)
    few, many = days(LEAST_PEOPLE - 1, -0.9, rng), week(100, 0.0, rng)
    assert not turned(few, many, many).turned
    assert turned(few, many, many).people == LEAST_PEOPLE - 1
    none = Days([], [])
    assert not turned(days(100, -0.9, rng), none, none).turned
    assert turned(days(100, -0.9, rng), many, few).people == LEAST_PEOPLE - 1
    assert not turned(days(100, -0.9, rng), many, none).turned


def test_a_weekend_that_falls_short_of_the_week_as_the_last_one_did_is_no_turn():
    """At weekends most is less welcome than was learned of all days: that is no turn, but a weekend."""
    rng = seeded(8)
    saturday, before, last = days(300, -0.3, rng), week(300, -0.05, rng), days(300, -0.3, rng)
    assert not turned(saturday, before, last).turned
    assert turned(saturday, before, days(300, -0.05, rng)).turned


def test_hostile_numbers_are_refused():
    for difference, count in [([math.nan] * 3, [1] * 3), ([0.0] * 3, [0] * 3), ([0.0], [1, 2])]:
        with pytest.raises(ValueError, match=r"finite|fit"):
            Days(difference, count)


def test_two_days_of_few_people_tell_what_one_does_not():
    rng = seeded(7)
    alone = together = 0
    for _ in range(60):
        first, second, before = days(60, -0.15, rng), days(60, -0.15, rng), week(60, 0.0, rng)
        same, eve = days(60, 0.0, rng), days(60, 0.0, rng)
        alone += turned(second, before, same).turned
        together += turned(second + first, before, same + eve).turned
    assert together > alone + 8


def test_two_ordinary_days_hold_no_turn_either():
    rng = seeded(8)
    for _ in range(300):
        two = days(60, -0.03, rng) + days(60, -0.03, rng)
        same = days(60, 0.0, rng) + days(60, 0.0, rng)
        assert not turned(two, week(60, 0.0, rng), same).turned
