"""How the net of the neural policy is trained: offline, on simulated people, by scikit-learn."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.bandit import population
from recommender.bandit.arrays import Floats
from recommender.bandit.choose import draw, seeded
from recommender.bandit.envelope import seal
from recommender.bandit.features import vectorise_columns
from recommender.bandit.net import INPUTS, TIP, Net
from recommender.bandit.prior import Prior
from recommender.bandit.rule import rule_prior
from recommender.bandit.sums import Sums
from recommender.simulation.linear import Alike, Individual, Linear, Mixed
from recommender.simulation.special import Quiet
from recommender.simulation.world import World

LABEL = "net"
SPREAD = 0.04  # of people's weights around the rule, before anything is known of them
ROUNDS = 15
FIRST_POPULATION = 101  # population 0 is the benchmark's; a net must not have seen it
KINDS: tuple[type[Linear], ...] = (Mixed, Alike, Individual, Quiet)
DIGITS = 7  # of a weight in the file


@dataclass(frozen=True, eq=False)
class Life:
    """What one simulated person was shown, X (k, d), and what became of it, rewards (k,)."""

    X: Floats
    rewards: Floats


def lives(
    people: int, decisions: int, populations: int, seed: int, progress: Callable[[], None]
) -> list[Life]:
    """`people` lives of each of `populations` populations of each of KINDS. One action is taken by
    chance and the next by chance that leans to the rule. Silence is offered.
    """
    found = []
    for number in range(populations):
        for kind in KINDS:
            world = kind(population=FIRST_POPULATION + number, silence=True)
            found += _lives_in(world, people, decisions, seed)
            progress()
    return found


def _lives_in(world: World, people: int, decisions: int, seed: int) -> list[Life]:
    found, rule = [], rule_prior(INPUTS).mean
    for number, person in enumerate(world.people(people, seed)):
        rng = seeded((seed << 32) + number)
        X, rewards = np.empty((decisions, INPUTS.width)), np.empty(decisions)
        for k in range(decisions):
            occasion = person.occasion(k)
            actions = vectorise_columns(occasion.columns, occasion.count, INPUTS)
            weights = np.exp((actions @ rule) * 6.0) if k % 2 else np.ones(occasion.count)
            index = draw(weights / weights.sum(), rng)
            X[k], rewards[k] = actions[index], person.answer(occasion, index).reward
        found.append(Life(X, rewards))
    return found


def steps(populations: int) -> int:
    """How often `train` tells its progress."""
    return populations * len(KINDS) + 2


def train(
    *,
    seed: int = 1,
    people: int = 60,
    decisions: int = 60,
    populations: int = 6,
    hidden: int = 16,
    progress: Callable[[], None] = lambda: None,
) -> Net:
    """A net, and the prior over its last layer, learned from simulated people. With the same
    arguments, versions of numpy and scikit-learn, and machine: the same numbers.
    """
    # scikit-learn is for training alone: what serves a decision must not wait for it.
    import sklearn
    from sklearn.neural_network import MLPRegressor

    everyone = lives(people, decisions, populations, seed, progress)
    X = np.concatenate([life.X for life in everyone])
    rewards = np.concatenate([life.rewards for life in everyone])
    said = X[:, TIP].ravel() == 1.0  # silence has no hidden layer
    fitted = MLPRegressor(
        hidden_layer_sizes=(hidden,),
        activation="tanh",
        alpha=1e-3,
        batch_size=256,
        learning_rate_init=3e-3,
        early_stopping=True,
        n_iter_no_change=8,
        max_iter=80,
        random_state=seed,
    ).fit(X[said], rewards[said])
    weights = fitted.coefs_[0].copy()
    weights[TIP] += fitted.intercepts_[0]
    weights = np.round(weights, DIGITS)
    progress()
    blank = Net("untaught", weights.copy(), _anchor(hidden), {})
    prior = _population(blank, everyone)
    progress()
    digest = hashlib.sha256(
        weights.tobytes() + prior.mean.tobytes() + prior.precision.tobytes()
    ).hexdigest()[:8]
    facts = {
        "made_by": f"manage.py train_net --seed {seed} --people {people} --decisions {decisions} "
        f"--populations {populations} --hidden {hidden}",
        "learned_from": f"simulated people only: {', '.join(kind.name for kind in KINDS)}, "
        f"populations {FIRST_POPULATION} to {FIRST_POPULATION + populations - 1}, with silence",
        "people": len(everyone),
        "rewards": int(rewards.size),
        "explained": round(float(fitted.score(X[said], rewards[said])), 4),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
    }
    return Net(digest, weights, _named(prior, digest), facts)


def _anchor(hidden: int) -> Prior:
    """The rule on the inputs, nothing on the hidden layer."""
    rule = rule_prior(INPUTS)
    width = INPUTS.width + hidden
    mean = np.concatenate((rule.mean, np.zeros(hidden)))
    return Prior("rule", mean, rule.noise / SPREAD * np.eye(width), rule.noise)


def _population(net: Net, everyone: Sequence[Life]) -> Prior:
    """The prior over the last layer that these people have in common."""
    states = []
    for life in everyone:
        sums = Sums(net.prior.mean.size)
        for x, reward in zip(net.represent(life.X), life.rewards.tolist(), strict=True):
            sums.add(x, reward)
        states.append(seal(LABEL, sums.count, sums.pack()))

    def read() -> list[list[bytes]]:
        return [states[start : start + 500] for start in range(0, len(states), 500)]

    return population.estimate(read, net.prior, net.prior, label=LABEL, rounds=ROUNDS)


def _named(prior: Prior, digest: str) -> Prior:
    precision = np.round(prior.precision, DIGITS)
    return Prior(
        f"net-{digest}",
        np.round(prior.mean, DIGITS),
        (precision + precision.T) / 2.0,
        round(prior.noise, DIGITS),
    )
