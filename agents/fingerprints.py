"""Telling whether an agent would see anything new, without asking it."""

import hashlib
from functools import cached_property
from typing import Any

from agents.gather import seen_by
from agents.library.base import Agent, History, Inputs

TIMES = {"hour": "%Y-%m-%d %H %z", "day": "%Y-%m-%d %z"}


class InputsHash:
    """Of what an agent is to compute from: its version, the facts it gets to see, and the time, as
    finely as it sees that.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    def of(self, agent: Agent) -> str:
        now = f"{self._inputs.now:{TIMES[agent.manifest.grain]}}"
        health = seen_by(agent, self._inputs).health
        return _hash(agent.id, agent.manifest.version, now, self._facts, health)

    @cached_property
    def _facts(self) -> str:
        """What all agents see, hashed once for all of them."""
        seen = self._inputs
        return _hash(
            seen.zone.key,
            seen.tasks,
            seen.events,
            seen.done_at,
            sorted(seen.contexts),
            sorted(seen.preferences.items()),
            sorted(seen.said),
            sorted(seen.forgotten.items()),
            sorted(seen.stale),
        )


class HistoryHash:
    """Of what an agent is to infer from: its version, the facts it gets to see, and the week.

    Of "the last weeks" another one is meant as time goes by, also for someone who does nothing.
    """

    def __init__(self, history: History) -> None:
        self._history = history

    def of(self, agent: Agent) -> str:
        return _hash(
            agent.id, agent.manifest.version, self._facts, seen_by(agent, self._history).health
        )

    @cached_property
    def _facts(self) -> str:
        seen = self._history
        year, week, _ = seen.now.isocalendar()
        return _hash(year, week, seen.zone.key, seen.done, seen.tasks, seen.events)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
