"""Why an action was chosen: nothing is told that running the scorer again does not bear out."""

import importlib
import inspect
import itertools
import math
import pkgutil
import re
import string
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender.bandit import policies
from recommender.bandit.choose import choose, seeded
from recommender.bandit.explore import greedy
from recommender.bandit.features import (
    V3,
    Facts,
    Moment,
    named,
    silence,
    vectorise,
    vectorise_columns,
)
from recommender.bandit.policies.base import FixedPolicy, Policy
from recommender.bandit.policies.urgency import Urgency
from recommender.bandit.ridge import RidgePolicy
from recommender.bandit.why import Manner, Why, contributions, likeliest, why
from recommender.bandit.why_changes import COSTS, Change, changed, changes, part_of_day
from recommender.bandit.why_words import ANSWERS, LONGEST, Telling, sentences

MONDAY_MORNING = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


class Learner(RidgePolicy):
    """Learns all interactions and is greedy: the scorer's whole vocabulary without chance."""

    id, version, feature_set = "test-learner", "1", V3

    def scores(self, X):
        return self.expected(X)

    def explore(self, scores, X, rng):
        return greedy(scores, 0.05)


class Bent(Learner):
    """As Learner, but nothing about its scores is additive."""

    id = "test-bent"

    def scores(self, X):
        return np.tanh(2.0 * self.expected(X)) + 0.2 * X[:, 2] * X[:, 5]


def all_policies() -> list[type[Policy]]:
    found = {Learner, Bent}
    for module_info in pkgutil.iter_modules(policies.__path__, f"{policies.__name__}."):
        for value in vars(importlib.import_module(module_info.name)).values():
            if inspect.isclass(value) and issubclass(value, Policy):
                found.add(value)
    return sorted((cls for cls in found if not inspect.isabstract(cls)), key=lambda cls: cls.id)


EVERY = all_policies()
every_policy = pytest.mark.parametrize("policy_class", EVERY, ids=lambda cls: cls.id)


def columns_of(rows):
    """As decisions store them."""
    packed = {}
    for name in sorted({name for row in rows for name in row}):
        column = [row.get(name) for row in rows]
        packed[name] = column[0] if len(set(column)) == 1 else column
    return packed


def rows_of(columns, count):
    """Back to rows, by code that is not the product's."""
    rows = []
    for index in range(count):
        cells = {
            name: column[index] if isinstance(column, list) else column
            for name, column in columns.items()
        }
        rows.append({name: cell for name, cell in cells.items() if cell is not None})
    return rows


def random_facts(rng) -> Facts:
    kind = str(rng.choice(["task"] * 5 + ["advice", "insight", "reminder"]))
    if kind != "task":
        return Facts(
            kind, age_days=float(rng.exponential(5)), priority=3 * (kind == "reminder") or 1
        )
    overdue = bool(rng.random() < 0.25)
    return Facts(
        kind,
        overdue,
        None if rng.random() < 0.1 else float(rng.exponential(20)),
        None if rng.random() < 0.1 else int(rng.integers(1, 5)),
        not overdue and bool(rng.random() < 0.25),
    )


def random_moment(rng) -> Moment:
    local = MONDAY_MORNING + timedelta(minutes=int(rng.integers(0, 7 * 1440)))
    return Moment(local, float(rng.integers(-20, 40)) if rng.random() < 0.5 else None)


def random_rows(rng, feature_set):
    moment = random_moment(rng)
    rows = [named(random_facts(rng), moment) for _ in range(int(rng.integers(1, 12)))]
    if feature_set.silence and rng.random() < 0.8:
        rows.append(silence(moment))
    return rows


def taught(cls, rng, rewards: int) -> Policy:
    policy = cls.fresh()
    taste = rng.normal(0, 0.4, cls.feature_set.width)
    for _ in range(rewards):
        x = vectorise(random_rows(rng, cls.feature_set), cls.feature_set)[-1]
        policy.learn(x, float(np.clip(x @ taste + rng.normal(0, 0.2), -1, 1)))
    return policy


