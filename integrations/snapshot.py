"""The text of a user's things: encrypted, in the cache, with an end; never in the database.

One entry for each connection. Losing it loses nothing: the next read of the source is a full one.
"""

import json
import zlib
from collections.abc import Iterable
from datetime import timedelta

from django.core.cache import cache

from oo.lib.encrypted import CannotDecrypt, seal, unseal

Texts = dict[str, str]  # row kind and external id, e.g. "task:6X7..." -> its text


def _key(connection_id: object) -> str:
    return f"snapshot:{connection_id}"


def write(connection_id: object, texts: Texts, *, lasts: timedelta) -> None:
    packed = seal(zlib.compress(json.dumps(texts, ensure_ascii=False).encode(), 6))
    cache.set(_key(connection_id), packed, timeout=int(lasts.total_seconds()))


def read(connection_id: object) -> Texts | None:
    """The texts of one connection, or None when they are not there (any more)."""
    return read_many([connection_id]).get(str(connection_id))


def read_many(connection_ids: Iterable[object]) -> dict[str, Texts]:
    """The texts of several connections in one round trip, those that are there."""
    keys = {_key(connection_id): str(connection_id) for connection_id in connection_ids}
    found: dict[str, Texts] = {}
    for key, packed in cache.get_many(list(keys)).items():
        try:
            found[keys[key]] = json.loads(zlib.decompress(unseal(packed)))
        except (CannotDecrypt, zlib.error, ValueError):
            cache.delete(key)
    return found


def drop(connection_id: object) -> None:
    cache.delete(_key(connection_id))
