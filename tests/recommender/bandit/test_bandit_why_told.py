"""Why an action was chosen, in sentences: what they name, and what they keep to themselves."""

import math
from datetime import timedelta

import numpy as np
import pytest

from recommender.bandit.choose import choose, seeded
from recommender.bandit.explore import greedy
from recommender.bandit.features import (
    V3,
    Facts,
    FeatureSet,
    Moment,
    named,
    silence,
    vectorise,
)
from recommender.bandit.policies.base import FixedPolicy, Policy
from recommender.bandit.why import contributions, why
from recommender.bandit.why_changes import (
    COSTS,
    PARTS,
    Change,
    changed,
    changes,
    part_of_day,
    throughout,
)
from recommender.bandit.why_words import _CLOCK, ANSWERS, LONGEST, Telling, sentences
from tests.recommender.bandit.whys import MONDAY_MORNING, Learner, columns_of, rows_of


class Fixed(FixedPolicy):
    """A scorer with given weights, by label."""

    id, version, feature_set = "test-fixed", "1", V3
    weights: dict[str, float] = {}

    def scores(self, X):
        return X @ np.array([self.weights.get(label, 0.0) for label in self.feature_set.labels])

    def explore(self, scores, X, rng):
        return greedy(scores)


def with_weights(**weights) -> Policy:
    """Names with "_x_" between them are products."""
    named_weights = {name.replace("_x_", "*"): weight for name, weight in weights.items()}
    return type("Weighed", (Fixed,), {"weights": named_weights})()


def say(policy, rows, seed=1, newcomer=None, answers=0, words_of=lambda i: f"T{i}", today=True):
    columns = columns_of(rows)
    index = choose(policy, vectorise(rows, policy.feature_set), seeded(seed)).index
    found = why(policy, newcomer or policy, columns, len(rows), index, seed=seed)
    telling = Telling(columns, len(rows), index, answers, today, words_of)
    return " ".join(sentence.text for sentence in sentences(found, telling))


def task(moment, **facts):
    return named(Facts("task", **{"age_days": 3.0, "priority": 1, **facts}), moment)


AT_NINE = Moment(MONDAY_MORNING)


def test_a_meeting_in_ten_minutes_is_the_nearest_thing_that_could_have_been_otherwise():
    policy = with_weights(kind_advice_x_meeting_soon=1.0, is_due_today=0.5)
    moment = Moment(MONDAY_MORNING, 10.0)
    rows = [task(moment, is_due_today=True), named(Facts("advice"), moment)]
    assert say(policy, rows) == (
        "Around meetings oO puts advice further up. "
        "It would have been “T0” if there had been no meeting 10 minutes later."
    )
    rows = [task(AT_NINE, is_due_today=True), named(Facts("advice"), AT_NINE)]
    assert say(policy, rows) == (
        "It was due today. It would have been “T1” if a meeting had been about to begin."
    )
    during = Moment(MONDAY_MORNING, -5.0)
    rows = [task(during, is_due_today=True), named(Facts("advice"), during)]
    assert say(policy, rows).endswith("if you had not been in a meeting.")
    for row in rows:
        del row["meeting_in_minutes"]
    assert say(policy, rows).endswith("if you had not been in a meeting, or just before one.")


def test_silence_and_what_breaks_it():
    policy = with_weights(
        is_silence=-0.2, is_tip_x_meeting_soon=-0.4, is_due_today=0.5, priority=0.1
    )
    moment = Moment(MONDAY_MORNING, 8.0)
    rows = [task(moment), task(moment, priority=2), silence(moment)]
    assert say(policy, rows) == (
        "oO chose to say nothing: you were about to be in a meeting, 8 minutes later. "
        "It would have been “T1” if there had been no meeting 8 minutes later."
    )
    rows = [task(AT_NINE), silence(AT_NINE)]
    assert say(policy, rows) == (
        "oO speaks when there is something to say. "
        "oO would have said nothing if a meeting had been about to begin."
    )
    shy = with_weights(is_silence=0.3, is_due_today=0.5)
    rows = [task(AT_NINE), task(AT_NINE, priority=2), silence(AT_NINE)]
    # Only one thing at a time, and of two that it would make equally good, the first.
    assert say(shy, rows) == (
        "oO chose to say nothing: silence is a safe choice. "
        "It would have been “T0” if that had been due today."
    )
    assert say(shy, rows, today=False).endswith("if that had been due that day.")


