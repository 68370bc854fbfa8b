"""What makes the log of decisions tamper-evident: each row of a person's carries the hash of all
before it.

    digest = sha256(digest of what stays + digest of the payload), each sha256 of canonical JSON
    hash   = sha256(previous hash + digest), all as hex; before the first row stands ""

Retention empties the payload and leaves its digest in its place: what stays of a pruned row is still
verified, and the chain can be followed over the gap. Numbers that were computed travel as the hex of
their eight bytes: JSON writers differ in how they print floats, and PostgreSQL's jsonb keeps
decimals. This form is part of every hash ever written: it is never changed, only followed by another
FORMAT.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

FORMAT = 1
FIRST = ""  # the hash before the first row

# What of a decision's row and of its score's row is covered. What stays, as it is stored:
STAYS = (
    "position", "kind", "chosen", "feature_set", "policy", "policy_version", "prior_version",
    "state_count", "through", "seed", "experiment", "arm", "fell_back_from", "fell_back_because",
    "model", "prompt_version", "latency_us",
)  # fmt: skip
TIMES = ("created_at", "expires_at")
# And the payload, with what is in it once it is pruned.
EMPTY: Mapping[str, Any] = {
    "candidates": [], "written": {}, "features": {}, "scores": [], "propensities": [], "mixed": {},
}  # fmt: skip


def digest_of(decision: Mapping[str, Any], payload: str | None = None) -> str:
    """The digest (64 hex digits) of a decision: its columns by name, with `id` and `user_id`.

    `payload` is the digest of its payload, where that is not there any more.
    """
    stays: dict[str, Any] = {name: decision[name] for name in STAYS}
    stays |= {name: _utc(decision[name]) for name in TIMES}
    stays |= {"id": str(decision["id"]), "user": decision["user_id"], "format": FORMAT}
    stays["propensity"] = _hex(decision["propensity"])
    payload = payload_digest(decision) if payload is None else payload
    return hashlib.sha256((_hashed(stays) + payload).encode()).hexdigest()


def payload_digest(decision: Mapping[str, Any]) -> str:
    """The digest of what retention may empty."""
    payload: dict[str, Any] = {name: decision[name] for name in ("candidates", "written")}
    payload |= {name: _hex(decision[name]) for name in ("scores", "propensities")}
    payload["features"] = {name: _hex(column) for name, column in decision["features"].items()}
    # What was decided before there was mixing has none, and its hash knows no such name. In it are
    # texts and whole numbers only, which every JSON writer prints alike.
    if decision.get("mixed"):
        payload["mixed"] = decision["mixed"]
    return _hashed(payload)


def link(previous: str, digest: str) -> str:
    """The hash of a row after `previous`."""
    return hashlib.sha256((previous + digest).encode()).hexdigest()


def _hashed(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _hex(numbers: Any) -> str:
    """Little-endian float64; None, a feature that is not known, as one and the same NaN.

    Adding 0.0 turns -0.0 into 0.0: a decimal in a database knows no such difference.
    """
    values = np.array(numbers, dtype="<f8", ndmin=1) + 0.0
    values[np.isnan(values)] = np.nan
    return values.astype("<f8", copy=False).tobytes().hex()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
