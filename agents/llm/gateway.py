"""The one door to language models: `complete` and `embed`. Called by workers and commands only.

What is asked goes to exactly one model per alias, the one that `remote(alias)` speaks of: a prompt
that was put together for a model on this machine never ends up in the cloud because the first was
down. Everything that can go wrong is `Unavailable`, in bounded time, and means: write without it.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from redis import RedisError

from accounts import consents
from accounts.models import Consent, User
from agents.llm import breaker, budget, calling, callog, whereabouts
from agents.llm.calling import tokens_of
from agents.llm.config import Alias, Model, forbidden, model_of
from agents.llm.slots import Full, slot
from agents.models import LlmCall

log = logging.getLogger(__name__)

Message = Mapping[str, str]  # {"role": "system" | "user" | "assistant", "content": ...}
Outcome = LlmCall.Outcome

WAIT_SECONDS = 5.0  # for others to come to an end
LONGEST_SECONDS = 100.0  # a job has 120
LONGEST_PROMPT = 24_000  # characters: a model on a small machine drops what is more without a word
LONGEST_TEXT = 2_000
TEXTS_AT_ONCE = 64


@dataclass(frozen=True)
class Completion:
    """What a model said, unjudged: the text may be anything. `model` is who says it was it."""

    text: str
    model: str
    remote: bool
    tokens_in: int
    tokens_out: int
    cost: float  # US dollars; 0 for a model of one's own


class Unavailable(Exception):
    """There is no answer. `outcome` is one of LlmCall.Outcome, `note` says more, in our own words."""

    def __init__(self, outcome: str, note: str) -> None:
        super().__init__(f"{outcome}: {note}")
        self.outcome = outcome
        self.note = note


def configured(alias: Alias) -> bool:
    """Whether there is a model to ask: named, and not in a cloud that it may not be in.

    An embedder may not: it is told users' own words.
    """
    model = model_of(alias)
    return model is not None and not forbidden(model)


def remote(alias: Alias) -> bool:
    """Whether what is asked leaves the operator's machines. True where there is no telling."""
    model = model_of(alias)
    return model is None or whereabouts.settled(model).remote


def complete(
    alias: Alias,
    messages: Sequence[Message],
    *,
    schema: Mapping[str, Any] | None = None,
    user_id: int | None = None,
    prompt_version: str = "",
    now: datetime,
    max_tokens: int = 600,
    temperature: float = 0.7,
    only_here: bool = False,
) -> Completion:
    """One answer. With a `schema` the model is held to it as well as it can be: check it yourself.

    `user_id` is whom it is for: their budget counts, and their consent where the model is remote.
    None where nobody's words or facts are in it. `only_here`: what it is told may not leave the
    operator's machines, whoever agreed to what. Raises Unavailable.
    """
    size = sum(len(message["content"]) for message in messages)
    if size > LONGEST_PROMPT:
        raise Unavailable(Outcome.BARRED, f"A prompt of {size} characters is too long.")
    question = _Question(
        model=_askable(alias),
        user_id=user_id,
        prompt_version=prompt_version,
        tokens=tokens_of(*(message["content"] for message in messages), schema or ""),
        tokens_out=max_tokens,
        said=list(messages),
        now=now,
        only_here=only_here,
    )
    said = _ask(
        question,
        lambda seconds: calling.chat(
            question.model, messages, schema=schema, max_tokens=max_tokens,
            temperature=temperature, seconds=seconds,
        ),
    )  # fmt: skip
    return Completion(
        said.answer,
        said.model,
        question.model.remote,
        said.tokens_in,
        said.tokens_out,
        said.dollars,
    )


def embed(texts: Sequence[str], *, user_id: int | None = None, now: datetime) -> list[list[float]]:
    """A vector for each text, all of one length, finite and not zero. Raises Unavailable."""
    model = _askable("embedder")
    prefix = f"{settings.LLM_EMBEDDER_PREFIX} " if settings.LLM_EMBEDDER_PREFIX else ""
    found: list[list[float]] = []
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        some = [f"{prefix}{text}"[:LONGEST_TEXT] for text in texts[start : start + TEXTS_AT_ONCE]]
        found += _embed_some(model, some, user_id, now)
    if len({len(vector) for vector in found}) > 1:
        raise Unavailable(Outcome.BROKEN, "Its vectors are of several lengths.")
    return found


# --- how a question is asked --------------------------------------------------------------------


@dataclass(frozen=True)
class _Question:
    model: Model
    user_id: int | None
    tokens: int
    said: list[Any]
    now: datetime
    prompt_version: str = ""
    tokens_out: int = 0
    only_here: bool = False


def _askable(alias: Alias) -> Model:
    model = model_of(alias)
    if model is None:
        raise Unavailable(Outcome.BARRED, f"No model is configured for {alias}.")
    return whereabouts.settled(model)


def _embed_some(
    model: Model, texts: list[str], user_id: int | None, now: datetime
) -> list[list[float]]:
    question = _Question(
        model=model, user_id=user_id, tokens=tokens_of(*texts), said=texts, now=now
    )
    said = _ask(question, lambda seconds: calling.vectors(model, texts, seconds=seconds))
    vectors: list[list[float]] = said.answer
    return vectors


