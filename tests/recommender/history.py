"""Months of decisions, straight into the tables: for tests of what looks back on them."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from accounts.models import User
from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import KINDS, Facts, Moment, named, vectorise
from recommender.bandit.policies.base import Policy
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.featurise import pack
from recommender.models import Decision, Feedback, Reward, Score
from tests.people import NOW

Worth = Callable[[dict[str, float]], float]


def urgent(row: dict[str, float]) -> float:
    """People who want what is urgent, as the rule believes."""
    return 0.7 * row["is_overdue"] + 0.1 * (row["priority"] - 1) - 0.3


def people(count: int, *, first: int = 0) -> list[User]:
    emails = [f"h{first + n}@example.com" for n in range(count)]
    User.objects.bulk_create(User(email=email) for email in emails)
    return list(User.objects.filter(email__in=emails).order_by("pk"))


def lived(
    users: list[User],
    each: int,
    *,
    policy: type[Policy] = EpsilonGreedy,
    worth: Worth = urgent,
    ends: datetime = NOW,
    days: float = 14,
    seed: int = 1,
    noise: float = 0.3,
    answered: float = 1.0,
    candidates: int = 5,
    arms: Callable[[User, datetime], tuple[str, str, type[Policy]]] | None = None,
) -> list[Score]:
    """`each` decisions for every user, drawn by a policy that learns, answered, in the ledger.

    `arms` says experiment, arm and policy of a decision.
    """
    rng = np.random.default_rng(seed)
    decisions, scores, feedback, rewards = [], [], [], []
    had = {
        pk: (Score.objects.filter(user=pk).count(), Reward.objects.filter(user=pk).count())
        for pk in [user.pk for user in users]
    }
    for number_of, user in enumerate(users):
        knows: dict[str, Policy] = {}
        position, through = had[user.pk]
        for k in range(each):
            at = ends - timedelta(days=days * (1 - k / each), minutes=number_of)
            experiment, arm, cls = arms(user, at) if arms else ("", "", policy)
            decider = knows.setdefault(cls.id, cls.fresh())
            rows = [_candidate(rng, at) for _ in range(candidates)]
            X = vectorise(rows, cls.feature_set)
            number = int(rng.integers(2**60))
            choice = choose(decider, X, seeded(number))
            chosen = rows[choice.index]
            one = Decision(
                id=uuid.UUID(int=int(rng.integers(2**63)) << 64 | int(rng.integers(2**63))),
                user=user, kind="task", policy=cls.id, policy_version=cls.version,
                propensity=choice.propensity, created_at=at, expires_at=at + timedelta(hours=4),
                closed_at=at + timedelta(hours=1), status="answered",
            )  # fmt: skip
            position += 1
            scores.append(
                Score(
                    decision=one, user=user, position=position, digest="", hash="",
                    chosen=choice.index, candidates=[str(n) for n in range(candidates)],
                    features=pack(rows), scores=choice.scores.tolist(),
                    propensities=choice.pmf.tolist(), feature_set=cls.feature_set.version,
                    policy=cls.id, policy_version=cls.version,
                    prior_version=decider.prior_version, state_count=decider.count,
                    through=through, seed=number, model="", prompt_version="", latency_us=100,
                    experiment=experiment, arm=arm,
                )
            )  # fmt: skip
            decisions.append(one)
            if rng.random() >= answered:
                one.status = "expired"
                continue
            reward = float(np.clip(worth(chosen) + noise * rng.standard_normal(), -1, 1))
            reward = round(reward, 2)
            feedback.append(
                Feedback(
                    decision=one, user=user, reaction="done" if reward > 0 else "dismiss",
                    dwell_ms=1000, created_at=one.closed_at, reward=reward,
                    settled_at=one.closed_at,
                )
            )  # fmt: skip
            through += 1
            rewards.append(
                Reward(
                    user=user, position=through, decision=one, reward=reward, why="settled",
                    at=one.closed_at, folded_at=one.closed_at,
                )
            )  # fmt: skip
            for other in knows.values():
                other.learn(vectorise([chosen], other.feature_set)[0], reward)
    Decision.objects.bulk_create(decisions, batch_size=500)
    Score.objects.bulk_create(scores, batch_size=500)
    Feedback.objects.bulk_create(feedback, batch_size=500)
    Reward.objects.bulk_create(rewards, batch_size=500)
    return scores


def _candidate(rng: np.random.Generator, at: datetime) -> dict[str, float]:
    facts = Facts(
        str(rng.choice(KINDS)),
        is_overdue=bool(rng.random() < 0.3),
        age_days=float(rng.integers(0, 60)),
        priority=int(rng.integers(1, 5)),
    )
    return named(facts, Moment(at))
