"""Which values a parameter can have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inference import values

ALL = {
    "hour": values.hour(),
    "hours": values.hours(),
    "number": values.number(0, 1),
    "whole": values.whole(7, 364, of="a number of days"),
    "choice": values.choice("more", "less"),
    "names": values.names(2),
    "shares": values.shares(),
    "zone": values.zone(),
}
GOOD = {
    "hour": [0, 23],
    "hours": [[], [0, 23, 9]],
    "number": [0, 1, 0.5],
    "whole": [7, 364],
    "choice": ["more", "less"],
    "names": [[], ["a"], ["a", "b"], ["x" * 64]],
    "shares": [{}, {"a": 0, "b": 1}, {"a": 0.25}],
    "zone": ["", "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"],
}
BAD = {
    "hour": [-1, 24, 9.0, True, "9", None, [9]],
    "hours": [[24], [9, 9], [True], 9, "9", None, {}, [[9]]],
    "number": [-0.1, 1.1, float("nan"), float("inf"), True, "0.5", None],
    "whole": [6, 365, 8.0, True, "8", None],
    "choice": ["", "More", None, 1, ["more"]],
    "names": [["a", "a"], ["a", "b", "c"], [""], ["x" * 65], [1], "ab", None, [["a"]], {"a": 1}],
    "shares": [{"a": 1.5}, {"": 0.5}, {"a": True}, {"a": None}, [], None, {1: 0.5},
               {str(n): 0.5 for n in range(51)}],
    "zone": ["Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "Europe", "a\0b", 5, None, " UTC",
             "x" * 5000, "Europe/Berlin\n"],
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_what_fits_is_accepted_and_what_does_not_is_refused(name):
    assert all(ALL[name](value) for value in GOOD[name])
    assert not any(ALL[name](value) for value in BAD[name])
    assert ALL[name].hint


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=4), inside),
    max_leaves=8,
)


@given(value=json)
def test_anything_at_all_is_answered_with_yes_or_no(value):
    for one in ALL.values():
        assert one(value) in (True, False)
