"""The Redis cache, as a cache: when Redis is down the product forgets, it does not fall over."""

import functools
import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError, TimeoutError

log = logging.getLogger(__name__)


def _forgiving(name: str, otherwise: Any) -> Callable[..., Any]:
    wrapped = getattr(RedisCacheClient, name)

    @functools.wraps(wrapped)
    def call(self: RedisCacheClient, *args: Any, **kwargs: Any) -> Any:
        try:
            return wrapped(self, *args, **kwargs)
        except (ConnectionError, TimeoutError) as error:
            log.warning("cache unreachable on %s: %s", name, error)
            return otherwise() if callable(otherwise) else otherwise

    return call


class ForgivingClient(RedisCacheClient):
    """Django's client, with an unreachable Redis read as a miss and a write that reports failure."""

    set = _forgiving("set", None)
    add = _forgiving("add", False)
    touch = _forgiving("touch", False)
    delete = _forgiving("delete", False)
    has_key = _forgiving("has_key", False)
    get_many = _forgiving("get_many", dict)
    set_many = _forgiving("set_many", None)
    delete_many = _forgiving("delete_many", None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made: dict[int, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Django makes a client for every command; making one costs more than the command."""
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]
        if id(pool) not in self._made:
            self._made[id(pool)] = self._client(connection_pool=pool)  # type: ignore[attr-defined]
        return self._made[id(pool)]

    def get(self, key: Any, default: Any) -> Any:
        try:
            return super().get(key, default)
        except (ConnectionError, TimeoutError) as error:
            log.warning("cache unreachable on get: %s", error)
            return default

    def incr(self, key: Any, delta: int) -> Any:
        try:
            return super().incr(key, delta)
        except (ConnectionError, TimeoutError) as error:
            # Django's own word for "there is no such key", which callers of incr handle.
            raise ValueError(f"Key '{key}' can't be counted: {error}") from error


class ForgivingRedisCache(RedisCache):
    """Sessions fall back to the database, rate limits open meanwhile, snapshots count as absent."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient


def require_cache() -> None:
    """For what must not be believed deleted while it is not: raises when Redis can't be reached."""
    caches["default"]._cache.get_client(None, write=True).ping()  # type: ignore[attr-defined]


def this_minute(what: str, whose: object, now: datetime) -> str:
    """The key of a counter of one minute. It tells nobody whose it is: it outlives them by a while."""
    minute = int(now.timestamp()) // 60
    digest = hashlib.blake2s(f"{what}:{whose}".encode(), digest_size=16).hexdigest()
    return f"{what}:{digest}:{minute}"