def test_the_time_of_day_and_the_weekend():
    policy = with_weights(priority_x_hour_cos=1.0, is_overdue=0.4)
    rows = [task(AT_NINE, is_overdue=True), task(AT_NINE, priority=4)]
    # At nine the cosine is -0.7, at eight in the evening 0.5, and at six still 0.
    assert say(policy, rows).endswith(
        "It would have been “T1” if it had been eight in the evening."
    )
    policy = with_weights(priority_x_hour_sin=-1.0, is_overdue=0.4)
    # The sine is -0.5 at two in the afternoon and lower until six.
    assert say(policy, rows).endswith("It would have been “T1” if it had been afternoon.")
    policy = with_weights(priority_x_is_weekend=1.0, is_overdue=0.4)
    assert say(policy, rows).endswith("It would have been “T1” if it had been the weekend.")
    saturday = Moment(MONDAY_MORNING + timedelta(days=5))
    rows = [task(saturday, is_overdue=True), named(Facts("reminder", priority=4), saturday)]
    assert say(policy, rows) == (
        "At weekends oO puts what is marked urgent further up. "
        "It would have been “T0” if it had been a weekday."
    )


class Saturday(Fixed):
    """Would rather do what is urgent on a Saturday, and on that day only."""

    feature_set = FeatureSet("saturday", ("is_overdue",), (("priority", "weekday_sin"),))
    # The sine is -1 on a Saturday, -0.8 on a Sunday and 0.4 on a Thursday.
    weights = {"is_overdue": 0.9, "priority*weekday_sin": -1.0}


def test_what_holds_for_one_day_of_the_weekend_is_told_of_that_day():
    thursday = Moment(MONDAY_MORNING + timedelta(days=3))
    rows = [task(thursday, is_overdue=True), task(thursday, priority=4)]
    assert say(Saturday(), rows).endswith("It would have been “T1” if it had been a Saturday.")


def test_every_hour_that_stands_for_a_part_of_the_day_can_be_named_by_itself():
    assert set(_CLOCK) == {middle for _, middle in PARTS.values()}
    for part, (begins, middle) in PARTS.items():
        halves = [like.to for like in throughout(Change("hour", middle, 3.0))]
        assert halves[0] == begins
        assert middle in halves
        assert {part_of_day(clock(hour)) for hour in halves} == {part}


def clock(hour):
    return {"hour_sin": math.sin(math.tau * hour / 24), "hour_cos": math.cos(math.tau * hour / 24)}


def test_what_the_persons_own_answers_taught_is_told_as_that():
    policy = Learner()
    rows = [task(AT_NINE, is_due_today=True), task(AT_NINE)]
    for _ in range(ANSWERS):
        policy.learn(vectorise(rows, V3)[0], 1.0)
    columns = columns_of(rows)
    parts = contributions(policy, Learner(), columns, 2, 0)
    assert [(part.fact, part.side) for part in parts if part.worth > 0.01] == [
        ("is_due_today", ""), ("is_due_today", "hour"),
    ]  # fmt: skip
    assert all(part.learned == pytest.approx(part.worth) for part in parts)
    # Of one fact the heaviest part is enough.
    text = say(policy, rows, newcomer=Learner(), answers=ANSWERS)
    assert text.split(". ")[0].rstrip(".") == (
        "It was due today, and going by your answers that suits you"
    )
    few = say(policy, rows, newcomer=Learner(), answers=ANSWERS - 1)
    assert few.split(". ")[0].rstrip(".") == "It was due today"


