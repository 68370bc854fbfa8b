"""Drift: an alarm for what has really changed, and next to none for people being people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from recommender.evaluation.drift import (
    FLIPS,
    Look,
    Shift,
    Window,
    alarms,
    benjamini_hochberg,
    compare,
)
from recommender.evaluation.log import TooLittleData
from tests.recommender.evaluation import studies


def pair(seed=0, people=30, **recent):
    rng = np.random.default_rng(seed)
    reference = studies.window(np.random.default_rng(1), rng, people, 3, 0, 28)
    return reference, studies.window(np.random.default_rng(1), rng, people, 3, 28, 35, **recent)


def test_a_planted_shift_is_flagged_and_nothing_else():
    look = compare(*pair(shift=0.8), np.random.default_rng(0))
    assert [shift.name for shift in look.shifts if shift.flagged] == ["age"]
    assert (look.begin, look.end, look.people) == (28, 35, 30)


def test_of_two_statistics_the_smaller_p_value_counts_doubled():
    """As large as no exchange of windows makes it: 1 / (flips + 1) for either, and two were tried."""
    look = compare(*pair(shift=2.0), np.random.default_rng(0))
    found = {shift.name: shift.p_value for shift in look.shifts}
    assert found["age"] == 2.0 / (FLIPS + 1.0)
    assert max(found.values()) <= 1.0


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    reference, recent = pair(shift=0.8)
    look = compare(reference, recent, np.random.default_rng(0))
    for shift in look.shifts:
        if np.unique(reference.values[shift.name]).size < 10:  # in bins, else, it is a little less
            expected = stats.ks_2samp(reference.values[shift.name], recent.values[shift.name])
            assert shift.distance == pytest.approx(expected.statistic, abs=1e-12)


def test_the_index_is_the_sum_of_its_definition():
    reference, recent = pair()
    found = {s.name: s.psi for s in compare(reference, recent, np.random.default_rng(0)).shifts}
    shares = [
        (np.array([(w.values["overdue"] == v).sum() for v in (0, 1)]) + 0.5) / (w.person.size + 1.0)
        for w in (reference, recent)
    ]
    expected = ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()
    assert found["overdue"] == pytest.approx(expected, abs=1e-12)


def test_a_value_never_seen_before_is_a_shift():
    reference, recent = pair()
    values = {**recent.values, "overdue": np.full(recent.person.size, 7.0)}
    look = compare(reference, replace(recent, values=values), np.random.default_rng(0))
    assert "overdue" in [shift.name for shift in look.shifts if shift.flagged]


def test_what_is_constant_does_not_shift():
    reference, recent = pair()
    windows = [
        replace(w, values={**w.values, "age": np.ones(w.person.size)}) for w in (reference, recent)
    ]
    shift = next(s for s in compare(*windows, np.random.default_rng(0)).shifts if s.name == "age")
    assert (shift.psi, shift.distance, shift.p_value) == (0.0, 0.0, 1.0)


def test_one_loud_person_is_no_drift():
    """Each of 30 people as before, but one of them is here ten times as often."""
    reference, recent = pair()
    loud = np.repeat(np.arange(recent.person.size), np.where(recent.person == 3, 10, 1))
    recent = replace(
        recent, person=recent.person[loud], values={k: v[loud] for k, v in recent.values.items()}
    )
    look = compare(reference, recent, np.random.default_rng(0))
    assert not any(shift.flagged for shift in look.shifts)


def test_what_is_not_known_is_left_out():
    reference, recent = pair(shift=0.8)
    holes = recent.values["age"].copy()
    holes[::2] = np.nan
    look = compare(
        reference, replace(recent, values={**recent.values, "age": holes}), np.random.default_rng(0)
    )
    assert all(np.isfinite([s.psi, s.distance, s.p_value]).all() for s in look.shifts)
    assert "age" in [shift.name for shift in look.shifts if shift.flagged]


def test_too_little_is_refused():
    with pytest.raises(TooLittleData, match="people: 10 needed"):
        compare(*pair(people=8), np.random.default_rng(0))
    reference, recent = pair()
    values = {**recent.values, "age": np.full(recent.person.size, np.nan)}
    with pytest.raises(TooLittleData, match="with age"):
        compare(reference, replace(recent, values=values), np.random.default_rng(0))


def test_windows_that_can_not_be_compared_are_refused():
    reference, recent = pair()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="overlap"):
        compare(reference, replace(recent, begin=27), rng)
    with pytest.raises(ValueError, match="different"):
        compare(reference, replace(recent, values={"age": recent.values["age"]}), rng)
    with pytest.raises(ValueError, match="ends"):
        replace(recent, end=28)
    with pytest.raises(ValueError, match="length"):
        Window({"age": np.ones(3)}, np.arange(4), 0, 7)
    with pytest.raises(ValueError, match="infinite"):
        Window({"age": np.array([1.0, np.inf])}, np.arange(2), 0, 7)


@pytest.mark.parametrize("q", [0.05, 0.3])
def test_benjamini_and_hochberg_are_scipys(q):
    p_values = np.random.default_rng(0).random(50) ** 3
    expected = stats.false_discovery_control(p_values) <= q
    assert np.array_equal(benjamini_hochberg(p_values, q), expected)


def seen(begin, *names):
    shifts = (Shift(n, 0.3, 0.3, 0.001, n in names) for n in ("age", "hour"))
    return Look(begin, begin + 7, tuple(shifts), 30)


def test_an_alarm_needs_two_looks_at_different_days():
    assert alarms([]) == ()
    assert alarms([seen(0, "age")]) == ()
    assert alarms([seen(0, "age"), seen(7, "age")]) == ("age",)
    assert alarms([seen(0, "age"), seen(1, "age")]) == ()  # six of seven days are the same
    assert alarms([seen(0, "age"), *(seen(k) for k in range(1, 7)), seen(7, "age")]) == ("age",)
    assert alarms([seen(0, "age"), seen(7, "hour")]) == ()
    assert alarms([seen(0, "age"), seen(7), seen(14, "age")]) == ()


def test_half_a_year_without_drift_is_half_a_year_without_alarms():
    flagged, alarmed, looks, _ = studies.drift_alarms(worlds=4, weeks=26, seed=8)
    assert looks == 104
    assert flagged <= 5
    assert alarmed == 0


def test_planted_drift_is_alarmed_within_two_weeks():
    _, _, _, found = studies.drift_alarms(worlds=10, weeks=2, seed=9, shift=0.6)
    assert found >= 9
