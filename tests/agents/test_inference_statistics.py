"""The statistics against scipy's, and against brute force where scipy has none."""

import math
from datetime import date, datetime
from itertools import product
from random import Random
from statistics import stdev
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from agents.inference import statistics as ours
from agents.inference import words
from agents.inference.days import is_quiet, minutes_between, per_day, sittings

numbers = st.lists(st.integers(0, 50), min_size=2, max_size=60)


@settings(max_examples=300, deadline=None)
@given(of=st.integers(0, 5000), share=st.floats(0.001, 0.999), data=st.data())
def test_the_tail_of_the_binomial_is_the_one_of_scipy(of, share, data):
    hits = data.draw(st.integers(-1, of + 2))
    assert ours.at_least(hits, of, share) == pytest.approx(
        stats.binom.sf(hits - 1, of, share), abs=1e-9
    )


def test_a_tail_of_certain_and_of_impossible_tries_is_what_it_must_be():
    assert ours.at_least(1, 5, 0.0) == 0
    assert ours.at_least(5, 5, 1.0) == 1
    assert ours.at_least(6, 5, 1.0) == 0
    assert ours.at_least(0, 0, 0.5) == 1


@given(z=st.floats(-9, 9))
def test_the_normal_distribution_is_the_one_of_scipy(z):
    assert ours.normal(z) == pytest.approx(stats.norm.cdf(z), abs=1e-12)


@given(values=numbers, share=st.floats(0.01, 1))
def test_a_quantile_is_a_value_that_the_share_does_not_exceed_and_no_smaller_one_would_do(
    values, share
):
    found = ours.nearest_rank(values, share)
    assert found in values
    assert sum(one <= found for one in values) >= share * len(values) - 1e-6
    assert sum(one < found for one in values) < share * len(values)


@given(values=numbers)
def test_middle_mean_and_spread_are_those_of_others(values):
    assert ours.median(values) == stats.scoreatpercentile(values, 50)
    assert ours.mean(values) == pytest.approx(stats.tmean(values))
    assert ours.stdev(values) == pytest.approx(stdev(values))


@given(sample=numbers, value=st.integers(0, 80))
def test_a_robust_z_is_the_deviation_in_normal_mads(sample, value):
    scale = stats.median_abs_deviation(sample, scale="normal")
    found = ours.robust_z(value, sample, ours.median(sample))
    if scale == 0:
        assert found is None
    else:
        assert found == pytest.approx((value - ours.median(sample)) / scale, rel=1e-4)


@given(data=st.data(), count=st.integers(3, 40))
def test_the_rank_correlation_is_spearmans_of_scipy_ties_and_all(data, count):
    column = st.lists(st.integers(0, 9), min_size=count, max_size=count)
    xs, ys = data.draw(column), data.draw(column)
    assert ours.ranks(xs) == list(stats.rankdata(xs))
    found = ours.rank_correlation(xs, ys)
    if len(set(xs)) == 1 or len(set(ys)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(xs, ys).statistic)


@given(counts=st.lists(st.integers(0, 9), min_size=24, max_size=24))
def test_the_longest_run_is_the_longest_there_is_on_the_circle(counts):
    begins, ends, inside = ours.longest_run(counts)
    baseline = sum(counts) / 24
    runs = [
        (length, -sum(counts[(start + n) % 24] for n in range(length)), -start)
        for start, length in product(range(24), range(1, 24))
        if all(counts[(start + n) % 24] < baseline for n in range(length))
    ]
    assume(runs)
    length, emptiness, start = max(runs)
    assert ((ends - begins) % 24, -inside, -begins) == (length, emptiness, start)


def test_no_hour_is_below_the_mean_when_all_are_alike():
    assert ours.longest_run([3] * 24) == (0, 0, 0)


def test_every_run_below_the_mean_is_found_also_the_one_across_the_end_of_the_circle():
    assert ours.runs([1, 9, 9, 0, 2, 9, 9, 0]) == [(3, 5, 2), (7, 1, 1)]
    assert ours.runs([3] * 24) == []


def test_how_sure_a_peak_is_falls_with_how_many_it_was_picked_from():
    assert ours.stands_out(20, 60, 1 / 8, among=8) > 0.99
    assert ours.stands_out(9, 60, 1 / 8, among=8) == 0  # once in five spreads of eight parts
    assert ours.stands_out(15, 60, 1 / 8, among=1) > ours.stands_out(15, 60, 1 / 8, among=8)


