"""One question to one model, through litellm and out by the house's own door.

litellm takes seconds to import and a hundred megabytes: it is imported when the first question is
asked, which happens in workers and commands. Nothing of an answer or of a provider's complaint is
logged or put into a note: a provider quotes what it was asked.
"""

import logging
import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from django.conf import settings

from agents.llm.config import Model
from agents.models import LlmCall
from oo.lib.http import door, within

Outcome = LlmCall.Outcome

MOST_TOKENS = 1_000_000  # more than this in one call is not believed
MOST_DOLLARS = 100.0
LONGEST_TOKEN = 12  # characters: a server that counts fewer tokens than that is not believed
LONGEST_REST = 600.0
LONGEST_VECTOR = 10_000
DATE = re.compile(r"20\d\d-?[01]\d-?[0-3]\d", re.ASCII)  # gpt-4o-2024-08-06
# A question at fault is no reason to leave the model alone.
QUESTION_AT_FAULT = (400, 413, 422)
SAYS = {
    400: "It refused the question.",
    401: "It refused our key.",
    403: "It refused our key.",
    404: "It has no such model.",
    413: "The question was too long for it.",
    422: "It refused the question.",
    429: "Too many questions for it.",
}


@dataclass(frozen=True)
class Said:
    """What came of a question: an answer, its model's own name, and what it took."""

    answer: Any
    model: str
    tokens_in: int
    tokens_out: int
    dollars: float


class Failed(Exception):
    """No usable answer. `blame`: the model is in trouble; `rest`: seconds it wants to be left alone."""

    def __init__(self, outcome: str, note: str, *, blame: bool = True, rest: float = 0) -> None:
        super().__init__(note)
        self.outcome, self.note, self.blame, self.rest = outcome, note, blame, rest
        self.dollars = 0.0  # what it may have cost all the same


def chat(
    model: Model,
    messages: Sequence[Mapping[str, str]],
    *,
    schema: Mapping[str, Any] | None,
    max_tokens: int,
    temperature: float,
    seconds: float,
) -> Said:
    """One answer in words. Raises Failed."""
    shape: dict[str, Any] = {}
    if schema is not None:
        asked = {"name": "reply", "strict": True, "schema": dict(schema)}
        shape["response_format"] = {"type": "json_schema", "json_schema": asked}
    with _asking(model, seconds) as (litellm, client, seen):
        reply = litellm.completion(
            model=f"openai/{model.name}",
            messages=[{"role": m["role"], "content": m["content"]} for m in messages],
            client=client, api_base=model.base, api_key=model.key,
            timeout=seconds, num_retries=0, max_retries=0,
            max_tokens=max_tokens, temperature=temperature, **shape,
            # Providers don't take everything from every model; what we say ourselves is checked.
            drop_params=model.gateway == "cloud",
        )  # fmt: skip
        said = reply.choices[0].message.content
        if not isinstance(said, str) or not said.strip():
            raise Failed(Outcome.BROKEN, "It said nothing.", blame=False)
        if not _whole(said):
            raise Failed(Outcome.BROKEN, "It said half a character.", blame=False)
        asked_of = (*(m["content"] for m in messages), schema or "")
        return _told(litellm, model, reply, said, seen, asked_of, said)


def vectors(model: Model, texts: Sequence[str], *, seconds: float) -> Said:
    """A vector for each text. Raises Failed."""
    with _asking(model, seconds) as (litellm, client, seen):
        reply = litellm.embedding(
            model=f"openai/{model.name}", input=list(texts), encoding_format="float",
            client=client, api_base=model.base, api_key=model.key,
            timeout=seconds, num_retries=0, max_retries=0,
        )  # fmt: skip
        rows = sorted(reply.data, key=lambda row: row["index"])
        if [row["index"] for row in rows] != list(range(len(texts))):
            raise Failed(Outcome.BROKEN, "It gave not one vector for each text.")
        found = [row["embedding"] for row in rows]
        if not _usable(found):
            raise Failed(Outcome.BROKEN, "Its vectors can't be used.")
        given = [[float(x) for x in row] for row in found]
        return _told(litellm, model, reply, given, seen, texts, "")


