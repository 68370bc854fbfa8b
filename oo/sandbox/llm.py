"""A stand-in for a language model: it speaks OpenAI's protocol and says what it is told to say.

`/llm/v1/chat/completions`, `/llm/v1/embeddings`, `/llm/v1/models`. It understands nothing. In a good
mood its answers have the shape that was asked for and calm words in it; how else it can be is in
`moods.py`. What it was asked is kept, for tests to look into: `GET /_control/llm`.
"""

from __future__ import annotations

import base64
import math
import struct
import time
import zlib
from typing import Any

from flask import Blueprint, Response, jsonify, request

from . import moods
from .world import the_world

llm = Blueprint("llm", __name__, url_prefix="/llm")

# Our aliases, and one that has a public price.
MODELS = ("tip-generator", "embedder", "judge", "gpt-4o-mini")
PRICE = "0.00012"  # what a LiteLLM proxy says in a header
DIMENSIONS = 64
MOST_TEXTS = 256
CHARACTERS_PER_TOKEN = 4
DEFAULT_MAX_TOKENS = 2000


class Refused(Exception):
    """An error in OpenAI's words."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@llm.errorhandler(Refused)
def _refused(error: Refused) -> Response:
    return error_reply(error.status, str(error), error.code)


def error_reply(status: int, message: str, code: str, *, retry_after: float = 0) -> Response:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    response = jsonify(error={"message": message, "type": kind, "param": None, "code": code})
    response.status_code = status
    if retry_after:
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
    return response


@llm.get("/v1/models")
def list_models() -> Response:
    rows = [{"id": id, "object": "model", "created": 0, "owned_by": "sandbox"} for id in MODELS]
    return jsonify(object="list", data=rows)


@llm.post("/api/show")
def show() -> Response:
    """As Ollama tells of a model of its own: of one that it hands on it would name the remote host."""
    return jsonify(details={"family": "sandbox"}, capabilities=["completion"])


@llm.post("/v1/chat/completions")
def complete() -> Response:
    body = _body()
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "messages is a list of at least one message", "invalid_messages")
    if body.get("stream"):
        raise Refused(400, "this model does not stream", "unsupported")
    world = the_world()
    mood, reply, turn = world.model.asked("chat", body)
    if refusal := _mood_as_error(mood):
        return refusal
    said = moods.say(mood, body, turn) if reply is None else reply
    most = body.get("max_tokens") or body.get("max_completion_tokens") or DEFAULT_MAX_TOKENS
    cut = mood == "cut off" or len(said) > most * CHARACTERS_PER_TOKEN
    if cut:
        said = said[: min(len(said) // 2 + 1, most * CHARACTERS_PER_TOKEN)]
    prompt = "".join(str(message.get("content")) for message in messages)
    message = {"role": "assistant", "content": said}
    if mood == "refusing":
        message["refusal"] = said
    answer = jsonify(
        id=f"chatcmpl-{turn}",
        object="chat.completion",
        created=int(time.time()),
        model=body["model"],
        choices=[
            {"index": 0, "message": message, "finish_reason": "length" if cut else "stop"},
        ],
        usage=_usage(prompt, said),
    )
    answer.headers["x-litellm-response-cost"] = PRICE
    return answer


@llm.post("/v1/embeddings")
def embed() -> Response:
    body = _body()
    texts = body.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise Refused(400, "input is a text or a list of texts", "invalid_input")
    if len(texts) > MOST_TEXTS:
        raise Refused(400, f"at most {MOST_TEXTS} texts at a time", "invalid_input")
    mood, _, turn = the_world().model.asked("embeddings", body)
    if refusal := _mood_as_error(mood):
        return refusal
    vectors = moods.spoil(mood, [_vector(text) for text in texts], turn)
    packed = body.get("encoding_format") == "base64"
    rows = [
        {"object": "embedding", "index": n, "embedding": _packed(v) if packed else v}
        for n, v in enumerate(vectors)
    ]
    usage = _usage("".join(texts), "")
    return jsonify(object="list", data=rows, model=body["model"], usage=usage)


def _mood_as_error(mood: str) -> Response | None:
    """What an ill-tempered model does to any question; None lets it be answered."""
    world = the_world()
    if mood == "slow":
        world.faults.wait(world.model.seconds)
    elif mood == "429":
        return error_reply(
            429, "Too many requests.", "rate_limit_exceeded", retry_after=world.model.seconds
        )
    elif mood == "500":
        return error_reply(500, "The model fell over.", "server_error")
    return None


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refused(400, "the body is a JSON object", "invalid_json")
    model = body.get("model")
    if model not in MODELS:
        raise Refused(404, f"model {model!r} not found", "model_not_found")
    return body


def _usage(prompt: str, said: str) -> dict[str, int]:
    asked, answered = (math.ceil(len(text) / CHARACTERS_PER_TOKEN) for text in (prompt, said))
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }


def _vector(text: str) -> list[float]:
    """Counts letters three at a time: alike for texts spelt alike. It knows no meanings."""
    vector = [0.0] * DIMENSIONS
    padded = f"  {text.lower()}  "
    for start in range(len(padded) - 2):
        mark = zlib.crc32(padded[start : start + 3].encode())
        vector[mark % DIMENSIONS] += 1.0 if mark & 1024 else -1.0
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    # A text whose letters cancel out still is somewhere.
    return [x / length for x in vector] if any(vector) else [1.0] + [0.0] * (DIMENSIONS - 1)


def _packed(vector: list[Any]) -> Any:
    try:
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    except (struct.error, OverflowError):
        return vector  # in a bad mood they are no numbers
