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
