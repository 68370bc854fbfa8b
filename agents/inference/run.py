"""Infers an agent's parameters from a history. It never fails: where it can't know, the default holds.

Only what the caller calls fatal goes through: that its time is up, say, is no fault of a parameter.
"""

import json
import logging
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from agents.library.base import History, Manifest, Param

log = logging.getLogger(__name__)

Why = Literal["", "too_little", "failed", "unsure"]
Fatal = tuple[type[BaseException], ...]


@dataclass(frozen=True)
class Outcome:
    """What is held of a parameter. `why` is empty when it was inferred, else why it is the default.

    `history` is how many facts there were to infer it from.
    """

    param: str
    value: Any
    confidence: float
    evidence: Mapping[str, Any] = field(default_factory=dict)
    history: int = 0
    why: Why = ""


def run_inference(manifest: Manifest, history: History, fatal: Fatal = ()) -> dict[str, Outcome]:
    """For each parameter of the agent, by name: what the history says of it, else its default."""
    return {param.name: _infer(manifest, param, history, fatal) for param in manifest.params}


def _infer(manifest: Manifest, param: Param, history: History, fatal: Fatal) -> Outcome:
    amount = 0
    try:
        amount = param.amount(history)
        if amount < param.min_history:
            return _default(param, amount, "too_little")
        found = param.infer(history)
        if found is None:
            return _default(param, amount, "unsure")
        if not param.accepts(found.value) or not 0 <= found.confidence <= 1:
            raise ValueError(f"{param.name} can't be {found.value!r} ({found.confidence!r})")
        # As it is stored: whoever reads it later must find what was inferred.
        value, evidence = json.loads(
            json.dumps([found.value, dict(found.evidence)], allow_nan=False)
        )
        if [value, evidence] != [found.value, dict(found.evidence)]:
            raise ValueError(f"{param.name} or its evidence is not JSON")
        return Outcome(param.name, value, found.confidence, evidence, amount)
    except fatal:
        raise
    except Exception:
        # One parameter that can't be inferred must not cost the user the others, nor others theirs.
        log.exception("inferring %s of %s for user %s", param.name, manifest.id, history.user_id)
        return _default(param, amount, "failed")


def _default(param: Param, amount: int, why: Why) -> Outcome:
    # A copy: a list in a manifest is everybody's.
    return Outcome(param.name, deepcopy(param.default), 0.0, {}, amount, why)