def test_of_even_spreads_about_as_few_stand_out_as_is_said():
    """No more than one in five of a thousand people without a habit seems to have one at 0.8."""
    rng = Random(1)
    wrong = 0
    for _ in range(1000):
        counts = [0] * 8
        for _ in range(60):
            counts[rng.randrange(8)] += 1
        wrong += ours.stands_out(max(counts), 60, 1 / 8, among=8) >= 0.8
    assert wrong <= 200


def test_how_sure_a_median_is_holds_the_real_one_as_often_as_is_said():
    rng = Random(2)
    said, held = 0.0, 0
    for _ in range(1500):
        values = [rng.gauss(0, 1) for _ in range(25)]
        # The interval between the 9th and the 17th of them, as if it had been asked for.
        low, high = sorted(values)[8], sorted(values)[16]
        said += ours.quantile_within(values, 0.5, low, high)
        held += low <= 0 <= high
    assert said / 1500 == pytest.approx(held / 1500, abs=0.05)


def test_how_sure_a_quantile_is_between_two_values_is_counted_exactly():
    # Of five, two or three below the real middle of all: 10 + 10 of 32 ways to fall.
    assert ours.quantile_within([1, 2, 3, 4, 5], 0.5, 2, 4) == pytest.approx(20 / 32)
    assert ours.quantile_within([3, 3, 3], 0.5, 3, 3) == pytest.approx(6 / 8)
    assert ours.quantile_within([1, 2, 3], 0.5, 7, 9) == 0


def test_a_correlation_as_large_as_its_error_says_is_rare_where_there_is_none():
    rng = Random(3)
    false = 0
    for _ in range(1000):
        xs, ys = ([rng.random() for _ in range(40)] for _ in range(2))
        shifted, error = ours.rank_correlation_error(ours.rank_correlation(xs, ys), 40)
        false += abs(shifted) >= 1.96 * error
    assert false == pytest.approx(50, abs=25)


def test_what_is_done_on_one_day_counts_as_one_however_much_it_is():
    assert ours.above_nothing([50]) == 0.5
    assert ours.above_nothing([1, 1, 1]) == 0.875
    assert ours.above_nothing([-1, -1]) == ours.above_nothing([0, 0, 0]) == 0.5
    assert ours.above_nothing([50, -1, -1, -1]) < 0.9
    assert ours.above_nothing([2, 1, 2, 1]) > 0.99


def test_a_change_is_counted_in_standard_errors():
    assert ours.change_z([1, 1, 1], [1, 1]) is None
    assert ours.change_z([0, 2] * 8, [10, 12] * 4) > 4
    assert ours.change_z([10, 12] * 4, [0, 2] * 8) < -4
    before, after = [1, 2, 3, 4], [3, 5]
    spread = stdev(before + after)
    assert ours.change_z(before, after) == pytest.approx(1.5 / (spread * math.sqrt(1 / 4 + 1 / 2)))


BERLIN = ZoneInfo("Europe/Berlin")


def test_the_hour_that_comes_twice_and_the_one_that_never_comes_count_as_they_pass():
    before, after = (datetime(2026, 10, 25, hour, 30, tzinfo=BERLIN) for hour in (1, 4))
    assert minutes_between(before, after) == 240
    before, after = (datetime(2026, 3, 29, hour, 30, tzinfo=BERLIN) for hour in (1, 4))
    assert minutes_between(before, after) == 120
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    assert minutes_between(first, first.replace(fold=1)) == 60


def test_days_are_counted_one_by_one_and_sittings_once():
    moments = [datetime(2026, 3, day, hour, tzinfo=BERLIN) for day, hour in
               ((28, 9), (28, 9), (30, 23), (31, 0))]  # fmt: skip
    assert per_day(moments, date(2026, 3, 28), date(2026, 3, 31)) == [2, 0, 1, 1]
    assert len(sittings(moments)) == 3


def test_quiet_hours_may_span_midnight_or_be_none_at_all():
    assert [h for h in range(24) if is_quiet(h, start=22, end=7)] == [*range(7), 22, 23]
    assert [h for h in range(24) if is_quiet(h, start=1, end=5)] == [1, 2, 3, 4]
    assert not any(is_quiet(h, start=8, end=8) for h in range(24))


def test_numbers_read_as_people_write_them():
    assert [words.number(one) for one in (2.0, 2.44, 0.25)] == ["2", "2.4", "0.2"]
    assert [words.duration(one) for one in (0, 45, 60, 430, 1439.6)] == [
        "0 min", "45 min", "1 h", "7 h 10 min", "24 h",
    ]  # fmt: skip
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b"]) == "a and b"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.clock(24) == "0:00"
    assert words.day("2026-03-01") == "1 March 2026"
    assert (words.some(1, "day", "days"), words.some(2, "day", "days")) == ("1 day", "2 days")