def decisions(cls, number=60, seed=1):
    """Decisions of people of all degrees of acquaintance, as they would be stored."""
    rng = seeded(seed)
    for rewards in (0, 3, 40):
        policy = taught(cls, rng, rewards)
        for _ in range(number // 3):
            rows = random_rows(rng, cls.feature_set)
            drawn_with = int(rng.integers(2**60))
            choice = choose(policy, vectorise(rows, cls.feature_set), seeded(drawn_with))
            yield policy, columns_of(rows), len(rows), choice, drawn_with


def explained(policy, columns, count, choice, seed) -> Why:
    newcomer = type(policy).fresh(getattr(policy, "prior", None))
    return why(policy, newcomer, columns, count, choice.index, seed=seed)


def told(why, policy, columns, count, choice, words_of=None, today=True) -> list[str]:
    telling = Telling(
        columns, count, choice.index, policy.count, today, words_of or (lambda i: f"<{i}>")
    )
    return [sentence.text for sentence in sentences(why, telling)]


@every_policy
def test_every_counterfactual_is_borne_out_by_a_replay_of_its_own(policy_class):
    """The changed facts are written into rows here, not by the code under test."""
    shown = 0
    for policy, columns, count, choice, seed in decisions(policy_class):
        instead = explained(policy, columns, count, choice, seed).instead
        if instead is None:
            continue
        rows = rows_of(columns, count)
        if instead.change is not None:
            shown += 1
            apply(instead.change, rows, choice.index)
        pmf = policy.pmf(vectorise(rows, policy.feature_set), seeded(seed))
        others = np.delete(pmf, instead.index)
        assert instead.index != choice.index
        assert pmf[instead.index] > others.max()
        assert pmf[instead.index] > pmf[choice.index]
    assert shown or policy_class.id == "random"


def apply(change: Change, rows, chosen):
    """A change, written down anew."""
    if change.of is not None:
        assert change.what in ("is_overdue", "is_due_today", "priority")
        assert rows[change.of][change.what] != change.to if change.of == chosen else True
        rows[change.of][change.what] = change.to
        return
    for row in rows:
        if change.what == "meeting":
            assert row["meeting_soon"] != change.to
            row["meeting_soon"] = change.to
        elif change.what == "hour":
            row["hour_sin"] = math.sin(math.tau * change.to / 24)
            row["hour_cos"] = math.cos(math.tau * change.to / 24)
        else:
            assert row["is_weekend"] != (change.to >= 5)
            row["is_weekend"] = 1.0 if change.to >= 5 else 0.0
            row["weekday_sin"] = math.sin(math.tau * change.to / 7)
            row["weekday_cos"] = math.cos(math.tau * change.to / 7)


@every_policy
def test_it_is_the_nearest_one_that_bears_out(policy_class):
    for policy, columns, count, choice, seed in decisions(policy_class, 30):
        instead = explained(policy, columns, count, choice, seed).instead
        if instead is None or instead.change is None:
            continue
        for change in changes(columns, choice.index, range(count)):
            if change.cost >= instead.change.cost:
                break
            rows = rows_of(columns, count)
            apply(change, rows, choice.index)
            pmf = policy.pmf(vectorise(rows, policy.feature_set), seeded(seed))
            assert likeliest(pmf, choice.index) in (None, *unnamed(change, choice.index, count))


def unnamed(change, chosen, count):
    """Where silence was broken by what another candidate became, only that one is told of."""
    return [i for i in range(count) if change.of not in (None, chosen, i)]


@every_policy
def test_every_reason_is_a_loss_when_it_is_taken_away(policy_class):
    shown = 0
    for policy, columns, count, choice, seed in decisions(policy_class):
        found = explained(policy, columns, count, choice, seed)
        X = vectorise(rows_of(columns, count), policy.feature_set)
        labels = policy.feature_set.labels
        others = [i for i in range(count) if i != choice.index]
        spoken = [
            i for i in others if i != count - 1 or not found_silence(columns, count)
        ] or others
        for part in found.reasons:
            shown += 1
            assert part.worth > 0
            without = X[choice.index].copy()
            for column, label in enumerate(labels):
                if belongs(label, part, whole_offer=found.silent):
                    without[column] = X[spoken, column].mean()
            scores = policy.scores(np.vstack([X[choice.index], without]))
            assert scores[0] - scores[1] == pytest.approx(part.worth, abs=1e-9)
            assert scores[0] > scores[1]
    assert shown or policy_class.id == "random"


def found_silence(columns, count):
    return bool(rows_of(columns, count)[-1].get("is_silence"))


def belongs(label: str, part, *, whole_offer: bool) -> bool:
    """Whether a column, told by its label, is of a part."""
    names = label.split("*")
    facts = [n for n in names if not re.match("hour|weekday|is_weekend|meeting_soon", n)]
    rest = [n for n in names if n not in facts]
    if not facts:
        return False
    side = re.sub("_.*", "", rest[0].removeprefix("is_")) if rest else ""
    if facts[0] in ("is_tip", "is_silence"):
        return (part.fact, part.side) == ("speech", side)
    if whole_offer:
        return part.fact == "offer"
    return (part.fact, part.side) == (facts[0], side)


NOT_LINEAR = {"linucb", "neural", "test-bent"}


@pytest.mark.parametrize("policy_class", [cls for cls in EVERY if cls.id not in NOT_LINEAR])
def test_a_linear_scorers_parts_add_up_to_its_lead_over_the_mean_of_the_others(policy_class):
    for policy, columns, count, choice, _ in decisions(policy_class, 30):
        if count < 2:
            continue
        newcomer = policy_class.fresh()
        parts = contributions(policy, newcomer, columns, count, choice.index)
        scores = policy.scores(vectorise_columns(columns, count, policy.feature_set))
        silent = [found_silence(columns, count) and i == count - 1 for i in range(count)]
        others = [i for i in range(count) if i != choice.index]
        spoken = [i for i in others if not silent[i]] or others
        lead = scores[choice.index] - scores[spoken].mean()
        assert sum(part.worth for part in parts) == pytest.approx(lead, abs=1e-7)


@every_policy
def test_what_it_says_is_in_the_stored_facts(policy_class):
    seen = set()
    for policy, columns, count, choice, seed in decisions(policy_class):
        found = explained(policy, columns, count, choice, seed)
        text = " ".join(told(found, policy, columns, count, choice))
        rows = rows_of(columns, count)
        mine = rows[choice.index]
        said = text.split("It would have been")[0].split("Likelier")[0].lower()
        assert text[0] not in string.ascii_lowercase.replace("o", "")
        assert text.endswith(".")
        assert not re.search(r"\d+ days?|\d+ times|none|nan|{|}", text, re.IGNORECASE)
        if "it was overdue" in said:
            assert mine["is_overdue"] == 1
        if "it was due" in said:
            assert mine["is_due_today"] == 1
        if "it is marked urgent" in said:
            assert mine["priority"] == 4
        if "it is newer than the other" in said:
            ages = [row.get("task_age_days", 365) for row in rows if not row.get("is_silence")]
            assert mine["task_age_days"] == min(ages)
        if "going by your answers" in said:
            assert policy.count >= ANSWERS
        if "looked equally good" in said:
            assert np.sum(np.isclose(choice.pmf, choice.propensity, atol=1e-9)) == found.alike > 1
        if text.startswith("A try"):
            assert choice.propensity < choice.pmf.max() / 2
        if found.manner is Manner.BEST:
            assert choice.propensity == choice.pmf.max()
        assert (
            ("say nothing" in text or "says nothing" in text)
            or not mine.get("is_silence")
            or (found.manner is not Manner.BEST and found.manner is not Manner.TRY)
        )
        seen.add(found.manner)
    assert seen


@every_policy
def test_hostile_columns_are_explained_or_say_little_but_never_fail(policy_class):
    rng = seeded(3)
    for strange in (None, math.nan, math.inf, -math.inf, 1e300, "x", [], True):
        rows = [dict(row) for row in random_rows(rng, policy_class.feature_set)]
        for row, name in itertools.product(rows, list(rows[0])):
            if rng.random() < 0.3 and name != "is_silence":
                row[name] = strange
        columns = {name: [row.get(name) for row in rows] for name in rows[0]}
        policy = taught(policy_class, rng, 10)
        choice = choose(
            policy, vectorise_columns(columns, len(rows), policy.feature_set), seeded(1)
        )
        found = explained(policy, columns, len(rows), choice, 1)
        assert told(found, policy, columns, len(rows), choice)


def test_one_that_was_alone_and_one_that_is_not_there():
    row = named(Facts("task", True, 1.0, 4), Moment(MONDAY_MORNING))
    found = why(Urgency(), Urgency(), columns_of([row]), 1, 0, seed=1)
    assert (found.manner, found.parts, found.instead) == (Manner.ONLY, (), None)
    with pytest.raises(IndexError):
        why(Urgency(), Urgency(), columns_of([row]), 1, 1, seed=1)


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
    # At nine the cosine is -0.7; in the evening it is 0.5.
    assert say(policy, rows).endswith("It would have been “T1” if it had been evening.")
    policy = with_weights(priority_x_is_weekend=1.0, is_overdue=0.4)
    assert say(policy, rows).endswith("It would have been “T1” if it had been the weekend.")
    saturday = Moment(MONDAY_MORNING + timedelta(days=5))
    rows = [task(saturday, is_overdue=True), named(Facts("reminder", priority=4), saturday)]
    assert say(policy, rows) == (
        "At weekends oO puts what is marked urgent further up. "
        "It would have been “T0” if it had been a weekday."
    )


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
