"""On what ground an agent may speak of someone: sources that are connected, consents that stand."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import consents
from agents.library.base import Manifest
from integrations.freshness import is_stale, within
from integrations.models import Connection

# What a source told is used past what freshness promises, with its age known; not for days past it.
LONG_PAST = timedelta(days=1)


@dataclass(frozen=True)
class Grounds:
    """What someone gives. `lately` are the connected sources whose word is still worth something; one
    whose grant ran out is connected still, and what came from it is theirs, but nothing fresh comes.
    """

    connected: frozenset[str] = frozenset()
    lately: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()

    def allow(self, manifest: Manifest) -> bool:
        """Whether the agent may know of this person, and keep what it said and believes of them."""
        sourced = not manifest.needs or bool(self.connected.intersection(manifest.needs))
        return sourced and self.consents.issuperset(manifest.consents)

    def support(self, manifest: Manifest) -> bool:
        """Whether it may speak now: it is allowed to, and what it would speak of is not long past."""
        fresh = not manifest.needs or bool(self.lately.intersection(manifest.needs))
        return fresh and self.allow(manifest)


def grounds_of(user_ids: Iterable[int], *, now: datetime) -> dict[int, Grounds]:
    """What each of them gives, in two queries for however many."""
    ids = list(user_ids)
    connected: dict[int, set[str]] = defaultdict(set)
    lately: dict[int, set[str]] = defaultdict(set)
    links = Connection.objects.filter(user_id__in=ids)
    for user_id, source, status, read_at in links.values_list(
        "user_id", "source", "status", "synced_at"
    ):
        connected[user_id].add(source)
        if status == Connection.Status.CONNECTED and not _is_long_past(source, read_at, now):
            lately[user_id].add(source)
    agreed = consents.standing(ids)
    return {
        user_id: Grounds(frozenset(connected[user_id]), frozenset(lately[user_id]), agreed[user_id])
        for user_id in ids
    }


def _is_long_past(source: str, read_at: datetime | None, now: datetime) -> bool:
    if not is_stale(source, read_at, now=now):
        return False
    allowed = within(source)
    return read_at is None or allowed is None or now - read_at > allowed + LONG_PAST
