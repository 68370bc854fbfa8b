"""Keeping each user's pool of candidates fresh and true, off the request path, in batches."""

import hashlib
import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from agents.gather import gather
from agents.library.base import Agent, Inputs, Snippet
from agents.models import AgentOutput, Candidate
from agents.pool import rewrite
from agents.registry import agents
from agents.writing.plain import write

log = logging.getLogger(__name__)


def refresh(user_ids: Iterable[int], *, now: datetime) -> int:
    """Computes what agents have to say anew where it changed, and rewrites the pools.

    Returns how many users were refreshed.
    """
    gathered = gather(user_ids, now=now)
    outputs: dict[tuple[int, str], AgentOutput] = {
        (output.user_id, output.agent): output
        for output in AgentOutput.objects.filter(user_id__in=gathered)
    }
    pools: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in Candidate.objects.filter(user_id__in=gathered):
        pools[candidate.user_id].append(candidate)
    refreshed = 0
    for user_id, (inputs, connected) in gathered.items():
        try:
            with transaction.atomic():
                snippets = _consult(inputs, connected, outputs, now)
                rewrite(user_id, write(inputs, snippets), pools[user_id], now=now)
        except Exception:
            # One user's fault, or a connection cut this moment, must not cost the others theirs.
            log.exception("refreshing user %s", user_id)
        else:
            refreshed += 1
    return refreshed


def _consult(
    inputs: Inputs,
    connected: frozenset[str],
    outputs: dict[tuple[int, str], AgentOutput],
    now: datetime,
) -> dict[str, Snippet]:
    """The snippets in force: kept where the inputs are as they were, else computed."""
    snippets: dict[str, Snippet] = {}
    silent: list[str] = []
    for agent in agents:
        manifest = agent.manifest
        if manifest.needs and not connected.intersection(manifest.needs):
            silent.append(manifest.id)
            continue
        stored = outputs.get((inputs.user_id, manifest.id))
        current = inputs_hash(agent, inputs)
        if stored and stored.inputs_hash == current and stored.expires_at > now:
            if stored.text:
                snippets[manifest.id] = Snippet(stored.text, stored.facts, stored.confidence)
            continue
        started = time.perf_counter()
        snippet, error = _compute(agent, inputs)
        AgentOutput.objects.update_or_create(
            user_id=inputs.user_id,
            agent=manifest.id,
            defaults={
                "version": manifest.version,
                "text": snippet.text if snippet else "",
                "facts": dict(snippet.facts) if snippet else {},
                "confidence": snippet.confidence if snippet else 0,
                "inputs_hash": current,
                "computed_at": now,
                "expires_at": now + manifest.ttl,
                "took_ms": (time.perf_counter() - started) * 1000,
                "error": error,
            },
        )
        if snippet:
            snippets[manifest.id] = snippet
    if silent:
        AgentOutput.objects.filter(user_id=inputs.user_id, agent__in=silent).delete()
    return snippets


def _compute(agent: Agent, inputs: Inputs) -> tuple[Snippet | None, str]:
    try:
        snippet = agent.compute(inputs)
        if snippet:
            json.dumps(dict(snippet.facts))  # or they can't be stored
        return snippet, ""
    except Exception as error:
        # An agent that fails says nothing; the others, and the tip, don't wait for it.
        log.exception("agent %s for user %s", agent.id, inputs.user_id)
        return None, f"{type(error).__name__}: {error}"[:200]


def inputs_hash(agent: Agent, inputs: Inputs) -> str:
    """Tells whether an agent would see anything new: its version, the facts, and the hour."""
    seen = (
        agent.id,
        agent.manifest.version,
        f"{inputs.now:%Y-%m-%d %H %z}",
        inputs.tasks,
        inputs.events,
        inputs.done_at,
        sorted(inputs.preferences.items()),
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()
