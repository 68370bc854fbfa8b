"""Every sentence and every fact of every snippet follows from what the agent was given."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.registry import agents
from tests.agents.lives import past, present
from tests.agents.recount_snippets import RECOUNTS


def test_there_is_a_second_road_to_what_every_agent_says():
    assert set(agents.ids()) == RECOUNTS.keys()


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_every_snippet_counted_again_by_another_road_comes_to_the_same(seed):
    inputs = present(past(seed), seed)
    for agent in agents:
        snippet = agent.compute(inputs)
        if snippet is not None:
            RECOUNTS[agent.id](inputs, snippet)


def test_of_enough_lives_every_agent_has_something_to_say_of_somebody():
    spoke: Counter[str] = Counter()
    for seed in range(100):
        inputs = present(past(seed), seed)
        spoke.update(agent.id for agent in agents if agent.compute(inputs))
    assert all(spoke[agent_id] >= 5 for agent_id in agents.ids()), spoke


def test_what_a_person_says_of_themselves_is_what_agents_go_by_from_then_on():
    seed = next(s for s in range(200) if len(present(past(s), s).done_at) > 60)
    inputs = present(past(seed), seed)
    own = {
        "quiet_start": (inputs.now.hour) % 24,
        "quiet_end": (inputs.now.hour + 1) % 24,
        "peak_hours": [inputs.now.hour],
        "baseline_completions_per_day": 77.0,
        "usual_sleep_minutes": 601,
        "lateness_tolerance_days": 9,
        "preferred_areas": ["list0"],
    }
    inputs = replace(inputs, preferences={**inputs.preferences, **own})
    facts = {a.id: s.facts for a in agents if (s := a.compute(inputs)) is not None}
    assert facts["time-of-day"]["quiet"] is True
    assert facts["time-of-day"]["peak"] is True
    assert "free-window" not in facts  # it keeps quiet too
    if "momentum" in facts:
        assert facts["momentum"]["usual_per_day"] == 77
    if "energy" in facts:
        assert facts["energy"]["usual_sleep_minutes"] == 601
    if "overdue-task" in facts:
        assert facts["overdue-task"]["tolerance_days"] == 9
