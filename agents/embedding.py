"""Vectors of the user's words from the embedder, where there is one on the operator's own machines."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.core.cache import cache

from agents.alike.reference import REFERENCE
from agents.alike.vectors import Vectors, centred, middle
from agents.llm.config import model_of
from agents.llm.gateway import Unavailable as Unavailable
from agents.llm.gateway import configured, embed, remote
from oo.lib.encrypted import fingerprint

AT_ONCE = 64
MIDDLE_STAYS = timedelta(days=30)


def at_hand() -> bool:
    """Whether there is an embedder that may be told users' words: never one in the cloud."""
    return configured("embedder") and not remote("embedder")


def embedded(titles: Sequence[str], *, user_id: int | None = None, now: datetime) -> Vectors:
    """The embedder's vectors of these titles, centred. Raises Unavailable."""
    if not at_hand():
        raise Unavailable("failed", "no embedder on a machine of the operator's")
    found = _asked(titles, user_id, now)
    common = _middle(now)
    if common.shape != found.shape[1:]:
        raise Unavailable("broken", "vectors of another length than before")
    return centred(found, common)


def _asked(texts: Sequence[str], user_id: int | None, now: datetime) -> Vectors:
    rows: list[list[float]] = []
    for start in range(0, len(texts), AT_ONCE):
        rows += embed(texts[start : start + AT_ONCE], user_id=user_id, now=now)
    return np.array(rows, dtype=np.float64)


def _middle(now: datetime) -> Vectors:
    """Where the embedder's middle is: of phrases of ours, so it may be kept."""
    key = f"alike:middle:{fingerprint(repr((model_of('embedder'), REFERENCE)))}"
    kept = cache.get(key)
    if kept is None:
        kept = middle(_asked(REFERENCE, None, now)).tolist()
        cache.set(key, kept, timeout=int(MIDDLE_STAYS.total_seconds()))
    return np.array(kept, dtype=np.float64)
