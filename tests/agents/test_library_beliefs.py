"""Every sentence that oO believes follows from the past it was inferred from."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.inference.run import run_inference
from agents.registry import agents
from tests.agents.lives import past
from tests.agents.recount import RECOUNTS

PARAMS = {param.name: agent for agent in agents for param in agent.manifest.params}


def test_there_is_a_second_road_to_every_belief_of_every_agent():
    assert RECOUNTS.keys() == PARAMS.keys()


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_every_belief_counted_again_by_another_road_comes_to_the_same(seed):
    history = past(seed)
    for agent in agents:
        outcomes = run_inference(agent.manifest, history)
        for param in agent.manifest.params:
            found = outcomes[param.name]
            assert found.why != "failed"
            if not found.why:
                sentence = param.says(found.value, found.evidence)
                RECOUNTS[param.name](history, found.value, sentence)


def test_of_enough_lives_every_belief_is_held_of_somebody_so_that_the_test_above_is_of_all():
    held: Counter[str] = Counter()
    for seed in range(120):
        history = past(seed)
        for agent in agents:
            found = run_inference(agent.manifest, history)
            held.update(name for name, one in found.items() if not one.why)
    assert all(held[name] >= 3 for name in PARAMS), held


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_a_belief_is_said_in_a_calm_sentence_also_without_its_evidence(name):
    param = next(p for p in PARAMS[name].manifest.params if p.name == name)
    for value in {repr(param.default): param.default, **_others(param)}.values():
        said = param.says(value, {})
        assert said.endswith(".")
        assert said[0].isupper() or said.startswith("oO")
        assert "None" not in said
        assert len(said) < 200


def _others(param):
    tried = [0, 1, 5, 7, 23, 30, 0.8, -0.4, [], [3], [3, 9], ["a"], ["a", "b"], {}, {"a": 0.5},
             "more", "less", "Europe/Berlin"]  # fmt: skip
    return {repr(value): value for value in tried if param.accepts(value)}
