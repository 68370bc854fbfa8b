"""The policies that the battery is for: found by their file, or by their line in POLICIES."""

import importlib
import inspect
import math
import pkgutil
import sys

import numpy as np
import pytest

from recommender.bandit import policies
from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import FEATURES, FeatureSet, vectorise
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior


def registered_paths() -> list[str]:
    """POLICIES, where the run has Django's settings: the room itself is tested without them."""
    conf = sys.modules.get("django.conf")
    return list(conf.settings.POLICIES) if conf and conf.settings.configured else []


def all_policies() -> list[type[Policy]]:
    found = {}
    for module_info in pkgutil.iter_modules(policies.__path__, f"{policies.__name__}."):
        for name, value in vars(importlib.import_module(module_info.name)).items():
            is_policy = inspect.isclass(value) and issubclass(value, Policy)
            if is_policy and not inspect.isabstract(value):
                found[f"{value.__module__}.{name}"] = value
    for path in registered_paths():
        module, _, name = path.rpartition(".")
        found[path] = getattr(importlib.import_module(module), name)
    return sorted(found.values(), key=lambda cls: cls.id)


POLICIES = all_policies()
LEARNERS = [cls for cls in POLICIES if cls.learns]
SILENT = [cls for cls in LEARNERS if cls.feature_set.silence]
POPULATED = [cls for cls in POLICIES if cls.has_population]
HOSTILE = [math.nan, math.inf, -math.inf, 1e300, -1e300]

every_policy = pytest.mark.parametrize("policy_class", POLICIES, ids=lambda cls: cls.id)
every_learner = pytest.mark.parametrize("policy_class", LEARNERS, ids=lambda cls: cls.id)
every_silent = pytest.mark.parametrize("policy_class", SILENT, ids=lambda cls: cls.id)
every_populated = pytest.mark.parametrize("policy_class", POPULATED, ids=lambda cls: cls.id)


def actions(feature_set: FeatureSet, n: int, rng: np.random.Generator) -> np.ndarray:
    features = [FEATURES[name] for name in feature_set.read]
    rows = [{f.name: float(rng.uniform(f.low, f.high)) for f in features} for _ in range(n)]
    return vectorise(rows, feature_set)


def rewards(feature_set: FeatureSet, n: int, seed: int = 5) -> list[tuple[np.ndarray, float]]:
    rng = seeded(seed)
    worth = rng.choice([-1.0, -0.3, 0.1, 0.3, 0.6, 1.0], size=n)
    return list(zip(actions(feature_set, n, rng), map(float, worth), strict=True))


def taught(policy_class: type[Policy], n: int = 60) -> Policy:
    policy = policy_class()
    for x, reward in rewards(policy_class.feature_set, n):
        policy.learn(x, reward)
    return policy


def assert_decides(policy: Policy, X: np.ndarray) -> None:
    choice = choose(policy, X, seeded(1))
    assert np.isfinite(choice.scores).all()
    assert np.isfinite(choice.pmf).all()
    assert choice.pmf.min() >= 0
    assert choice.pmf.sum() == pytest.approx(1, abs=1e-9)
    assert 0 <= choice.index < len(X)
    assert choice.propensity == choice.pmf[choice.index] > 0


def after_a_night(policy: Policy) -> Policy:
    """The same person once the population's prior, of them alone, was estimated anew."""
    if not policy.has_population:
        return policy
    prior = type(policy).estimate(lambda: [[policy.state()]], prior_of(policy))
    return type(policy).load(policy.state(), prior)


def prior_of(policy: Policy) -> Prior:
    """The prior under a policy that learns."""
    prior = getattr(policy, "prior", None)
    assert isinstance(prior, Prior)
    return prior
