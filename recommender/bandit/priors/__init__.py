"""The priors that are shipped with oO, so that an installation nobody has used yet may start well.

They were learned from simulated people (`manage.py priors ship`), never from anyone's data, and
`index.json` says so of each. Where real people are as those were, newcomers are known from the first
tip on; where they are not, the prior does worse than the rule until it is unlearned. So one is used
where an operator says so (`manage.py priors use`), or where it is a policy's `standard`.
A file is never changed, and never removed while some installation may have decided by it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recommender.bandit.prior import Prior

HERE = Path(__file__).parent
INDEX = HERE / "index.json"


@dataclass(frozen=True)
class Shipped:
    """A shipped prior's bytes with what is known of how it was made."""

    version: str
    policy_version: str
    standard: bool
    payload: bytes
    facts: Mapping[str, Any]


@cache
def shipped(policy_id: str) -> tuple[Shipped, ...]:
    """All priors shipped for a policy, its standard first. Read from disk once."""
    entry = _index().get(policy_id)
    if entry is None:
        return ()
    versions: dict[str, dict[str, Any]] = entry["versions"]
    order = sorted(versions, key=lambda version: (version != entry["standard"], version))
    return tuple(
        Shipped(
            version,
            versions[version]["policy_version"],
            version == entry["standard"],
            (HERE / versions[version]["file"]).read_bytes(),
            versions[version],
        )
        for version in order
    )


def ship(
    policy_id: str,
    policy_version: str,
    prior: Prior,
    *,
    standard: bool = False,
    facts: Mapping[str, Any],
) -> Path:
    """Adds a prior to those that are shipped. With `standard` newcomers start from it wherever
    nothing else was said or estimated. Returns its file.

    Raises ValueError for a version that is there already with other bytes.
    """
    index = _index()
    file = HERE / f"{policy_id}.{prior.version}.prior"
    payload = prior.to_bytes()
    if file.exists() and file.read_bytes() != payload:
        raise ValueError(f"{file.name} is shipped already, with other numbers")
    file.write_bytes(payload)
    entry = index.setdefault(policy_id, {"standard": "", "versions": {}})
    if standard:
        entry["standard"] = prior.version
    entry["versions"][prior.version] = {
        "file": file.name, "policy_version": policy_version, **facts,
    }  # fmt: skip
    INDEX.write_text(json.dumps(index, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    shipped.cache_clear()
    return file


def _index() -> dict[str, Any]:
    if not INDEX.exists():
        return {}
    found: dict[str, Any] = json.loads(INDEX.read_text(encoding="utf-8"))
    return found