def _ask(question: _Question, call: Callable[[float], calling.Said]) -> calling.Said:
    """Asks, if it may be asked, and keeps what came of it. Raises Unavailable."""
    began = time.perf_counter()
    try:
        said = _within_bounds(question, call)
    except Unavailable as error:
        _keep(question, began, outcome=error.outcome, note=error.note)
        raise
    except calling.Failed as error:
        read = _read(question, error)
        _keep(
            question,
            began,
            outcome=error.outcome,
            note=error.note,
            tokens_in=read,
            cost=error.dollars,
        )
        raise Unavailable(error.outcome, error.note) from None
    except RedisError as error:
        log.warning("no model is asked while nothing can be counted: %s", type(error).__name__)
        raise Unavailable(Outcome.FAILED, "Redis can't be reached, so nothing is asked.") from None
    _keep(
        question, began, outcome=Outcome.OK, model=said.model, tokens_in=said.tokens_in,
        tokens_out=said.tokens_out, cost=said.dollars, answer=said.answer,
    )  # fmt: skip
    return said


def _within_bounds(question: _Question, call: Callable[[float], calling.Said]) -> calling.Said:
    """Raises Unavailable where nothing was asked, calling.Failed where it was, redis.RedisError."""
    model, name = question.model, question.model.circuit
    seconds = min(settings.LLM_TIMEOUT_SECONDS, LONGEST_SECONDS)
    lease = int(seconds) + 10
    _check_consent(question)
    calling.libraries()  # before anybody waits for us
    worst = _worst(question)
    try:
        with slot(at_once=settings.LLM_AT_ONCE, lease_seconds=lease, wait_seconds=WAIT_SECONDS):
            held = budget.reserve(
                question.user_id, question.tokens + question.tokens_out,
                dollars=worst, remote=model.remote, now=question.now,
            )  # fmt: skip
            used, dollars = 0, 0.0
            try:
                if not breaker.admits(name, trial_seconds=lease):
                    raise Unavailable(Outcome.OPEN, "It failed again and again, and is left alone.")
                _check_consent(question)  # which may have been taken back while it waited
                said = call(seconds)
                used, dollars = said.tokens_in + said.tokens_out, said.dollars
            except calling.Failed as error:
                used = _read(question, error)
                # It may have been answered all the same, and be on the bill.
                dollars = error.dollars = held.dollars if used else 0.0
                raise
            finally:
                budget.settle(held, tokens=used, dollars=dollars)
    except Full:
        raise Unavailable(Outcome.BUSY, "As many questions as may be are under way.") from None
    except budget.Spent as spent:
        raise Unavailable(Outcome.SPENT, str(spent)) from None
    except calling.Failed as error:
        _tell_breaker(name, error)
        raise
    _tell_breaker(name)
    return said


def _tell_breaker(name: str, error: calling.Failed | None = None) -> None:
    try:
        if error is not None and error.blame:
            breaker.failed(name, rest_seconds=error.rest)
        else:
            breaker.answered(name)
    except RedisError as trouble:  # no reason to throw an answer away
        log.warning("how a model did was not kept: %s", type(trouble).__name__)


def _read(question: _Question, error: calling.Failed) -> int:
    """How many tokens of a question were paid for, though nothing came of it, as far as we can tell."""
    return question.tokens if error.outcome in (Outcome.TIMEOUT, Outcome.BROKEN) else 0


def _worst(question: _Question) -> float:
    """What it can cost in dollars. Where nobody knows, a provider is not asked; a proxy tells later."""
    worst = calling.at_worst(question.model, question.tokens, question.tokens_out)
    if worst is None and question.model.gateway == "cloud":
        raise Unavailable(Outcome.BARRED, "Nobody knows what it costs: set LLM_PRICE.")
    return worst or 0.0


def _check_consent(question: _Question) -> None:
    if why := forbidden(question.model):
        if question.model.unknown:
            raise calling.Failed(Outcome.FAILED, why)
        raise Unavailable(Outcome.BARRED, why)
    if question.only_here and question.model.remote:
        raise Unavailable(
            Outcome.BARRED, "What it would be told stays here, and it is in the cloud."
        )
    if not question.model.remote or question.user_id is None:
        return
    if not User.objects.filter(pk=question.user_id, is_active=True).exists():
        raise Unavailable(Outcome.BARRED, "This user has left.")
    if not consents.stands(question.user_id, Consent.Document.REMOTE_MODEL):
        raise Unavailable(Outcome.BARRED, "This user did not agree to a model in the cloud.")


def _keep(
    question: _Question, began: float, *, outcome: str, answer: Any = None, **told: Any
) -> None:
    model = question.model
    call = LlmCall(
        user_id=question.user_id, alias=model.alias, remote=model.remote, at=question.now,
        prompt_version=question.prompt_version[:40], outcome=outcome,
        latency_ms=round((time.perf_counter() - began) * 1000, 1),
        **{"model": model.name[:100], **told},
    )  # fmt: skip
    callog.write(call, said=[*question.said, {"answer": answer}])
