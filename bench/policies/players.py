"""Who plays in the tables: every policy in recommender/bandit/policies, and the peers."""

import dataclasses
import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any

from bench.policies import tune
from bench.policies.results import Player, Setting, code_of, short
from recommender.bandit import policies
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.rule import rule_prior
from recommender.simulation.entrants import Ceiling, LinUCBAlone, PolicyEntrant, PolicyLearner
from recommender.simulation.world import World

ACTIVE = "hierarchical"
RULE = "urgency"


@cache
def our_policies() -> dict[str, type[Policy]]:
    """Every policy there is, by id."""
    for module in pkgutil.iter_modules(policies.__path__, policies.__name__ + "."):
        importlib.import_module(module.name)
    found: list[Any] = [Policy]
    for cls in found:
        found.extend(cls.__subclasses__())
    inside = {cls for cls in found if cls.__module__.startswith(policies.__name__)}
    return {
        cls.id: cls
        for cls in sorted(inside - {Policy}, key=lambda c: c.__module__)
        if not inspect.isabstract(cls) and hasattr(cls, "id")
    }


def ours(policy: str) -> Player:
    """A policy from the prior it is born with, re-estimated every night, without noise."""
    cls = our_policies()[policy]
    return Player(policy, _key(cls), lambda world, seed: PolicyEntrant(cls))


@cache
def _key(cls: type[Policy]) -> str:
    how = inspect.getsource(PolicyEntrant) + inspect.getsource(PolicyLearner)
    return short(code_of(cls.__module__).encode(), how.encode())


PRIVATE = (2.0, 4.0, 8.0)


def private(policy: str, epsilon: float) -> Player:
    """The policy as the product estimates its prior: private at `epsilon`, where it is time for it."""
    cls = our_policies()[policy]
    key = short(_key(cls).encode(), str(epsilon).encode())
    return Player(
        f"{policy}, ε = {epsilon:g}", key, lambda world, seed: PolicyEntrant(cls, epsilon=epsilon)
    )


def lonely(policy: str) -> Player:
    """The policy where nobody takes part: each person is learned from the rule alone."""
    cls = our_policies()[policy]
    return Player(
        f"{policy}, nobody takes part", short(_key(cls).encode(), b"lonely"),
        lambda world, seed: PolicyEntrant(cls, estimates=False),
    )  # fmt: skip


def hostile(policy: str, *, nights: bool) -> Player:
    """The same policy started from a prior that is sure of the contrary of what is true."""
    cls = our_policies()[policy]

    def make(world: World, seed: int) -> PolicyEntrant:
        return PolicyEntrant(cls, prior=contrary(world, cls), estimates=nights)

    name = f"{policy}, hostile prior" + ("" if nights else ", never re-estimated")
    return Player(name, _key(cls), make)


def contrary(world: World, cls: type[Policy]) -> Prior:
    """The true prior with its mean turned round; where there is none, the rule's."""
    right = world.truth(cls.feature_set) or rule_prior(cls.feature_set)
    return dataclasses.replace(right, version="contrary", mean=-right.mean)


def ceiling() -> Player:
    """The true prior known, exact Bayes."""
    key = short(inspect.getsource(Ceiling).encode())
    return Player("ceiling", key, lambda world, seed: Ceiling(world.truth(Ceiling.feature_set)))


def alone() -> Player:
    """LinUCB for each person from nothing, d = 12: the mathematics of both libraries' LinUCB."""
    key = short(inspect.getsource(LinUCBAlone).encode())
    return Player("linucb-alone", key, lambda world, seed: LinUCBAlone())


def by_privacy(setting: Setting) -> list[Player]:
    """The active policy by what its people's privacy is worth, the rule and the ceiling."""
    noised = [private(ACTIVE, epsilon) for epsilon in PRIVATE]
    return [ours(RULE), lonely(ACTIVE), *noised, ours(ACTIVE), *top(setting)]


def everyone(setting: Setting) -> list[Player]:
    """All of ours, then the peers, then the ceiling where there is one."""
    mine = sorted(our_policies(), key=lambda name: (name == ACTIVE, name != RULE, name))
    players = [ours(name) for name in mine if name != "random"] + tune.rivals(setting)
    return players + top(setting)


def top(setting: Setting) -> list[Player]:
    """The ceiling, where the world has one."""
    has = setting.make(0).truth(Ceiling.feature_set) is not None
    return [ceiling()] if has else []
