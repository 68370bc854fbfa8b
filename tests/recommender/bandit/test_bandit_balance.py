"""What answers teach of the balance between kinds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bandit.balance import (
    LEAST_ANSWERS,
    LEAST_SHARE,
    START,
    Answers,
    in_parts,
    learned,
)
from recommender.bandit.feature_list import KINDS

counts = st.integers(0, 5_000)
many = st.fixed_dictionaries({kind: st.builds(Answers, counts, counts) for kind in KINDS})


@given(answers=many)
def test_shares_make_one_and_no_kind_is_ever_lost(answers):
    says = learned(answers)
    if says is None:
        assert sum(one.good + one.bad for one in answers.values()) < LEAST_ANSWERS
        return
    assert sum(says.shares.values()) == pytest.approx(1, abs=1e-9)
    assert set(says.shares) == set(KINDS)
    assert all(LEAST_SHARE <= share <= 1 for share in says.shares.values())
    assert 0 < says.confidence <= 1


def test_too_few_answers_say_nothing():
    assert learned({}) is None
    assert learned({"task": Answers(5, 4)}) is None
    assert learned({"task": Answers(5, 5)}) is not None


def test_who_answers_every_kind_as_expected_stays_where_they_began():
    assert learned({kind: Answers(30, 20) for kind in KINDS}).shares == START


def test_a_kind_that_is_sent_away_gets_less_and_one_that_is_taken_up_more():
    away = learned({"advice": Answers(0, 30), "task": Answers(6, 4)}).shares
    liked = learned({"advice": Answers(30, 0), "task": Answers(6, 4)}).shares
    assert away["advice"] < START["advice"] / 2
    assert liked["advice"] > START["advice"]
    assert liked["task"] < START["task"] < away["task"]


@given(answers=many, kind=st.sampled_from(KINDS))
def test_one_more_good_answer_never_makes_a_share_smaller(answers, kind):
    if learned(answers) is None:
        return
    more = {**answers, kind: Answers(answers[kind].good + 1, answers[kind].bad)}
    # Up to the rounding of all the others.
    assert learned(more).shares[kind] >= learned(answers).shares[kind] - 0.011 * len(KINDS)


def test_more_answers_are_surer():
    few, more = learned({"task": Answers(6, 4)}), learned({"task": Answers(60, 40)})
    assert few.confidence < more.confidence


def test_only_nothing_is_nothing():
    assert in_parts({"task": 1.0, "advice": 1e-9, "insight": 0}) == {
        "task": 1000, "advice": 1, "insight": 0, "reminder": 0,
    }  # fmt: skip
