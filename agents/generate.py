"""Having a language model write tips: off the request path, in workers, and never needed.

What it is told is put together here, what it answers goes through the gate, and what is left of that
is laid over the pool. Whatever goes wrong, the pool stays as agents.writing.plain writes it.
"""

import hashlib
import hmac
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import preferences
from accounts.models import Consent
from agents.gather import Known, gather
from agents.grounds import Grounds
from agents.library.base import Snippet, part_of_day
from agents.llm.gateway import Completion, Unavailable, complete, configured, remote
from agents.models import AgentOutput, Writing
from agents.prompts import Prompt, prompt
from agents.refresh import refresh
from agents.registry import agents
from agents.withdraw import stands
from agents.words import Words, words_of
from agents.writing import gate
from agents.writing.advices import TOPICS
from agents.writing.assemble import tally
from agents.writing.brief import Brief, Material, brief
from agents.writing.plain import write
from agents.writing.written import Written

ALIAS: Literal["tip-generator"] = "tip-generator"
COUNT = 6
TRIES = 3  # the first, and two clarifications
# A small model on a small machine has room for about two thousand tokens in all.
ROOM, ANSWER = 800, 500
ENOUGH = 0.5  # of what was asked for: for the rest nobody is asked again
LONGEST_SECONDS = 45.0  # no further try after this; a job is ended at 120
RESTS = timedelta(minutes=30)  # between two writings, whatever changes
TROUBLE_RESTS = timedelta(minutes=15)  # after there was no answer
LEASE = timedelta(minutes=3)
# What a person may be sure is nothing but numbers: what agents infer, and how kinds are mixed.
MIXING = ("balance",)
WORDED = ("task", "reminder")  # what a model words; all else it only chooses
# It is shown to people, so it may be a name and nothing else.
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,59}")


@dataclass(frozen=True)
class Ready:
    """One person's brief, and the hash of all that a model would be told."""

    user_id: int
    brief: Brief
    context: str
    agents: frozenset[str]  # of whose words the brief is made


@dataclass
class Count:
    """What came of asking."""

    accepted: list[Written] = field(default_factory=list)
    dropped: list[Written] = field(default_factory=list)  # of which no question tells
    tries: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    outcome: str = ""

    @property
    def done(self) -> int:
        return len(self.accepted) + len(self.dropped)

    def add(self, said: Completion) -> None:
        self.model = said.model if MODEL_NAME.fullmatch(said.model) else "unnamed"
        self.tokens_in += said.tokens_in
        self.tokens_out += said.tokens_out
        self.cost += said.cost


