import json
import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.bandit.features import (
    FEATURE_SETS,
    FEATURES,
    KINDS,
    V1,
    V1_SMALL,
    V2,
    V3,
    Facts,
    Feature,
    FeatureSet,
    Moment,
    named,
    vectorise,
)

# A cold cache or a busy machine makes a first example slow, which says nothing of the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.builds(Moment, st.datetimes(timezones=zones), st.none() | st.floats())
facts = st.builds(
    Facts,
    kind=st.sampled_from(KINDS),
    is_overdue=st.booleans(),
    is_due_today=st.booleans(),
    age_days=st.none() | st.floats(),
    priority=st.none() | st.integers(),
)
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.sampled_from([10**400, -(10**400)]),
    st.sampled_from(["", "3", "soon", "nan", "1e999", "\0"]),
    st.just([1.0]),
)
any_rows = st.lists(st.dictionaries(st.sampled_from(sorted(FEATURES)), anything), max_size=8)
NOON = Moment(datetime(2026, 3, 2, 12, tzinfo=UTC))  # a Monday


def column(name: str, *values: object) -> list[float]:
    X = vectorise([{name: value} for value in values], V1)
    return X[:, V1.names.index(name)].tolist()


def test_version_one_is_seven_features_in_this_order():
    assert V1.names == (
        "is_overdue",
        "task_age_days",
        "priority",
        "hour_sin",
        "hour_cos",
        "weekday_sin",
        "weekday_cos",
    )
    assert (V1.width, V1_SMALL.width) == (7, 5)
    assert FEATURE_SETS == {"v1": V1, "v1-small": V1_SMALL, "v2": V2, "v3": V3}


@unhurried
@given(rows=any_rows, feature_set=st.sampled_from([V1, V1_SMALL, V2, V3]))
def test_whatever_a_row_holds_the_vector_is_finite_and_within_one(rows, feature_set):
    X = vectorise(rows, feature_set)
    assert X.shape == (len(rows), feature_set.width)
    assert X.dtype == np.float64
    assert np.isfinite(X).all()
    assert (np.abs(X) <= 1).all()


@unhurried
@given(facts=facts, moment=moments)
def test_named_values_are_registered_and_survive_json(facts, moment):
    raw = named(facts, moment)
    assert set(raw) <= set(FEATURES)
    assert all(type(value) is float and math.isfinite(value) for value in raw.values())
    stored = json.loads(json.dumps(raw))
    assert vectorise([stored], V3).tobytes() == vectorise([raw], V3).tobytes()


@unhurried
@given(one=st.floats(0, 365), other=st.floats(0, 365))
def test_scaling_keeps_the_order_of_ages(one, other):
    young, old = sorted((one, other))
    scaled = column("task_age_days", young, old)
    assert 0 <= scaled[0] <= scaled[1] <= 1


def test_priority_and_age_are_scaled_as_documented():
    assert column("priority", 1, 2, 3, 4) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert column("task_age_days", 0, 9, 365) == pytest.approx([0, math.log(10) / math.log(366), 1])


def test_what_is_out_of_range_is_clipped():
    assert column("task_age_days", -5, 10**400, math.inf, -math.inf) == [0, 1, 1, 0]
    assert column("priority", 0, 9, -(10**400)) == [0, 1, 0]
    assert column("is_overdue", True, 7, "1") == [1, 1, 1]


def test_what_is_missing_is_read_as_what_the_rule_ranks_last():
    for missing in (None, math.nan, "soon", [1.0]):
        assert column("is_overdue", missing) == [0]
        assert column("task_age_days", missing) == [1]
        assert column("priority", missing) == [0]
        assert column("hour_cos", missing) == [0]
    assert vectorise([{}], V1).tolist() == [[0, 1, 0, 0, 0, 0, 0]]


def test_one_unreadable_cell_does_not_change_the_others():
    clean = {"is_overdue": 1.0, "priority": 3.0, "task_age_days": 4.0}
    both = vectorise([clean, clean | {"priority": "high"}], V1)
    assert both[0].tolist() == vectorise([clean], V1)[0].tolist()
    assert both[1, [0, 1]].tolist() == both[0, [0, 1]].tolist()


def test_no_rows_give_an_empty_matrix():
    assert vectorise([], V1).shape == (0, 7)


def test_a_known_candidate_at_a_known_moment():
    raw = named(Facts("task", is_overdue=True, age_days=3.5, priority=4), NOON)
    assert raw == pytest.approx(
        {
            "is_tip": 1,
            "is_overdue": 1,
            "is_due_today": 0,
            "task_age_days": 3.5,
            "priority": 4,
            "hour_sin": 0,
            "hour_cos": -1,
            "weekday_sin": 0,
            "weekday_cos": 1,
            "is_weekend": 0,
            "meeting_soon": 0,
            "kind_task": 1,
        }
    )


def test_what_is_unknown_is_left_out():
    raw = named(Facts("advice", age_days=math.nan), NOON)
    assert "priority" not in raw
    assert "task_age_days" not in raw
    assert raw["kind_advice"] == 1.0
    assert "kind_task" not in raw


@unhurried
@given(moment=moments)
def test_hour_and_weekday_lie_on_the_unit_circle(moment):
    raw = named(Facts("insight"), moment)
    assert math.hypot(raw["hour_sin"], raw["hour_cos"]) == pytest.approx(1)
    assert math.hypot(raw["weekday_sin"], raw["weekday_cos"]) == pytest.approx(1)


def test_midnight_is_next_to_the_last_minute_of_the_day():
    late = named(Facts("task"), Moment(datetime(2026, 3, 2, 23, 59, tzinfo=UTC)))
    early = named(Facts("task"), Moment(datetime(2026, 3, 3, 0, 0, tzinfo=UTC)))
    assert late["hour_sin"] == pytest.approx(early["hour_sin"], abs=0.005)
    assert late["hour_cos"] == pytest.approx(early["hour_cos"], abs=0.005)


def test_the_hour_is_the_users_own():
    tokyo = Moment(NOON.local.astimezone(timezone(timedelta(hours=9))))
    assert named(Facts("task"), tokyo)["hour_sin"] == pytest.approx(math.sin(2 * math.pi * 21 / 24))


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware|zone"):
        Moment(NOON.local.replace(tzinfo=None))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind"):
        Facts("poem")


@pytest.mark.parametrize("names", [(), ("mood",), ("priority", "priority")])
def test_a_feature_set_of_unknown_or_repeated_names_is_refused(names):
    with pytest.raises(ValueError, match="feature set"):
        FeatureSet("v9", names)


@pytest.mark.parametrize(
    ("low", "high", "missing"), [(1, 1, 1), (0, math.inf, 0), (math.nan, 1, 0), (0, 1, 2)]
)
def test_a_feature_of_impossible_bounds_is_refused(low, high, missing):
    with pytest.raises(ValueError, match="broken"):
        Feature("broken", low, high, "nothing", missing=missing)


@pytest.mark.parametrize("cell", [[1.0], [1.0, 2.0], []])
def test_a_row_in_which_every_fact_is_a_list_is_one_of_facts_unknown(cell):
    row = dict.fromkeys(V1.read, cell)
    assert np.array_equal(vectorise([row, row], V1), vectorise([{}, {}], V1))
