"""A log holds little of what its policy hardly ever did, and the evaluation says so."""

from datetime import timedelta

import pytest

from recommender import live
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.hierarchical import Hierarchical
from recommender.bandit.policies.uniform import Uniform
from recommender.evaluate import evaluate, evidence
from recommender.shadow import start, sweep
from tests.people import NOW
from tests.recommender.history import lived, people

pytestmark = pytest.mark.django_db


def judged(settings, served_by, shadow):
    settings.ACTIVE_POLICY = served_by.id
    live._known = live.Known()
    lived(people(40), 10, policy=served_by, ends=NOW - timedelta(days=2))
    start(shadow.id, now=NOW - timedelta(days=40))
    sweep(now=NOW, limit=5_000)
    return evidence(shadow, now=NOW).log.overlap, evaluate(shadow, now=NOW)


def test_an_all_but_greedy_policys_log_cannot_judge_one_that_does_other_things(settings):
    overlap, run = judged(settings, Hierarchical, Uniform)
    assert overlap.beyond.mean() > 0.05
    assert run.verdict == "too little"
    assert run.says.startswith("too little data: support: 0.95 needed")
    assert run.numbers["lacking"]["there"] == pytest.approx(1.0 - overlap.beyond.mean())


def test_a_log_of_draws_among_all_alike_holds_every_policy(settings):
    overlap, run = judged(settings, Uniform, EpsilonGreedy)
    assert not overlap.beyond.any()
    assert run.numbers["difference"]["unsupported"] == 0.0
