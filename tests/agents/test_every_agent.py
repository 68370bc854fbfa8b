"""What every registered agent promises. A new agent is tested here by being in settings.AGENTS."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.inference.run import run_inference
from agents.inference.values import Values
from agents.library.base import (
    Agent,
    DoneFact,
    EventFact,
    HealthFact,
    History,
    Inputs,
    TaskFact,
)
from agents.registry import agents
from oo.events.catalogue import subjects
from tests.people import NOW

ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"]


def inputs(**more) -> Inputs:
    zone = ZoneInfo("Europe/Berlin")
    return replace(Inputs(user_id=1, now=NOW.astimezone(zone), zone=zone), **more)


moments = st.datetimes(
    min_value=NOW.replace(tzinfo=None) - timedelta(days=4000),
    max_value=NOW.replace(tzinfo=None) + timedelta(days=4000),
    timezones=st.sampled_from([ZoneInfo(zone) for zone in ZONES]),
)
tasks = st.builds(
    TaskFact,
    id=st.integers(1, 10**9),
    priority=st.integers(1, 4),
    added_at=moments,
    due_on=st.none() | moments.map(lambda moment: moment.date()),
    due_at=st.none() | moments,
    recurring=st.booleans(),
    project=st.sampled_from(["", "a", "b", "c"]),
    cluster=st.sampled_from(["", "a", "b"]),
)
events = st.builds(
    EventFact,
    st.integers(1, 10**9),
    moments,
    moments,
    st.booleans(),
    st.sampled_from(["busy", "focus", "away"]),
)
days = moments.map(lambda moment: moment.date())
health = st.builds(
    HealthFact, days, st.sampled_from(["sleep", "steps", "mindful", "resting"]), st.floats(0, 1e5)
)
finished = st.builds(
    DoneFact,
    at=moments,
    added_at=st.none() | moments,
    due_on=st.none() | days,
    project=st.sampled_from(["", "a", "b", "c"]),
    recurring=st.booleans(),
)


@lru_cache(maxsize=1)
def own_words() -> dict[str, list]:
    """Of every preference that agents know some values a user could give it."""
    tried = [0, 7, 23, 30, 400, 0.7, [], [3, 9], ["a", "b"], {}, {"a": 0.2}, "less", "Asia/Tokyo"]
    params = [param for agent in agents for param in agent.manifest.params]
    return {
        param.name: [param.default, *(value for value in tried if param.accepts(value))]
        for param in params
    }


preferences = st.deferred(
    lambda: st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in own_words().items()}
    )
)
lives = st.builds(
    lambda now, tasks, events, done, health, preferences: Inputs(
        user_id=1, now=now, zone=now.tzinfo, tasks=tuple(tasks), events=tuple(events),
        done_at=tuple(sorted(done)), health=tuple(health), preferences=preferences,
    ),
    moments,
    st.lists(tasks, max_size=20),
    st.lists(events, max_size=5),
    st.lists(moments, max_size=40),
    st.lists(health, max_size=20),
    preferences,
)  # fmt: skip
# Few kinds of moments, so that things fall together, and so many that there is something to infer.
pasts = st.builds(
    lambda now, done, events, health: History(
        user_id=1, now=now, zone=now.tzinfo,
        done=tuple(sorted((d for d in done if d.at <= now), key=lambda one: one.at)),
        events=tuple(events), health=tuple(health),
    ),
    moments,
    st.lists(finished, max_size=8).flatmap(
        lambda some: st.lists(st.sampled_from(some), max_size=60) if some else st.just([])
    ),
    st.lists(events, max_size=8),
    st.lists(health, max_size=40),
)  # fmt: skip


@pytest.fixture(params=agents.ids())
def agent(request) -> Agent:
    return agents.get(request.param)


@settings(max_examples=60, deadline=None)
@given(life=lives, hour=st.integers(0, 23))
def test_one_that_goes_by_the_day_says_the_same_at_every_hour_of_it(life, hour):
    other = replace(life, now=life.now.replace(hour=hour))
    for agent in agents:
        if agent.manifest.grain == "day":
            assert agent.compute(life) == agent.compute(other), agent.id


def test_its_manifest_says_what_it_is_and_listens_to_real_events(agent):
    manifest = agent.manifest
    assert manifest.id == agent.id
    assert manifest.version
    assert manifest.says.endswith(".")
    assert manifest.ttl > timedelta(0)
    assert set(manifest.listens) <= set(subjects())
    for param in manifest.params:
        assert param.meaning.endswith(".")
        assert param.min_history > 0
        assert isinstance(param.accepts, Values)  # or no form could ask for it
        assert param.accepts(param.default)
        assert param.hint == param.accepts.hint
        assert json.loads(json.dumps(param.default)) == param.default


def test_no_two_agents_infer_a_preference_of_one_name():
    names = [param.name for agent in agents for param in agent.manifest.params]
    assert len(names) == len(set(names))


def test_of_someone_with_no_past_every_default_holds(agent):
    zone = ZoneInfo("Europe/Berlin")
    outcomes = run_inference(agent.manifest, History(1, NOW.astimezone(zone), zone))
    assert {name: one.value for name, one in outcomes.items()} == {
        param.name: param.default for param in agent.manifest.params
    }
    assert {one.why for one in outcomes.values()} <= {"too_little"}


def test_someone_with_no_life_yet_breaks_nothing(agent):
    snippet = agent.compute(inputs())
    assert snippet is None or snippet.text


@settings(max_examples=60, deadline=None)
@given(life=lives)
def test_any_life_gives_a_snippet_or_none_with_facts_that_are_json(life):
    for agent in agents:
        snippet = agent.compute(life)
        if snippet is not None:
            assert 0 < len(snippet.text) < 300
            assert 0 <= snippet.confidence <= 1
            json.dumps(dict(snippet.facts))


@settings(max_examples=30, deadline=None)
@given(life=lives)
def test_the_same_inputs_give_the_same_snippet(life):
    for agent in agents:
        assert agent.compute(life) == agent.compute(life)


@settings(max_examples=150, deadline=None)
@given(past=pasts)
def test_no_past_is_too_odd_to_infer_from_and_what_is_believed_can_be_said_and_kept(past):
    for agent in agents:
        outcomes = run_inference(agent.manifest, past)
        assert outcomes == run_inference(agent.manifest, past)
        for param in agent.manifest.params:
            found = outcomes[param.name]
            assert found.why != "failed"
            assert param.accepts(found.value)
            assert 0 <= found.confidence <= 1
            assert json.loads(json.dumps(found.evidence)) == found.evidence
            if not found.why:
                assert found.history >= param.min_history
                said = param.says(found.value, found.evidence)
                assert said.endswith(".")
                assert len(said) < 250
