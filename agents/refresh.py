"""Keeping each user's pool of candidates fresh and true, off the request path, in batches."""

import hashlib
import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from agents.gather import gather
from agents.library.base import Agent, Inputs, Snippet
from agents.models import AgentOutput, Candidate
from agents.registry import agents
from agents.writing.plain import TipCandidate, write
from integrations.models import Task

log = logging.getLogger(__name__)

KEEP_RETIRED = timedelta(days=30)
# Rewritten candidates keep their identity, when they rest and when they were made.
REWRITTEN = (
    "kind", "content", "source", "model", "prompt_version", "confidence", "expires_at", "retired_at",
    "task", "event",
)  # fmt: skip


def refresh(user_ids: Iterable[int], *, now: datetime) -> int:
    """Computes what agents have to say anew where it changed, and rewrites the pools.

    Returns how many users were refreshed.
    """
    gathered = gather(user_ids, now=now)
    outputs: dict[tuple[int, str], AgentOutput] = {
        (output.user_id, output.agent): output
        for output in AgentOutput.objects.filter(user_id__in=gathered)
    }
    for user_id, (inputs, connected) in gathered.items():
        with transaction.atomic():
            snippets = _consult(inputs, connected, outputs, now)
            _rewrite(user_id, write(inputs, snippets), now)
    return len(gathered)


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
        return agent.compute(inputs), ""
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


def _rewrite(user_id: int, drafts: list[TipCandidate], now: datetime) -> None:
    """The pool becomes these drafts. What is not among them any more is retired."""
    rows = [
        Candidate(
            user_id=user_id,
            key=draft.key,
            kind=draft.kind,
            content=draft.content,
            source=draft.source,
            model=draft.model,
            prompt_version=draft.prompt_version,
            confidence=draft.confidence,
            task_id=draft.task_id,
            event_id=draft.event_id,
            created_at=now,
            expires_at=draft.expires_at,
        )
        for draft in drafts
    ]
    Candidate.objects.filter(user_id=user_id, retired_at=None).exclude(
        key__in=[draft.key for draft in drafts]
    ).update(retired_at=now)
    Candidate.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "key"],
        update_fields=REWRITTEN,
        batch_size=500,
    )


def retire_closed(user_id: int, *, now: datetime) -> int:
    """Retires the candidates whose task is done or gone, at once. Returns how many."""
    gone = Task.objects.filter(user_id=user_id, closed_at__isnull=False)
    return Candidate.objects.filter(user_id=user_id, retired_at=None, task__in=gone).update(
        retired_at=now
    )


def rest(candidate_id: UUID, *, until: datetime) -> None:
    """The user has answered this one: it does not come again before `until`."""
    Candidate.objects.filter(pk=candidate_id).update(resting_until=until)


def prune(*, now: datetime) -> int:
    """Deletes candidates that were retired or ran out long ago and rest no more."""
    old = now - KEEP_RETIRED
    gone = Candidate.objects.filter(
        Q(retired_at__lt=old) | Q(expires_at__lt=old),
        Q(resting_until=None) | Q(resting_until__lt=now),
    )
    return gone.delete()[0]
