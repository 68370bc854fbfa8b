"""Small worlds whose truth is known by adding up, and the logs of policies that live in them."""

from dataclasses import dataclass

import numpy as np

from recommender.evaluation.log import Log
from recommender.evaluation.overlap import Overlap
from recommender.evaluation.regression import CrossFitted

CONTEXTS, ACTIONS = 8, 6


@dataclass(frozen=True, eq=False)
class Problem:
    """Expected rewards and the live and the target policy's probabilities, each (contexts, actions).

    People add to the reward a level of their own and a taste for each action, both of mean 0: so
    their rewards hang together and the truth stays what the table says.
    """

    q: np.ndarray
    live: np.ndarray
    target: np.ndarray
    learns: bool = False

    def value(self, policy):
        return float((policy * self.q).sum(axis=1).mean())

    @property
    def gain(self):
        return self.value(self.target) - self.value(self.live)


def softmax(scores, sharpness, floor):
    e = np.exp(sharpness * (scores - scores.max(axis=1, keepdims=True)))
    return floor / scores.shape[1] + (1.0 - floor) * e / e.sum(axis=1, keepdims=True)


def problem(rng, *, sharp=3.0, floor=0.1, learns=False):
    """A live policy that is mistaken about the rewards and a target that is less so."""
    q = rng.uniform(-0.6, 0.6, (CONTEXTS, ACTIONS))
    live = softmax(q + rng.normal(0.0, 0.4, q.shape), sharp, floor)
    target = softmax(q + rng.normal(0.0, 0.2, q.shape), 2.0 * sharp, floor / 2.0)
    return Problem(q, live, target, learns)


def twins(rng, *, sharp=3.0, floor=0.1, share=1.0, worse=0.0):
    """Every action has a twin of the same worth. In some contexts the target prefers the twin: another
    policy, with the same value.

    `share`: of the decisions in which it does so, the rest are as the live policy's. `worse`: twins
    are worth that much less, and the live policy knows which are twins and leaves them alone.
    """
    half = rng.uniform(-0.6, 0.6, (CONTEXTS, ACTIONS // 2))
    q = np.concatenate((half, half), axis=1)
    live = softmax(q + rng.normal(0.0, 0.4, q.shape), sharp, floor)
    swaps = rng.random((CONTEXTS, 1)) < 0.5
    if worse:
        half = live[:, : ACTIONS // 2] + live[:, ACTIONS // 2 :]
        live = np.concatenate((half - floor / 2 / ACTIONS, np.zeros_like(half)), axis=1)
        live[:, ACTIONS // 2 :] = floor / ACTIONS
        live /= live.sum(axis=1, keepdims=True)
        q = q - worse * (np.arange(ACTIONS) >= ACTIONS // 2)
    other = np.where(swaps, np.roll(live, ACTIONS // 2, axis=1), live)
    return Problem(q, live, share * other + (1.0 - share) * live)


@dataclass(frozen=True, eq=False)
class Sample:
    person: np.ndarray
    context: np.ndarray
    action: np.ndarray
    reward: np.ndarray
    pmf: np.ndarray
    """(n, actions): what the action was drawn from."""
    order: np.ndarray


def live_through(world, rng, people, each):
    """Decisions of `people`, geometrically many with mean `each`, under the live policy.

    With `learns` it also learns by itself which actions a person likes, in any context: half of its
    probability follows the mean reward that the person gave to each action so far.
    """
    many = np.maximum(1, rng.geometric(1.0 / each, people))
    level = rng.uniform(-0.26, 0.26, people)
    taste = rng.uniform(-0.13, 0.13, (people, ACTIONS))
    total, tried = np.zeros((2, people, ACTIONS))
    rows = []
    for k in range(many.max()):
        who = np.flatnonzero(many > k)
        context = rng.integers(CONTEXTS, size=who.size)
        pmf = world.live[context]
        if world.learns:
            pmf = 0.5 * pmf + 0.5 * softmax(total[who] / (tried[who] + 1.0), 4.0, 0.2)
        action = (rng.random(who.size)[:, None] > pmf.cumsum(axis=1)).sum(axis=1)
        action = np.minimum(action, ACTIONS - 1)
        mean = world.q[context, action] + level[who] + taste[who, action]
        reward = np.where(rng.random(who.size) < (1.0 + mean) / 2.0, 1.0, -1.0)
        total[who, action] += reward
        tried[who, action] += 1.0
        rows.append((who, context, action, reward, pmf, np.full(who.size, float(k))))
    return Sample(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def additive(context, action):
    """(n, contexts + actions): which of each. A model of this is wrong about the world."""
    rows = np.arange(context.size)
    x = np.zeros((context.size, CONTEXTS + ACTIONS))
    x[rows, context] = 1.0
    x[rows, CONTEXTS + action] = 1.0
    return x


def products(context, action):
    """(n, contexts * actions): which of all pairs, as far as a linear model can go."""
    x = np.zeros((context.size, CONTEXTS * ACTIONS))
    x[np.arange(context.size), context * ACTIONS + action] = 1.0
    return x


def log_of(world, sample, features=additive):
    """The log as the product would make it, with a cross-fitted reward model."""
    n = sample.reward.size
    rows = np.arange(n)
    pi = world.target[sample.context]
    model = CrossFitted.fit(
        features(sample.context, sample.action), sample.reward, sample.person, strength=5.0
    )
    every = np.tile(np.arange(ACTIONS), n)
    q = model.predict(
        features(np.repeat(sample.context, ACTIONS), every), np.repeat(sample.person, ACTIONS)
    ).reshape(n, ACTIONS)
    return Log(
        reward=sample.reward,
        propensity=sample.pmf[rows, sample.action],
        person=sample.person,
        order=sample.order,
        pi_chosen=pi[rows, sample.action],
        q_chosen=q[rows, sample.action],
        v_target=(pi * q).sum(axis=1),
        v_live=(sample.pmf * q).sum(axis=1),
        overlap=Overlap.of(pi, sample.pmf, q),
    )
