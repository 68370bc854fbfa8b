"""Keeping each user's pool of candidates fresh and true, off the request path, in batches."""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from accounts import preferences
from agents.fingerprints import InputsHash
from agents.gather import Known, gather, seen_by
from agents.library.base import Agent, Inputs, Snippet
from agents.models import AgentOutput, Belief, Candidate, Writing
from agents.pool import differ, overlaid, rewrite
from agents.registry import agents
from agents.withdraw import stands, take_back, unfounded
from agents.writing.draft import TipCandidate
from agents.writing.plain import write

log = logging.getLogger(__name__)

WRITTEN = (
    "version", "text", "facts", "confidence", "inputs_hash", "computed_at", "expires_at", "took_ms",
    "why", "error",
)  # fmt: skip


@dataclass
class Tally:
    """What a refresh came to: users whose pools are true again, and runs of agents by what became of
    them. `silent` agents lack a source, a consent, or anything recent to speak of.
    """

    users: int = 0
    computed: int = 0
    skipped: int = 0
    silent: int = 0
    failed: int = 0

    @property
    def share_skipped(self) -> float:
        """Of the agents that could speak, those for which nothing had changed."""
        runs = self.computed + self.skipped
        return self.skipped / runs if runs else 0.0


@dataclass
class _Said:
    """What a user's agents have to say now, and what of it is to be written down."""

    snippets: dict[str, Snippet] = field(default_factory=dict)
    outputs: list[AgentOutput] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)  # agents whose last word does not hold any more
    unfounded: list[str] = field(default_factory=list)  # and those that may not even remember it

    @property
    def is_new(self) -> bool:
        return bool(self.outputs or self.stale or self.unfounded)


def refresh(user_ids: Iterable[int], *, now: datetime) -> Tally:
    """Computes what agents have to say anew where it changed, and rewrites the pools."""
    tally = Tally()
    gathered = gather(user_ids, now=now)
    outputs: dict[int, dict[str, AgentOutput]] = defaultdict(dict)
    for output in AgentOutput.objects.filter(user_id__in=gathered):
        outputs[output.user_id][output.agent] = output
    believing: dict[int, set[str]] = defaultdict(set)
    beliefs = Belief.objects.filter(user_id__in=gathered).values_list("user_id", "agent")
    for user_id, agent_id in beliefs.distinct():
        believing[user_id].add(agent_id)
    pools: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in Candidate.objects.filter(user_id__in=gathered):
        pools[candidate.user_id].append(candidate)
    written = {row.user_id: row for row in Writing.objects.filter(user_id__in=gathered)}
    for user_id, known in gathered.items():
        try:
            said = _consult(known, outputs[user_id], believing[user_id], tally, now)
            drafts = overlaid(write(known.inputs, said.snippets), written.get(user_id), now=now)
            if said.is_new or differ(drafts, pools[user_id], now=now):
                _keep(known, said, now, drafts, pools[user_id])
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # One user's fault, or a connection cut this moment, must not cost the others theirs.
            log.exception("refreshing user %s", user_id)
        else:
            tally.users += 1
    return tally


def compute(agent: Agent, user_id: int, *, now: datetime) -> AgentOutput | None:
    """Computes one agent for one user because they ask. None if it has no ground to speak."""
    known = gather([user_id], now=now).get(user_id)
    if known is None or not known.grounds.support(agent.manifest):
        return None
    seen = InputsHash(known.inputs)
    output = _run(agent, known.inputs, seen.of(agent), "asked", now)
    _keep(known, _Said(outputs=[output]), now)
    return AgentOutput.objects.filter(user_id=user_id, agent=agent.id).first()


def _consult(
    known: Known,
    stored: Mapping[str, AgentOutput],
    believing: set[str],
    tally: Tally,
    now: datetime,
) -> _Said:
    """The snippets in force: kept where the inputs are as they were, else computed."""
    said = _Said(stale=[agent_id for agent_id in stored if agent_id not in agents])
    seen = InputsHash(known.inputs)
    for agent in agents:
        before = stored.get(agent.id)
        if not known.grounds.support(agent.manifest):
            tally.silent += 1
            if before:
                said.stale.append(agent.id)
            continue
        current = seen.of(agent)
        why = _why(agent, before, current, now)
        if before and not why:
            tally.skipped += 1
            if before.text:
                said.snippets[agent.id] = Snippet(before.text, before.facts, before.confidence)
            continue
        output = _run(agent, known.inputs, current, why, now)
        tally.computed += 1
        tally.failed += bool(output.error)
        said.outputs.append(output)
        if output.text:
            said.snippets[agent.id] = Snippet(output.text, output.facts, output.confidence)
    said.unfounded = sorted((believing | set(said.stale)).intersection(unfounded(known.grounds)))
    return said


