"""A preference takes what its type says, and nothing that a database or another reader chokes on."""

import json
import math

import pytest

from accounts.keys import Key, declare, declared
from accounts.preference_types import TYPES, Range, fits, hint

NAN, INF = math.nan, math.inf
HUGE = 10**400
NOT_TEXT = [
    "",
    " x",
    "x ",
    "a\nb",
    "nul\0",
    "half \ud800",
    "bidi \u202e",
    "x" * 81,
    7,
    None,
    [],
    {},
]
KINDS = ("task", "advice")

GOOD = [
    ("hour", 0), ("hour", 23),
    ("hours", []), ("hours", [9]), ("hours", [22, 9, 0]), ("hours", list(range(24))),
    ("number", 0), ("number", 1.5), ("number", -1e9),
    ("yes_or_no", True), ("yes_or_no", False),
    ("choice", "task"),
    ("names", []), ("names", ["task"]), ("names", ["advice", "task"]),
    ("shares", {"task": 1}), ("shares", {"task": 0.25, "advice": 0.75}),
    ("shares", {"task": 1 / 3, "advice": 2 / 3}),
    ("numbers", {}), ("numbers", {"task": -3, "advice": 0.5}),
    ("zone", "Europe/Lisbon"), ("zone", "UTC"),
]  # fmt: skip

BAD = [
    *(("hour", bad) for bad in (-1, 24, 7.0, True, "7", None, NAN, HUGE, [7])),
    *(("hours", bad) for bad in ([9, 9], [24], [True], ["9"], [[9]], [None], [9.0], 9, {}, None)),
    *(("hours", bad) for bad in ([0] * 25, {"9": 9}, "9")),
    *(("number", bad) for bad in (True, False, "1", None, NAN, INF, -INF, HUGE, -HUGE, 1e10, [1])),
    *(("yes_or_no", bad) for bad in (0, 1, "true", None, [], "yes", 0.0)),
    *(("choice", bad) for bad in ("other", "", None, 1, ["task"], {"task": 1}, "TASK")),
    *(("names", bad) for bad in ("task", ["other"], ["task", "task"], [1], [None], [["task"]], {})),
    *(("shares", bad) for bad in ({}, {"task": 0.5}, {"task": 2, "advice": -1}, [1], None, "task")),
    *(("shares", bad) for bad in ({"other": 1}, {"task": True}, {"task": NAN}, {"task": "1"})),
    *(("shares", bad) for bad in ({"task": HUGE}, {"task": None}, {"task": {"task": 1}})),
    *(("numbers", bad) for bad in ({"other": 1}, {"task": HUGE}, {"task": None}, [], {1: 1}, None)),
    *(("zone", bad) for bad in ("Mars/Olympus", "../UTC", "", None, 1, ["UTC"], "utc\0")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_a_type_takes_what_it_says(kind, value):
    assert fits(kind, value, Range(choices=KINDS))


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_a_type_takes_nothing_else_however_odd(kind, value):
    assert not fits(kind, value, Range(choices=KINDS))


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_tried_both_ways_never_takes_null_and_says_what_it_wants(kind):
    assert {kind} & {one for one, _ in GOOD}
    assert {kind} & {one for one, _ in BAD}
    assert not fits(kind, None, Range())
    said = hint(kind, Range(choices=KINDS))
    assert said == said.strip()
    assert not said.endswith(".")


@pytest.mark.parametrize("name", NOT_TEXT)
def test_a_name_is_a_short_line_that_shows(name):
    assert not fits("names", [name], Range())
    if isinstance(name, str):
        assert not fits("numbers", {name: 1}, Range())


@pytest.mark.parametrize("name", ["Büro", "仕事", "خانه\u200cام", "👨\u200d👩\u200d👧", "a-b_c 1"])
def test_a_name_may_be_of_any_language(name):
    assert fits("names", [name], Range())
    assert json.loads(json.dumps(name)) == name


def test_how_much_fits_is_bounded():
    assert not fits("names", [str(n) for n in range(21)], Range())
    assert fits("names", ["a", "b"], Range(high=2))
    assert not fits("names", ["a", "b", "c"], Range(high=2))
    assert not fits("numbers", {str(n): n for n in range(201)}, Range())
    assert fits("number", 5, Range(low=5, high=5))
    assert not fits("number", 5.01, Range(low=5, high=5))
    assert not fits("numbers", {"a": 6}, Range(low=0, high=5))


def key(**more) -> Key:
    return Key(**{"name": "lunch", "meaning": "When.", "scope": "moment", **more})


def test_a_key_says_what_it_wants_by_its_type_or_in_its_own_words(declaring):
    assert key(default=1, type="number", low=0, high=9).wants == "a number from 0 to 9"
    even = key(default=2, type="hour", accepts=lambda n: n % 2 == 0, hint="an even hour")
    assert even.wants == "an even hour"
    assert even.fits(4)
    assert not even.fits(5)
    assert not even.fits("4"), "what narrows a type is asked of nothing else"


def test_saying_the_same_key_twice_is_fine_and_a_different_one_is_refused(declaring):
    declare(key(default=12, type="hour"))
    declare(key(default=12, type="hour"))
    for other in ({"default": 13}, {"default": 12, "scope": "agents"}):
        with pytest.raises(ValueError, match="differently"):
            declare(key(**{"type": "hour", **other}))
    assert [one.default for one in declared() if one.name == "lunch"] == [12]


def test_a_key_with_a_type_or_a_default_that_is_none_is_refused(declaring):
    with pytest.raises(ValueError, match="type that is none"):
        declare(key(default=12, type="clock"))
    with pytest.raises(ValueError, match="default of lunch is not an hour"):
        declare(key(default=25, type="hour"))
    with pytest.raises(ValueError, match="at most 60"):
        declare(key(name="x" * 61, default=2, type="hour"))
    declare(key(default=None, type="hour"))


def test_every_declared_preference_has_a_scope_a_meaning_and_a_default_that_fits():
    for one in declared():
        assert one.scope.isidentifier(), one.name
        assert one.meaning.endswith("."), one.name
        assert one.default is None or one.fits(one.default), one.name
        assert one.wants, one.name