def due(user_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Those of whom there is something new to write. Asks no model."""
    if not configured(ALIAS):
        return []
    ids = set(user_ids)
    # What rests for longer than anything does was written by a clock that was wrong.
    resting = Writing.objects.filter(user_id__in=ids, again_at__gt=now, again_at__lte=now + RESTS)
    ids -= set(resting.values_list("user_id", flat=True))
    before = dict(Writing.objects.filter(user_id__in=ids).values_list("user_id", "context"))
    ready = prepare(ids, now=now)
    return sorted(one.user_id for one in ready if before.get(one.user_id) != one.context)


def generate(user_id: int, *, now: datetime, count: int = COUNT) -> str:
    """Has up to `count` tips written for one person, if there is anything new to write from.

    Returns what came of it: absent, nothing, resting, unchanged, withdrawn, or the outcome of the writing.
    """
    if not configured(ALIAS):
        return "absent"
    ready = next(iter(prepare([user_id], now=now)), None)
    if ready is None:
        return "nothing"
    claim = _claim(ready, now=now)
    if isinstance(claim, str):
        return claim
    began = time.perf_counter()
    found = Count(outcome="failed")
    try:
        ask(ready.brief, found, user_id=user_id, now=now, count=count)
    finally:
        kept = _keep(ready, claim, found, took=time.perf_counter() - began, now=now)
    if not kept:
        return "withdrawn"
    if found.accepted:
        refresh([user_id], now=now)
    return found.outcome


def prepare(user_ids: Iterable[int], *, now: datetime) -> list[Ready]:
    """The briefs of those who can be written for, in a handful of queries for however many."""
    is_remote = remote(ALIAS)
    voice = prompt()
    gathered = {
        user_id: known
        for user_id, known in gather(user_ids, now=now).items()
        if _may_be_written_for(known, is_remote)
    }
    said: dict[int, dict[str, Snippet]] = {user_id: {} for user_id in gathered}
    outputs = AgentOutput.objects.filter(user_id__in=gathered, expires_at__gt=now).exclude(text="")
    for output in outputs:
        if output.agent in agents and gathered[output.user_id].grounds.support(
            agents.get(output.agent).manifest
        ):
            snippet = Snippet(output.text, output.facts, output.confidence)
            said[output.user_id][output.agent] = snippet
    texts = words_of(gathered)
    found = []
    for user_id, known in gathered.items():
        material = _material(known, said[user_id], texts[user_id])
        told = brief(material, topics=TOPICS, room=ROOM, remote=is_remote)
        # Only sentences around something of theirs are worth asking for; and where their words are
        # gone there is nothing to compare an answer with.
        forgotten = bool(known.inputs.tasks) and not texts[user_id].tasks
        if not forgotten and any(one.draft.kind in WORDED for one in told.subjects.values()):
            used = frozenset(said[user_id])
            found.append(Ready(user_id, told, _hash(told, voice), used))
    return found


def _may_be_written_for(known: Known, is_remote: bool) -> bool:
    """Nobody is written for at night; and in a cloud only who said so."""
    if part_of_day(known.inputs.now) == "night":
        return False
    return not is_remote or Consent.Document.REMOTE_MODEL in known.grounds.consents


def _material(known: Known, snippets: Mapping[str, Snippet], words: Words) -> Material:
    inputs = known.inputs
    private = frozenset(
        agent.id for agent in agents if Consent.Document.HEALTH in agent.manifest.consents
    )
    inferred = {param.name: agent.id for agent in agents for param in agent.manifest.params}
    assumed = {key.name: key.default for key in preferences.declared()}
    wishes = {
        name: value
        for name, value in inputs.preferences.items()
        if (name in inferred or name in MIXING) and value != assumed.get(name)
    }
    drafts = write(inputs, snippets)
    titles = {}
    for draft in drafts:
        title = words.tasks.get(draft.task_id) if draft.task_id else None
        title = title or (words.events.get(draft.event_id) if draft.event_id else None)
        if title:
            titles[draft.key] = title
    return Material(
        inputs=inputs,
        snippets=snippets,
        drafts=drafts,
        titles=titles,
        others=words.all,
        preferences=wishes,
        private=private,
        private_preferences=frozenset(n for n, agent_id in inferred.items() if agent_id in private),
    )


def mark() -> str:
    """A word that stands in every page of rules and nowhere else: an answer that has it is a leak."""
    secret = hmac.new(settings.SECRET_KEY.encode(), b"the mark of the page", hashlib.sha256)
    return "".join("bcdfghjkmnpqrstvwxz"[byte % 19] for byte in secret.digest()[:12])


def _hash(told: Brief, voice: Prompt) -> str:
    """For the sake of what comes and goes by the minute nobody is asked again."""
    seen = json.dumps([voice.version, told.remote, told.lasting, told.topics], sort_keys=True)
    return hashlib.sha256(seen.encode()).hexdigest()


@dataclass(frozen=True)
class Claim:
    """A writing that is ours: the row, and until when, by which it is known again."""

    pk: int
    until: datetime


def _claim(ready: Ready, *, now: datetime) -> Claim | str:
    """Takes the writing for this person, so that nobody else does; or says why it is not to be had."""
    row = Writing.objects.filter(user_id=ready.user_id).first()
    until = now + LEASE
    if row is not None and now < row.again_at <= now + RESTS:
        return "resting"
    if row is not None and row.context == ready.context:
        return "unchanged"
    if row is not None:
        mine = Writing.objects.filter(pk=row.pk, again_at=row.again_at)
        return Claim(row.pk, until) if mine.update(again_at=until) else "resting"
    try:
        with transaction.atomic():
            made = Writing.objects.create(
                user_id=ready.user_id, prompt_version=prompt().version, at=now, again_at=until
            )
    except IntegrityError:
        return "resting"
    return Claim(made.pk, until)


def ask(
    told: Brief, found: Count, *, user_id: int | None, now: datetime, count: int = COUNT
) -> None:
    """Asks, and asks again where too little was let through, quoting why: at most three times.

    `user_id` is None where the brief is of somebody made up.
    """
    voice, secret = prompt(), mark()
    page = voice.system(topics=told.topics, mark=secret)
    faults: list[str] = []
    began = time.perf_counter()
    for _ in range(TRIES):
        messages = voice.messages(
            told.data(),
            topics=told.topics,
            mark=secret,
            count=count - found.done,
            faults=faults,
        )
        try:
            said = complete(
                ALIAS, messages, schema=gate.schema(told.topics), user_id=user_id,
                prompt_version=voice.version, now=now, max_tokens=ANSWER,
                only_here=not told.remote,
            )  # fmt: skip
        except Unavailable as error:
            found.outcome = "partly" if found.accepted else error.outcome
            return
        found.add(said)
        verdict = gate.judge(
            said.text, told, page=page, mark=secret, before=(*found.accepted, *found.dropped)
        )
        let_in = verdict.accepted[: count - found.done]
        found.accepted += let_in
        found.dropped += verdict.dropped[: count - found.done]
        found.tries.append(len(let_in))
        found.faults.update(fault.kind for fault in verdict.faults)
        faults = verdict.quoted()
        if not faults or found.done >= count * ENOUGH:
            break
        if time.perf_counter() - began > LONGEST_SECONDS:
            break
    found.outcome = "written" if found.accepted else "refused"


def _keep(ready: Ready, claim: Claim, found: Count, *, took: float, now: datetime) -> bool:
    """Writes down what came of it. Where there was no answer, what was written before stays, and the
    same context is asked about again, later. False where it is not ours to write any more, or its
    ground is gone: it was taken back meanwhile.
    """
    answered = found.outcome in ("written", "refused", "partly")
    row: dict[str, object] = {
        "outcome": found.outcome[:20],
        "tries": found.tries,
        "faults": dict(found.faults),
        "left_out": tally(ready.brief.packed.left_out),
        "tokens_in": found.tokens_in,
        "tokens_out": found.tokens_out,
        "cost": Decimal(str(round(found.cost, 8))),
        "took_ms": took * 1000,
        "at": now,
        "again_at": now + (RESTS if answered else TROUBLE_RESTS),
    }
    if answered:
        row |= {
            "context": ready.context,
            "model": found.model,
            "remote": ready.brief.remote,
            "prompt_version": prompt().version,
            "tips": [one.kept() for one in found.accepted],
        }
    with transaction.atomic():
        grounds = stands(ready.user_id, now=now)
        mine = Writing.objects.filter(pk=claim.pk, again_at=claim.until)
        if grounds is None or not _founded(ready, grounds):
            mine.delete()
            return False
        return bool(mine.update(**row))


def _founded(ready: Ready, grounds: Grounds) -> bool:
    """Whether what the model was told may still be known, and by it."""
    if ready.brief.remote and Consent.Document.REMOTE_MODEL not in grounds.consents:
        return False
    return all(grounds.allow(agents.get(agent_id).manifest) for agent_id in ready.agents)
