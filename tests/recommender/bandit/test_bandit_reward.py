import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.bandit.reward import Reaction, reward

# A cold cache or a busy machine makes a first example slow, which says nothing of the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TABLE = {-1.0, -0.3, 0.1, 0.3, 0.6, 1.0}
dwells = st.floats(0, allow_infinity=False)


@pytest.mark.parametrize(
    ("dwell", "worth"),
    [
        (0, -0.3),
        (math.nextafter(15, 0), -0.3),
        (15, 1.0),
        (math.nextafter(120, 0), 1.0),
        (120, 0.6),
        (math.nextafter(600, 0), 0.6),
        (600, 0.3),
        (86_400 * 400, 0.3),
    ],
)
def test_done_is_worth_what_its_dwell_says_and_each_bound_belongs_to_the_band_above(dwell, worth):
    assert reward(Reaction.DONE, dwell) == worth


@unhurried
@given(dwell=dwells)
def test_the_dwell_changes_neither_a_dismissal_nor_a_snooze(dwell):
    assert reward(Reaction.DISMISS, dwell) == -1.0
    assert reward(Reaction.SNOOZE, dwell) == 0.1


@unhurried
@given(reaction=st.sampled_from(Reaction), dwell=dwells)
def test_every_reward_is_in_the_table(reaction, dwell):
    assert reward(reaction, dwell) in TABLE
    assert reward(str(reaction), dwell) == reward(reaction, dwell)


@unhurried
@given(
    reaction=st.sampled_from(Reaction),
    dwell=st.floats(max_value=0, exclude_max=True) | st.sampled_from([math.nan, math.inf]),
)
def test_an_impossible_dwell_is_refused(reaction, dwell):
    with pytest.raises(ValueError, match="dwell"):
        reward(reaction, dwell)


def test_an_unknown_reaction_is_refused():
    with pytest.raises(ValueError, match="liked"):
        reward("liked", 20)


KINDS = ("task", "advice", "insight", "reminder")


@unhurried
@given(reaction=st.sampled_from(Reaction), dwell=dwells)
def test_a_reward_without_a_kind_is_that_of_a_task(reaction, dwell):
    assert reward(reaction, dwell, "task") == reward(reaction, dwell)


@unhurried
@given(kind=st.sampled_from(KINDS), reaction=st.sampled_from(Reaction), dwell=dwells)
def test_every_kind_has_rewards_in_range_and_a_good_answer_is_never_worse_than_a_bad_one(
    kind, reaction, dwell
):
    assert -1 <= reward(reaction, dwell, kind) <= 1
    assert reward(Reaction.DONE, dwell, kind) > reward(Reaction.DISMISS, dwell, kind)


@pytest.mark.parametrize("kind", ["advice", "insight", "reminder"])
def test_a_nod_is_worth_less_than_a_task_done_and_nothing_before_it_can_have_been_read(kind):
    assert 0 < reward("done", 60, kind) < reward("done", 60, "task")
    assert reward("done", 60, kind) == reward("done", 6_000, kind)
    assert reward("done", 0.5, kind) == 0
    assert reward("dismiss", 60, "task") < reward("dismiss", 60, kind) < 0
    assert reward("snooze", 60, kind) == 0.1


def test_good_to_know_is_worth_the_least_of_all_good_answers():
    assert reward("done", 60, "insight") == min(reward("done", 60, kind) for kind in KINDS)


def test_to_silence_there_is_one_answer_whatever_it_is_called():
    assert reward("show", 5, "silence") == -0.3
    with pytest.raises(ValueError, match="silence"):
        reward("done", 5, "silence")
