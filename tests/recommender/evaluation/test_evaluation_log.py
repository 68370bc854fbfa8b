"""A log that can't be true is refused before anything is estimated from it."""

import numpy as np
import pytest

from recommender.evaluation.log import Log, TooLittleData

GOOD = {
    "reward": np.array([1.0, -1.0, 0.1]),
    "propensity": np.array([0.5, 1.0, 0.1]),
    "person": np.array([1, 1, 2]),
    "order": np.array([0.0, 1.0, 0.0]),
    "pi_chosen": np.array([0.0, 1.0, 0.3]),
}
MODEL = {"q_chosen": np.zeros(3), "v_target": np.zeros(3)}


def test_a_log_knows_its_size_and_weights():
    log = Log(**GOOD)
    assert (log.n, log.people) == (3, 2)
    assert log.weights == pytest.approx([0.0, 1.0, 3.0])


def test_a_log_can_not_be_changed_from_inside_or_outside():
    reward = np.array([1.0, -1.0, 0.1])
    log = Log(**{**GOOD, "reward": reward})
    reward[0] = 0.0
    assert log.reward[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        log.reward[0] = 0.0


@pytest.mark.parametrize(
    ("field", "values", "word"),
    [
        ("reward", [1.0, -1.0], "lengths"),
        ("reward", [1.0, np.nan, 0.0], "finite"),
        ("reward", [1.0, np.inf, 0.0], "finite"),
        ("reward", [1.0, 1.1, 0.0], "within"),
        ("reward", [[1.0], [1.0], [0.0]], "vector"),
        ("propensity", [0.5, 0.0, 0.1], "can't have been drawn"),
        ("propensity", [0.5, 1.1, 0.1], "within"),
        ("propensity", [0.5, -0.1, 0.1], "within"),
        ("pi_chosen", [0.0, 1.1, 0.3], "within"),
        ("pi_chosen", [0.0, np.nan, 0.3], "finite"),
        ("person", [1.0, 1.0, 2.0], "whole"),
        ("order", [0.0, 0.0, 0.0], "same place"),
        ("q_chosen", [0.0, np.nan, 0.0], "finite"),
        ("v_live", [0.0, 0.0], "lengths"),
    ],
)
def test_what_can_not_be_is_refused(field, values, word):
    with pytest.raises(ValueError, match=word):
        Log(**{**GOOD, **MODEL, field: np.array(values)})


@pytest.mark.parametrize("field", MODEL)
def test_half_a_reward_model_is_refused(field):
    with pytest.raises(ValueError, match="together"):
        Log(**GOOD, **{field: MODEL[field]})


def test_too_little_data_says_what_is_needed_and_what_is_there():
    error = TooLittleData("people", 30, 4)
    assert str(error) == "too little data: people: 30 needed, 4 there"
    assert (error.what, error.needed, error.there) == ("people", 30, 4)
