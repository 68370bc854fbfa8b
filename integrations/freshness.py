"""Reading a user's sources because they look now: asked for on the request path, done off it."""

from django.conf import settings
from django.core.cache import cache

from integrations.jobs import sync_connections
from oo.lib.jobs import wake


def freshen(user_id: int) -> None:
    """Has the user's sources read, at most once in FRESH_SECONDS. No query, no waiting."""
    if cache.add(f"fresh:{user_id}", 1, timeout=settings.FRESH_SECONDS):
        wake(sync_connections, user_id)
