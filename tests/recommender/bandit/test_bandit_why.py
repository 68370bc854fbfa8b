"""Why an action was chosen: nothing is told that running the scorer again does not bear out."""

import importlib
import inspect
import itertools
import math
import pkgutil
import re
import string
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.bandit import policies
from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import (
    Facts,
    Moment,
    named,
    silence,
    vectorise,
    vectorise_columns,
)
from recommender.bandit.policies.base import Policy
from recommender.bandit.policies.urgency import Urgency
from recommender.bandit.why import Manner, Why, contributions, likeliest, why
from recommender.bandit.why_changes import Change, changes
from recommender.bandit.why_words import ANSWERS, Telling, sentences
from tests.recommender.bandit.whys import MONDAY_MORNING, Learner, columns_of, rows_of


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
def test_what_is_said_of_a_part_of_the_day_or_the_week_is_true_of_all_of_it(policy_class):
    """Half hour by half hour and day by day, and of what is named exactly there is a reason why."""
    hours = {9.0: (5, 11), 12.5: (11, 14), 16.0: (14, 18), 20.0: (18, 23)}
    for policy, columns, count, choice, seed in decisions(policy_class):
        instead = explained(policy, columns, count, choice, seed).instead
        if instead is None or instead.change is None or instead.change.of is not None:
            continue
        change = instead.change
        if change.what == "hour":
            places = np.arange(*hours[change.to], 0.5)
        elif change.what == "weekend":
            places = (5.0, 6.0) if change.to >= 5 else range(5)
        else:
            assert not change.exactly
            continue
        holds = []
        for place in places:
            rows = rows_of(columns, count)
            apply(replace(change, to=float(place)), rows, choice.index)
            pmf = policy.pmf(vectorise(rows, policy.feature_set), seeded(seed))
            holds.append(likeliest(pmf, choice.index) == instead.index)
        assert change.exactly != all(holds)


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
        said = re.sub(r"[^.]* more likely\.", "", text.split("It would have been")[0]).lower()
        assert text[0] not in string.ascii_lowercase.replace("o", "")
        assert text.endswith(".")
        assert not re.search(r"\d+ days?|\d+ times|none|nan|{|}", text, re.IGNORECASE)
        if "it was overdue" in said:
            assert mine["is_overdue"] == 1
        if "it was due" in said:
            assert mine["is_due_today"] == 1
        if "it was marked urgent" in said:
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
