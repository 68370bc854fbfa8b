"""What a model wrote, as it is kept, and the pool with it. Pure.

The pool is always made of what is true now: a model's sentence stands in place of a plain one only as
long as that very plain one would be written, for it says what is true of the thing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agents.library.base import Kind
from agents.writing.draft import TipCandidate


@dataclass(frozen=True)
class Written:
    """A tip that a model wrote and the gate let through. `instead` is the plain sentence it replaces."""

    key: str
    kind: Kind
    content: str
    topic: str
    until: datetime
    confidence: float
    instead: str

    def kept(self) -> dict[str, Any]:
        return {**vars(self), "until": self.until.isoformat()}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Written":
        return cls(**{**kept, "until": datetime.fromisoformat(kept["until"])})


def overlay(
    drafts: Sequence[TipCandidate],
    written: Iterable[Written],
    *,
    model: str,
    prompt_version: str,
    now: datetime,
) -> list[TipCandidate]:
    """The drafts, with what a model wrote where it still holds."""
    standing = {one.key: one for one in written if one.until > now}
    found = []
    for draft in drafts:
        one = standing.pop(draft.key, None)
        if one is not None and (one.instead, one.kind) == (draft.content, draft.kind):
            draft = replace(
                draft,
                content=one.content,
                model=model,
                prompt_version=prompt_version,
                expires_at=min(draft.expires_at, one.until),
            )
        found.append(draft)
    return found