def _whole(text: str) -> bool:
    """Whether a text can be written down: half of a pair can't, and what complains of it quotes it."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _usable(found: list[Any]) -> bool:
    """All of one length, of finite numbers, none of them nothing."""
    if not all(isinstance(row, list) for row in found) or len({len(row) for row in found}) != 1:
        return False
    return 0 < len(found[0]) <= LONGEST_VECTOR and all(
        all(type(x) in (int, float) and abs(x) < 1e6 for x in row) and any(row) for row in found
    )


class _Seen:
    """The status and the headers of the answer, as they came: litellm changes or drops them."""

    status = 0
    headers: Mapping[str, str] = {}

    def note(self, response: Any) -> None:
        self.status, self.headers = response.status_code, dict(response.headers)


@contextmanager
def _asking(model: Model, seconds: float) -> Iterator[tuple[ModuleType, Any, _Seen]]:
    """What a question needs. Whatever goes wrong inside is Failed, and over in `seconds`."""
    litellm, openai = libraries()
    seen = _Seen()
    http = door(trusted=model.trusted)
    http.event_hooks = {"response": [seen.note]}
    client = openai.OpenAI(
        api_key=model.key, base_url=model.base, http_client=http, max_retries=0, timeout=seconds
    )
    try:
        # Warnings quote what did not fit, which is what was said.
        with within(seconds), warnings.catch_warnings(action="ignore", category=UserWarning):
            yield litellm, client, seen
    except Failed:
        raise
    except openai.APITimeoutError:
        raise Failed(Outcome.TIMEOUT, f"No answer in {seconds:g} s.") from None
    # Also what a library trips over when an answer is not of the shape it expects.
    except Exception as error:
        raise _failure(error, seen) from None


def _failure(error: Exception, seen: _Seen) -> Failed:
    kind = type(error).__name__
    if not seen.status:
        return Failed(Outcome.FAILED, f"It can't be reached ({kind}).")
    if seen.status >= 500 or 300 <= seen.status < 400:
        return Failed(Outcome.FAILED, f"It answered with status {seen.status}.")
    if seen.status >= 400:
        says = SAYS.get(seen.status, f"It answered with status {seen.status}.")
        at_fault = seen.status in QUESTION_AT_FAULT
        rest = _number(seen.headers.get("retry-after"), most=LONGEST_REST)
        return Failed(Outcome.REFUSED, says, blame=not at_fault, rest=rest)
    return Failed(Outcome.BROKEN, f"Its answer can't be read ({kind}).")


def _told(
    litellm: ModuleType, model: Model, reply: Any, answer: Any, seen: _Seen,
    asked: Sequence[object], said: str,
) -> Said:  # fmt: skip
    usage = getattr(reply, "usage", None)
    tokens_in = _tokens(getattr(usage, "prompt_tokens", 0), *asked)
    tokens_out = _tokens(getattr(usage, "completion_tokens", 0), said)
    name = named(model.name, getattr(reply, "model", None))
    dollars = _dollars(litellm, model, tokens_in, tokens_out, seen)
    return Said(answer, name, tokens_in, tokens_out, dollars)


def named(name: str, claimed: object) -> str:
    """What a model is called: as the operator named it, with a date behind if it says one. What it
    calls itself beyond that is words of a stranger's, and is shown to nobody.
    """
    ours = name[:60]
    dated = isinstance(claimed, str) and claimed.startswith(f"{ours}-")
    if dated and DATE.fullmatch(str(claimed)[len(ours) + 1 :]):
        return str(claimed)
    return ours


def _tokens(told: object, *texts: object) -> int:
    """How many a server says there were, or our own estimate where that is too few to be true."""
    number = int(_number(told, most=MOST_TOKENS))
    length = sum(len(str(text)) for text in texts)
    return number if number * LONGEST_TOKEN >= length else tokens_of(*texts)


def tokens_of(*texts: object) -> int:
    """About how many tokens texts are, rather too many than too few."""
    length = 0.0
    for text in map(str, texts):
        foreign = sum(ord(letter) > 0x2FF for letter in text)
        length += 8 + (len(text) - foreign) / 3 + foreign
    return int(length) + 1


def at_worst(model: Model, inward: int, outward: int) -> float | None:
    """What a question can cost, in dollars; None where nobody knows. A proxy tells afterwards."""
    if not model.remote:
        return 0.0
    known = _price(libraries()[0], model, inward, outward) if model.gateway == "cloud" else None
    return _configured(inward + outward) if known is None else known


def _configured(tokens: int) -> float | None:
    return settings.LLM_PRICE * tokens / 1e6 if settings.LLM_PRICE > 0 else None


def _price(litellm: ModuleType, model: Model, inward: int, outward: int) -> float | None:
    """By the public list; None for what is not on it."""
    try:
        prices = litellm.cost_per_token(
            model=model.name, prompt_tokens=inward, completion_tokens=outward
        )
    except Exception:  # it has no price, and says so in many ways
        return None
    return _number(sum(prices), most=MOST_DOLLARS) or None


def _dollars(litellm: ModuleType, model: Model, inward: int, outward: int, seen: _Seen) -> float:
    """What it cost, as far as anybody knows: a model of one's own nothing."""
    if not model.remote:
        return 0.0
    told = None
    if model.gateway == "proxy":
        told = _number(seen.headers.get("x-litellm-response-cost"), most=MOST_DOLLARS) or None
    elif model.gateway == "cloud":
        told = _price(litellm, model, inward, outward)
    return (_configured(inward + outward) or 0.0) if told is None else told


def _number(told: object, *, most: float) -> float:
    """A number somebody else told us, as far as it makes sense."""
    try:
        number = float(told)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0
    return min(number, most) if math.isfinite(number) and number > 0 else 0.0


@lru_cache(maxsize=1)
def libraries() -> tuple[Any, Any]:
    """litellm and openai, told to be quiet. Takes seconds the first time."""
    # Otherwise importing it fetches a list of prices.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm
    import openai

    litellm.turn_off_message_logging = True
    litellm.suppress_debug_info = True
    litellm.drop_params = False
    litellm.telemetry = False
    litellm.callbacks = litellm.success_callback = litellm.failure_callback = []
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    # Its embeddings take "no retries" for "not said", and change the client that they are given.
    litellm.DEFAULT_MAX_RETRIES = 0  # type: ignore[attr-defined]
    logging.getLogger("openai").setLevel(logging.WARNING)
    # As above, for the thread in which it does its accounts.
    warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)
    return litellm, openai
