"""Feature sets with products, decisions as they are stored, silence, and odd clocks."""

import json
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.bandit.features import (
    FEATURE_SETS,
    FEATURES,
    MEETING_SOON_MINUTES,
    V1,
    V1_SMALL,
    V2,
    V3,
    Facts,
    FeatureSet,
    Moment,
    named,
    silence,
    vectorise,
    vectorise_columns,
)

# A cold cache or a busy machine makes a first example slow, which says nothing of the code.
fewer = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])

SETS = list(FEATURE_SETS.values())
every_set = pytest.mark.parametrize("feature_set", SETS, ids=lambda s: s.version)
cells = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.sampled_from([10**400, -(10**400), "", "3", "soon", "nan", "1e999"]),
)
any_rows = st.lists(
    st.dictionaries(st.sampled_from(sorted(FEATURES)), cells), min_size=1, max_size=6
)
NOON = Moment(datetime(2026, 3, 2, 12, tzinfo=UTC))  # a Monday


def as_columns(rows: list[dict[str, object]]) -> dict[str, object]:
    """As a decision stores them: one value where all rows have the same."""
    packed: dict[str, object] = {}
    for name in {name for row in rows for name in row}:
        column = [row.get(name) for row in rows]
        alike = all(cell is column[0] for cell in column)
        packed[name] = column[0] if alike else column
    return packed


def test_the_widths_are_those_that_policies_are_named_for():
    assert [s.width for s in (V1_SMALL, V1, V2, V3)] == [5, 7, 12, 36]
    assert [s.silence for s in (V1_SMALL, V1, V2, V3)] == [False, False, True, True]


@every_set
def test_every_column_has_a_label_of_its_own(feature_set):
    assert len(set(feature_set.labels)) == len(feature_set.labels) == feature_set.width
    assert set(feature_set.read) == {
        part for label in feature_set.labels for part in label.split("*")
    }


@every_set
@fewer
@given(rows=any_rows)
def test_columns_give_the_matrix_that_rows_give(feature_set, rows):
    by_columns = vectorise_columns(as_columns(rows), len(rows), feature_set)
    by_rows = vectorise(rows, feature_set)
    assert by_columns.shape == by_rows.shape
    # Bit for bit: a decision is made from rows and made again from columns.
    assert by_columns.tobytes() == by_rows.tobytes()


def test_columns_that_were_stored_as_json_give_the_same_matrix():
    rows = [named(Facts("task", True, 3.7, 2), NOON), named(Facts("advice"), NOON), silence(NOON)]
    stored = json.loads(json.dumps(as_columns(rows)))
    assert vectorise_columns(stored, 3, V3).tobytes() == vectorise(rows, V3).tobytes()


def test_one_number_stands_for_all_rows_and_an_array_is_a_column_too():
    X = vectorise_columns({"priority": 4, "task_age_days": np.array([0.0, 365.0])}, 2, V1)
    assert X[:, 1].tolist() == [0, 1]
    assert X[:, 2].tolist() == [1, 1]


def test_no_rows_in_columns_give_an_empty_matrix():
    assert vectorise_columns({}, 0, V3).shape == (0, 36)


@pytest.mark.parametrize("column", [[1.0], [1.0, 2.0, 3.0], (), np.ones(5)])
def test_a_column_of_another_length_is_refused(column):
    with pytest.raises(ValueError, match="priority"):
        vectorise_columns({"priority": column}, 2, V3)


def test_a_product_is_the_two_scaled_values_multiplied():
    X = vectorise(
        [named(Facts("task", True, 20.0, 2), Moment(datetime(2026, 3, 7, 8, tzinfo=UTC)))], V3
    )
    value = dict(zip(V3.labels, X[0], strict=True))
    moment = vectorise([silence(Moment(datetime(2026, 3, 7, 8, tzinfo=UTC)))], V2)[0]
    when = dict(zip(V2.names, moment, strict=True))
    products = [label for label in V3.labels if "*" in label]
    assert len(products) == 27
    for label in products:
        what, at = label.split("*")
        assert value[label] == value[what] * when[at]
    assert value["priority*hour_sin"] != 0


def test_products_can_change_the_order_that_a_moment_alone_can_not():
    rows = [
        [
            named(Facts("task", priority=p), Moment(datetime(2026, 3, 2, hour, tzinfo=UTC)))
            for p in (1, 4)
        ]
        for hour in (6, 18)
    ]
    apart_v2 = [np.subtract(*vectorise(pair, V2)) for pair in rows]
    apart_v3 = [np.subtract(*vectorise(pair, V3)) for pair in rows]
    assert apart_v2[0].tolist() == apart_v2[1].tolist()
    assert apart_v3[0].tolist() != apart_v3[1].tolist()


@pytest.mark.parametrize("products", [(("priority", "mood"),), (("priority", "hour_sin"),) * 2])
def test_a_product_of_unknown_or_repeated_names_is_refused(products):
    with pytest.raises(ValueError, match="product"):
        FeatureSet("v9", ("priority",), products)


@pytest.mark.parametrize("feature_set", [V2, V3], ids=lambda s: s.version)
@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_silence_has_columns_of_its_own_and_no_candidates(feature_set, hour):
    moment = Moment(datetime(2026, 3, 7, hour, 20, tzinfo=UTC), 5)
    X = vectorise([silence(moment), named(Facts("task", True, 3.0, 4, True), moment)], feature_set)
    quiet, spoken = (dict(zip(feature_set.labels, x, strict=True)) for x in X)
    assert quiet["is_silence"] == 1
    assert spoken["is_silence"] == 0
    alone = {name: value for name, value in quiet.items() if value and name not in V2.names[8:]}
    assert {name.split("*")[0] for name in alone} == {"is_silence"}
    assert not any(value for name, value in spoken.items() if name.startswith("is_silence"))


def test_a_meeting_is_soon_from_a_quarter_of_an_hour_before_until_it_ends():
    def soon(minutes):
        return named(Facts("task"), Moment(NOON.local, minutes))["meeting_soon"]

    assert MEETING_SOON_MINUTES == 15
    assert [soon(m) for m in (None, 15.01, 15, 3, 0, -40)] == [0, 0, 1, 1, 1, 1]
    assert [soon(m) for m in (float("nan"), float("inf"), float("-inf"))] == [0, 0, 1]


def test_saturday_and_sunday_are_the_weekend_of_the_users_own_zone():
    friday = datetime(2026, 3, 6, 20, tzinfo=UTC)
    assert named(Facts("task"), Moment(friday))["is_weekend"] == 0
    auckland = Moment(friday.astimezone(timezone(timedelta(hours=13))))
    assert named(Facts("task"), auckland)["is_weekend"] == 1


AT_ODDS = [
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-14))),
    datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=timezone(timedelta(hours=2))),
    datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=timezone(timedelta(hours=1))),  # an hour again
    datetime(1970, 1, 1, tzinfo=timezone(timedelta(minutes=-44, seconds=-30))),
]


@every_set
@pytest.mark.parametrize("local", AT_ODDS, ids=str)
def test_a_clock_that_jumps_gives_numbers_like_any_other(feature_set, local):
    moment = Moment(local, -1e9)
    # A clock set back makes a task younger than new.
    rows = [named(Facts("task", age_days=age, priority=4), moment) for age in (-4e6, 3.0, 4e6)]
    X = vectorise([*rows, silence(moment)], feature_set)
    assert np.isfinite(X).all()
    assert (np.abs(X) <= 1).all()
