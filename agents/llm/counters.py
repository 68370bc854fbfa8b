"""Where calls are counted: the Redis of the cache, but what it can't tell is not guessed."""

from typing import Any

from django.core.cache import caches
from redis import Redis

PREFIX = "oo:llm:"


def counters() -> Redis:
    """Its commands raise redis.RedisError when it can't be reached, after a second or two."""
    found: Redis = caches["default"]._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    return found


def run(script: str, keys: list[str], args: list[Any]) -> Any:
    """A script runs as one step: nobody else's command comes between."""
    return counters().eval(script, len(keys), *keys, *args)
