"""What an explanation says of mixing: true of the stored facts, and nothing where nothing was left out."""

import pytest

from recommender.bandit.features import Facts, Moment, named
from recommender.bandit.policies.urgency import Urgency
from recommender.bandit.why import why
from recommender.bandit.why_mixing import NO_MIXING, Mixing, of_mixing
from recommender.bandit.why_words import Telling, sentences
from tests.people import NOW

BOTH = "Tasks and insights had had their share lately, by the balance oO learned from your answers."


def told(*left_out: tuple[str, str], whose: str = "default") -> str:
    return of_mixing(Mixing(left_out, whose))


@pytest.mark.parametrize(
    ("left_out", "whose", "says"),
    [
        ([("task", "share")], "default", "Tasks had had their share lately."),
        ([("advice", "share")], "user",
         "Advice had had its share lately, by the balance you chose."),
        ([("insight", "share"), ("task", "share")], "inferred",
         BOTH),
        ([("task", "shown")], "user", "What you had just been shown was left out."),
        ([("task", "alike")], "user",
         "What is much like what you had just been shown was left out."),
        ([("task", "topic"), ("task", "shown")], "user",
         "What you had just been shown was left out."),
        ([("task", "share"), ("advice", "shown")], "default",
         "Tasks had had their share lately. What you had just been shown was left out."),
        ([("advice", "unwanted")], "user", ""),
        ([], "user", ""),
    ],
)  # fmt: skip
def test_it_says_what_was_left_out_and_why(left_out, whose, says):
    assert told(*left_out, whose=whose) == says


def test_it_is_read_from_the_facts_of_a_decision_also_where_all_are_of_one_kind():
    facts = {
        "left_out": [[1, "id", "share"], [2, "ie", "shown"]],
        "living": {"kind": ["task", "task", "advice"]},
        "whose": "user",
    }
    assert Mixing.of(facts) == Mixing([("task", "share"), ("advice", "shown")], "user")
    alike = {**facts, "living": {"kind": "task"}}
    assert Mixing.of(alike).left_out == [("task", "share"), ("task", "shown")]
    assert Mixing.of({}) == NO_MIXING


@pytest.mark.parametrize("narrowed", [False, True])
def test_the_only_one_was_all_there_was_or_all_that_was_left(narrowed):
    row = named(Facts("advice", age_days=1.0, priority=1), Moment(NOW))
    columns = {name: [value] for name, value in row.items()}
    found = why(Urgency(), Urgency(), columns, 1, 0, seed=1)
    mixing = Mixing([("task", "share")]) if narrowed else NO_MIXING
    telling = Telling(columns, 1, 0, 0, True, lambda _: None, mixing)
    said = [sentence.text for sentence in sentences(found, telling)]
    assert said == (
        ["It was all that was left to say.", "Tasks had had their share lately."]
        if narrowed
        else ["It was all there was to say."]
    )