def test_what_they_taught_of_a_time_of_day_and_of_what_they_want_less():
    policy, moment = Learner(), AT_NINE
    evening = Moment(MONDAY_MORNING.replace(hour=20))
    advice, own = named(Facts("advice", age_days=3.0), evening), task(evening)
    for _ in range(30):
        policy.learn(vectorise([advice], V3)[0], -1.0)
        policy.learn(vectorise([named(Facts("advice", age_days=3.0), moment)], V3)[0], 0.8)
    text = say(policy, [advice, own], newcomer=Learner(), answers=policy.count)
    assert text.startswith("Going by your answers, advice suits you less in the evening.")
    morning = [named(Facts("advice", age_days=3.0), moment), task(moment)]
    text = say(policy, morning, newcomer=Learner(), answers=policy.count)
    assert text.startswith("Going by your answers, advice suits you better in the morning.")


def test_equals_are_told_as_equals_and_no_one_of_them_is_named_instead():
    policy = with_weights(is_overdue=1.0)
    rows = [task(AT_NINE), task(AT_NINE)]
    assert say(policy, rows) == "Two looked equally good, and oO drew one of them."
    rows = [task(AT_NINE), task(AT_NINE), task(AT_NINE, is_overdue=True)]
    # Not overdue it would be one of three alike, and none of the others would be the likeliest.
    assert say(policy, rows) == "It was overdue."


def test_words_that_can_not_be_had_are_not_made_up():
    policy = with_weights(is_overdue=1.0, kind_advice=0.5, priority=0.1)
    rows = [task(AT_NINE, is_overdue=True), task(AT_NINE, priority=2)]
    assert say(policy, rows, words_of=lambda i: None).endswith(
        "It would have been another task if this one had not been overdue."
    )
    rows = [task(AT_NINE, is_overdue=True), named(Facts("advice"), AT_NINE)]
    assert say(policy, rows, words_of=lambda i: None).endswith(
        "It would have been a piece of advice if this one had not been overdue."
    )
    assert say(policy, rows, words_of=lambda i: " Take a walk. ").endswith(
        "It would have been “Take a walk” if this one had not been overdue."
    )


def test_long_words_are_cut_between_words():
    policy = with_weights(is_overdue=1.0, priority=0.1)
    rows = [task(AT_NINE, is_overdue=True), task(AT_NINE, priority=2)]
    for words, cut in (("word " * 40, "word " * 17 + "word…"), ("x" * 200, "x" * LONGEST + "…")):
        assert f"“{cut}”" in say(policy, rows, words_of=lambda i, words=words: words)
    assert f"“{'y' * LONGEST}”" in say(policy, rows, words_of=lambda i: "y" * LONGEST)


@pytest.mark.parametrize(
    ("hour", "part"),
    [(5, "morning"), (10.99, "morning"), (11, "midday"), (14, "afternoon"), (18, "evening"),
     (22.9, "evening"), (23, "night"), (0, "night"), (4.9, "night")],
)  # fmt: skip
def test_parts_of_the_day(hour, part):
    moment = Moment(MONDAY_MORNING.replace(hour=0) + timedelta(hours=hour))
    assert part_of_day(silence(moment)) == part


def test_changes_leave_all_else_as_it_was():
    rows = [task(AT_NINE, is_overdue=True, priority=3), task(AT_NINE), silence(AT_NINE)]
    columns = columns_of(rows)
    before = columns_of(rows)
    for change in changes(columns, 0, range(3)):
        after = rows_of(changed(columns, 3, change), 3)
        differs = {
            name for old, new in zip(rows, after, strict=True) for name in old
            if old[name] != new.get(name)
        }  # fmt: skip
        sides = {"hour": "hour_", "weekend": "week", "meeting": "meeting"}
        assert differs
        assert all(name == change.what or sides[change.what] in name for name in differs)
        if change.of is not None:
            assert after[1:] == rows[1:]
    assert columns == before
    assert {change.what for change in changes(columns, 0, range(3))} <= set(COSTS)
    assert [c.cost for c in changes(columns, 0, range(3))] == sorted(
        c.cost for c in changes(columns, 0, range(3))
    )
