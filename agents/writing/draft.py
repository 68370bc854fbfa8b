"""What every writer gives: a tip waiting to be chosen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agents.library.base import Kind

MODEL = "plain"
PROMPT_VERSION = "plain-2"


@dataclass(frozen=True)
class TipCandidate:
    """A tip waiting to be chosen. `key` says what it is about: the same key is the same tip.

    `topic` and `cluster` are for variety: what it is about, and what else it is alike to. `claims`
    are the facts that the sentence rests on, "<agent id>.<fact>" to the value it says. None of them
    holds a word of the user's: `{title}` in `content` marks where the renderer puts those.
    """

    key: str
    kind: Kind
    content: str
    source: str
    confidence: float
    expires_at: datetime
    task_id: int | None = None
    event_id: int | None = None
    model: str = MODEL
    prompt_version: str = PROMPT_VERSION
    topic: str = ""
    cluster: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)


def end_of_day(now: datetime) -> datetime:
    """The user's next midnight: what is said of today is not said of tomorrow."""
    day = (now + timedelta(days=1)).date()
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
