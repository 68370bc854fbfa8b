"""Mixing: no repeats, a balance between kinds, and never nothing where there is something."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.bandit.balance import PARTS, START, in_parts
from recommender.bandit.feature_list import KINDS
from recommender.bandit.mixing import (
    ALIKE,
    LATELY_MINUTES,
    SAME,
    SLACK,
    WINDOW,
    Because,
    Item,
    Shown,
    narrow,
)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHARES = in_parts(START)
ALL_ALIKE = {"task": 1, "advice": 1, "insight": 1, "reminder": 1}


def task(name: str, **more: str) -> Item:
    return Item(name, "task", about=f"t-{name}", **more)


def advice(name: str, **more: str) -> Item:
    return Item(name, "advice", **more)


def was_shown(one: Item, minutes: int = 5) -> Shown:
    return Shown(one.kind, minutes, one.id, one.about, one.topic, one.cluster)


def eligible(living: list[Item], shown: list[Shown], shares=ALL_ALIKE) -> list[str]:
    return [living[i].id for i in narrow(living, shown, shares).eligible]


def why(living: list[Item], shown: list[Shown], shares=ALL_ALIKE) -> dict[str, Because]:
    return {living[i].id: b for i, b in narrow(living, shown, shares).left_out.items()}


labels = st.sampled_from(["", "a", "b"])
items = st.builds(Item, st.sampled_from("pqrstuvw"), st.sampled_from(KINDS), labels, labels, labels)
lists = st.lists(items, max_size=12, unique_by=lambda one: one.id)
tips = st.lists(
    st.builds(
        Shown, st.sampled_from(KINDS), st.integers(0, 2000), st.sampled_from("pqrstuvw"),
        labels, labels, labels,
    ),
    max_size=30,
)  # fmt: skip
balances = st.fixed_dictionaries({kind: st.integers(0, PARTS) for kind in KINDS})


@unhurried
@given(living=lists, shown=tips, shares=balances)
def test_whatever_happens_something_wanted_stays_and_nothing_unwanted(living, shown, shares):
    narrowed = narrow(living, shown, shares)
    wanted = [i for i, one in enumerate(living) if shares[one.kind]]
    assert bool(narrowed.eligible) == bool(wanted)
    assert set(narrowed.eligible) <= set(wanted)
    assert sorted([*narrowed.eligible, *narrowed.left_out]) == list(range(len(living)))
    assert list(narrowed.eligible) == sorted(narrowed.eligible)
    unwanted = {i for i, because in narrowed.left_out.items() if because is Because.UNWANTED}
    assert unwanted == set(range(len(living))) - set(wanted)
    assert narrow(living, shown, shares) == narrowed


@unhurried
@given(one=items, shown=tips, shares=balances)
def test_a_pool_of_one_is_never_emptied(one, shown, shares):
    shares = {**shares, one.kind: max(1, shares[one.kind])}
    assert narrow([one], shown, shares).eligible == (0,)


@unhurried
@given(living=lists, shown=tips, shares=balances)
def test_what_was_shown_gives_way_only_to_what_was_not(living, shown, shares):
    narrowed = narrow(living, shown, shares)
    lately = {tip.id for tip in shown[:SAME] if tip.minutes < LATELY_MINUTES}
    if any(living[i].id in lately for i in narrowed.eligible):
        assert Because.SHOWN not in narrowed.left_out.values()


def test_the_same_tip_comes_again_after_others_or_after_some_time():
    a, b, c, d, e = map(task, "abcde")
    assert eligible([a, b], [was_shown(a)]) == ["b"]
    assert eligible([a, b, c, d, e], [was_shown(x) for x in (d, c, b, a)]) == ["a", "e"]
    assert eligible([a, b], [was_shown(a, LATELY_MINUTES - 1)]) == ["b"]
    assert eligible([a, b], [was_shown(a, LATELY_MINUTES)]) == ["a", "b"]
    assert eligible([a], [was_shown(a)]) == ["a"]


def test_a_task_gives_way_after_its_reminder_and_its_reminder_does_not_after_it():
    call, milk = task("call"), task("milk")
    due = Item("due", "reminder", about=call.about)
    assert eligible([call, milk], [was_shown(due)]) == ["milk"]
    assert eligible([due, milk], [was_shown(call)]) == ["due", "milk"]
    assert eligible([due, milk], [was_shown(due)]) == ["milk"]


def test_what_is_about_nothing_is_not_about_the_same():
    assert eligible([advice("a"), advice("b")], [was_shown(advice("c"))]) == ["a", "b"]


@pytest.mark.parametrize(
    ("label", "because"), [("cluster", Because.ALIKE), ("topic", Because.TOPIC)]
)
def test_what_is_alike_gives_way_within_its_kind(label, because):
    a, b = task("a", **{label: "x"}), task("b", **{label: "x"})
    other, tea = task("other", **{label: "y"}), advice("tea", **{label: "x"})
    assert why([b, other, tea], [was_shown(a)]) == {"b": because}
    # There is no other task, so this one stays, also where there is an advice.
    assert eligible([b, tea], [was_shown(a)]) == ["b", "tea"]
    far = [was_shown(task(f"n{n}")) for n in range(ALIKE)]
    assert eligible([b, other], [*far, was_shown(a)]) == ["b", "other"]
    assert eligible([b, other], [was_shown(a, LATELY_MINUTES)]) == ["b", "other"]


def test_an_unwanted_kind_is_out_although_there_is_nothing_else():
    shares = {**ALL_ALIKE, "advice": 0}
    assert why([advice("tea"), task("a")], [], shares) == {"tea": Because.UNWANTED}
    assert narrow([advice("tea")], [], shares).eligible == ()


def test_a_kind_gives_way_once_it_has_had_its_share_and_a_reminder_never_does():
    many = [Shown("task", 5)] * 8
    living = [task("a"), advice("tea"), Item("due", "reminder")]
    assert why(living, many, SHARES) == {"a": Because.SHARE}
    assert eligible(living, many[:2], SHARES) == ["a", "tea", "due"]
    only = [task("a"), task("b")]
    assert eligible(only, many, SHARES) == ["a", "b"]
    reminded = [Shown("reminder", 5)] * WINDOW
    assert eligible(living, reminded, SHARES) == ["a", "tea", "due"]


def test_reminders_take_nothing_of_the_others_shares():
    many = [Shown("task", 5)] * 8
    among = [tip for one in many for tip in (one, Shown("reminder", 5))]
    assert why([task("a"), advice("tea")], among, SHARES) == {"a": Because.SHARE}
    generous = {**SHARES, "reminder": PARTS}
    assert why([task("a"), advice("tea")], many, generous) == {"a": Because.SHARE}
    assert why([task("a"), advice("tea")], many[:3], generous) == {}


@pytest.mark.parametrize(
    "shares",
    [
        SHARES,
        {"task": 500, "advice": 300, "insight": 200, "reminder": 1},
        {"task": 100, "advice": 800, "insight": 100, "reminder": 1},
    ],
)
def test_over_time_the_balance_is_kept_whatever_the_policy_likes(shares):
    """A policy that always wants tasks: it gets its share of them, and no more."""
    living = [task(f"t{n}") for n in range(30)]
    living += [advice(f"a{n}") for n in range(10)] + [Item(f"i{n}", "insight") for n in range(10)]
    rng = np.random.default_rng(3)
    shown: list[Shown] = []
    for _ in range(400):
        left = narrow(living, shown, shares).eligible
        tasks = [i for i in left if living[i].kind == "task"]
        one = living[int(rng.choice(tasks or list(left)))]
        shown = [was_shown(one), *shown]
    kinds = [tip.kind for tip in shown]
    whole = sum(shares.values()) - shares["reminder"]
    assert kinds.count("task") / 400 == pytest.approx(
        shares["task"] / whole, abs=SLACK / WINDOW + 0.03
    )
    for begin in range(400 - WINDOW):
        within = kinds[begin : begin + WINDOW].count("task")
        assert within <= shares["task"] / whole * (WINDOW + 1) + SLACK
