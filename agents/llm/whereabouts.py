"""Whether an Ollama server answers itself. Any of its models may be a name for one of its makers': a
copy has no "cloud" in it, so the server is asked before the first question, and what is not known
counts as away.
"""

import time
from dataclasses import replace
from typing import Literal

from django.conf import settings

from agents.llm.config import Model
from oo.lib.http import OutgoingError, fetch

Place = Literal["here", "away", "unknown"]

KEPT_SECONDS = 60.0
UNKNOWN_SECONDS = 5.0
LOOK_SECONDS = 2.0
_seen: dict[tuple[str, str], tuple[float, Place]] = {}


def settled(model: Model) -> Model:
    """The model, with what its server says of where it runs."""
    if model.remote or model.gateway != "ollama" or settings.OLLAMA_LOCAL:
        return model
    key, moment = (model.base, model.name), time.monotonic()
    until, place = _seen.get(key, (0.0, "unknown"))
    if until <= moment:
        place = look(model)
        kept = UNKNOWN_SECONDS if place == "unknown" else KEPT_SECONDS
        _seen[key] = (time.monotonic() + kept, place)
    return replace(model, remote=place != "here", unknown=place == "unknown")


def look(model: Model) -> Place:
    """Asks the server. Nothing of anybody's is in the question."""
    try:
        reply = fetch(
            "POST", f"{model.base.removesuffix('/v1')}/api/show", json={"model": model.name},
            seconds=LOOK_SECONDS, trusted=model.trusted,
        )  # fmt: skip
        told = reply.json() if reply.status == 200 else None
    except (OutgoingError, ValueError):
        return "unknown"
    if not isinstance(told, dict):
        return "unknown"
    return "away" if told.get("remote_host") or told.get("remote_model") else "here"
