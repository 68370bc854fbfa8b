"""What every registered agent promises. A new agent is tested here by being in settings.AGENTS."""

import json
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.library.base import Agent, EventFact, Inputs, TaskFact
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
)
events = st.builds(EventFact, st.integers(1, 10**9), moments, moments, st.booleans())
lives = st.builds(
    lambda now, tasks, events, done: Inputs(
        user_id=1, now=now, zone=now.tzinfo, tasks=tuple(tasks), events=tuple(events),
        done_at=tuple(sorted(done)), preferences={"quiet_start": 22, "quiet_end": 7},
    ),
    moments,
    st.lists(tasks, max_size=20),
    st.lists(events, max_size=5),
    st.lists(moments, max_size=40),
)  # fmt: skip


@pytest.fixture(params=agents.ids())
def agent(request) -> Agent:
    return agents.get(request.param)


def test_its_manifest_says_what_it_is_and_listens_to_real_events(agent):
    manifest = agent.manifest
    assert manifest.id == agent.id
    assert manifest.version
    assert manifest.says.endswith(".")
    assert manifest.ttl > timedelta(0)
    assert set(manifest.listens) <= set(subjects())
    assert all(param.meaning and param.min_history > 0 for param in manifest.params)
    json.dumps([param.default for param in manifest.params])


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
