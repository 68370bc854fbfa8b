"""What makes the log of decisions tamper-evident: each row of a person's carries the hash of all
before it.

    digest = sha256(canonical JSON of what was decided)
    hash   = sha256(previous hash + digest), both as hex; before the first row stands ""

The digest stays when a payload is pruned, so the chain can be followed over the gap. Numbers that
were computed travel as the hex of their eight bytes: JSON writers differ in how they print floats,
and PostgreSQL's jsonb keeps decimals. This form is part of every hash ever written: it is never
changed, only followed by another FORMAT.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

FORMAT = 1
FIRST = ""  # the hash before the first row

# What of a decision's row and of its score's row is covered, as it is stored.
AS_IT_IS = (
    "position", "kind", "chosen", "candidates", "written", "feature_set", "policy",
    "policy_version", "prior_version", "state_count", "through", "seed", "experiment", "arm",
    "fell_back_from", "fell_back_because", "model", "prompt_version", "latency_us",
)  # fmt: skip
NUMBERS = ("scores", "propensities", "propensity")
TIMES = ("created_at", "expires_at")


def digest_of(decision: Mapping[str, Any]) -> str:
    """The digest (64 hex digits) of a decision: its columns by name, with `id` and `user_id`."""
    payload: dict[str, Any] = {name: decision[name] for name in AS_IT_IS}
    payload |= {name: _hex(decision[name]) for name in NUMBERS}
    payload |= {name: _utc(decision[name]) for name in TIMES}
    payload["features"] = {name: _hex(column) for name, column in decision["features"].items()}
    payload |= {"id": str(decision["id"]), "user": decision["user_id"], "format": FORMAT}
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def link(previous: str, digest: str) -> str:
    """The hash of a row after `previous`."""
    return hashlib.sha256((previous + digest).encode()).hexdigest()


def _hex(numbers: Any) -> str:
    """Little-endian float64; None, a feature that is not known, as one and the same NaN.

    Adding 0.0 turns -0.0 into 0.0: a decimal in a database knows no such difference.
    """
    values = np.array(numbers, dtype="<f8", ndmin=1) + 0.0
    values[np.isnan(values)] = np.nan
    return values.astype("<f8", copy=False).tobytes().hex()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
