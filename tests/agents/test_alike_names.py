"""A group keeps its name while it is mostly who it was."""

from hypothesis import given
from hypothesis import strategies as st

from agents.alike.groups import ALONE
from agents.alike.names import named

BEFORE = {1: "c1", 2: "c1", 3: "c1", 4: "c4", 5: "c4", 6: ""}


def test_a_new_group_is_named_by_a_number_and_who_is_alone_by_nothing():
    assert named([3, 4, 9], [7, 7, ALONE], {}) == {3: "c3", 4: "c3", 9: ""}


def test_nothing_changes_where_nothing_changed():
    assert named([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, ALONE], BEFORE) == BEFORE


def test_the_numbers_of_groups_mean_nothing():
    assert named([1, 2, 3, 4, 5, 6], [8, 8, 8, 2, 2, ALONE], BEFORE) == BEFORE


def test_who_comes_and_who_goes_does_not_change_a_name():
    names = named([2, 3, 4, 5, 20, 21, 22], [0, 0, 1, 1, 0, 0, 0], BEFORE)
    assert names == {2: "c1", 3: "c1", 20: "c1", 21: "c1", 22: "c1", 4: "c4", 5: "c4"}


def test_a_group_that_loses_one_keeps_its_name_and_so_does_one_that_gains_it():
    names = named([1, 2, 3, 4, 5], [0, 0, 1, 1, 1], BEFORE)
    assert names == {1: "c1", 2: "c1", 3: "c4", 4: "c4", 5: "c4"}


def test_two_groups_that_become_one_keep_the_name_of_the_larger():
    assert set(named([1, 2, 3, 4, 5], [0] * 5, BEFORE).values()) == {"c1"}


def test_of_a_group_that_falls_apart_only_one_keeps_the_name():
    before = dict.fromkeys(range(1, 8), "c1")
    names = named(range(1, 8), [0, 0, 0, 0, 1, 1, 1], before)
    assert set(list(names.values())[:4]) == {"c1"}
    assert set(list(names.values())[4:]) == {"c5"}


def test_of_two_equal_halves_the_one_with_the_oldest_task_keeps_the_name():
    before = dict.fromkeys(range(1, 5), "c1")
    assert named([1, 2, 3, 4], [5, 5, 0, 0], before) == {1: "c1", 2: "c1", 3: "c3", 4: "c3"}


def test_a_group_of_others_does_not_take_over_a_name():
    before = {1: "c1", 2: "c1", 3: "c1", 4: "", 5: "", 6: ""}
    names = named([1, 2, 3, 4, 5, 6], [0, ALONE, ALONE, 0, 0, 0], before)
    assert names[4] == names[5] == names[6] == names[1] != "c1"


def test_a_name_that_tasks_out_of_reach_still_have_is_not_given_away():
    assert named([5, 7], [0, 0], {4: "c5"}) == {5: "c5x", 7: "c5x"}


TASKS = st.lists(st.integers(1, 30), unique=True, max_size=30)


@given(TASKS, st.data())
def test_names_and_groups_always_say_the_same(ids, data):
    groups = data.draw(st.lists(st.integers(-1, 5), min_size=len(ids), max_size=len(ids)))
    old = data.draw(st.dictionaries(st.integers(1, 30), st.sampled_from(["", "c1", "c2", "c9"])))
    names = named(ids, groups, old)
    assert list(names) == ids
    for one, mine in zip(ids, groups, strict=True):
        assert (names[one] == "") == (mine == ALONE)
        for other, theirs in zip(ids, groups, strict=True):
            if ALONE not in (mine, theirs):
                assert (names[one] == names[other]) == (mine == theirs)
    assert named(ids, groups, names) == names
    assert named(ids[::-1], groups[::-1], old) == names