def _why(agent: Agent, before: AgentOutput | None, current: str, now: datetime) -> str:
    """Why it has to be computed; empty where it does not."""
    if before is None:
        return "new"
    if before.inputs_hash != current:
        return "changed"
    return "" if before.expires_at > now else "expired"


def _run(agent: Agent, inputs: Inputs, current: str, why: str, now: datetime) -> AgentOutput:
    started = time.perf_counter()
    snippet, error = _compute(agent, seen_by(agent, inputs))
    return AgentOutput(
        user_id=inputs.user_id,
        agent=agent.id,
        version=agent.manifest.version,
        text=snippet.text if snippet else "",
        facts=dict(snippet.facts) if snippet else {},
        confidence=snippet.confidence if snippet else 0,
        inputs_hash=current,
        computed_at=now,
        expires_at=now + agent.manifest.ttl,
        took_ms=(time.perf_counter() - started) * 1000,
        why=why,
        error=error,
    )


def _compute(agent: Agent, inputs: Inputs) -> tuple[Snippet | None, str]:
    try:
        snippet = agent.compute(inputs)
        if snippet:
            json.dumps(dict(snippet.facts), allow_nan=False)  # or they can't be stored
        return snippet, ""
    except SoftTimeLimitExceeded:
        raise  # it is the worker's time that is up, not the agent's fault
    except Exception as error:
        # An agent that fails says nothing; the others, and the tip, don't wait for it.
        log.exception("agent %s for user %s", agent.id, inputs.user_id)
        return None, f"{type(error).__name__}: {error}"[:200]


def _still_wanted(inputs: Inputs) -> bool:
    """Whether the user says, and has forgotten, what they did when they were looked at. What was inferred
    meanwhile has a refresh of its own soon enough, and is no reason to throw this one away.
    """
    wants = preferences.wishes([inputs.user_id])[inputs.user_id]
    return (
        wants.said == set(inputs.said)
        and all(wants.values[name] == inputs.preferences[name] for name in wants.said)
        and wants.forgotten == inputs.forgotten
    )


def _keep(
    known: Known,
    said: _Said,
    now: datetime,
    drafts: Sequence[TipCandidate] | None = None,
    pool: Sequence[Candidate] = (),
) -> None:
    """Writes down what was said, and where there are drafts the pool, as far as the user still allows
    it: whoever takes something back meanwhile waits, and then finds all of it to take away.
    """
    user_id = known.inputs.user_id
    with transaction.atomic():
        grounds = stands(user_id, now=now)
        if grounds is None or not _still_wanted(known.inputs):
            return  # whoever said something else meanwhile had it all made anew, with that
        withdrawn = [
            output.agent
            for output in said.outputs
            if not grounds.allow(agents.get(output.agent).manifest)
        ]
        AgentOutput.objects.bulk_create(
            [output for output in said.outputs if output.agent not in withdrawn],
            update_conflicts=True,
            unique_fields=["user", "agent"],
            update_fields=WRITTEN,
        )
        take_back([user_id], sorted({*said.unfounded, *withdrawn}))
        AgentOutput.objects.filter(user_id=user_id, agent__in=said.stale).delete()
        if drafts is None:
            return
        if grounds != known.grounds:
            # They took something back, or gave it, since they were looked at.
            said.snippets = {
                agent_id: snippet
                for agent_id, snippet in said.snippets.items()
                if grounds.allow(agents.get(agent_id).manifest)
            }
            writing = Writing.objects.filter(user_id=user_id).first()
            drafts = overlaid(write(known.inputs, said.snippets), writing, now=now)
            pool = list(Candidate.objects.filter(user_id=user_id))
        rewrite(user_id, drafts, pool, now=now)
