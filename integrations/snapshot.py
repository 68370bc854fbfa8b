"""The text of a user's things: encrypted, in the cache, with an end; never in the database.

One entry for each connection. Losing it loses nothing: the next read of the source is a full one.
An entry knows the cursor it was written at, for it is not written in the transaction of the rows:
one that is of another cursor than they are counts as lost.
"""

import json
import zlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from django.core.cache import cache

from oo.lib.encrypted import CannotDecrypt, seal, unseal

NOTES = "notes"  # beside the texts: what a read had to leave out, for the user

Texts = dict[str, str]  # row kind and external id, e.g. "task:6X7..." -> its text


def _key(connection_id: object) -> str:
    return f"snapshot:{connection_id}"


def write(connection_id: object, texts: Texts, *, lasts: timedelta, cursor: str = "") -> None:
    entry = {"cursor": cursor, "texts": texts}
    packed = seal(zlib.compress(json.dumps(entry, ensure_ascii=False).encode(), 6))
    cache.set(_key(connection_id), packed, timeout=int(lasts.total_seconds()))


def read(connection_id: object) -> Texts | None:
    """The texts of one connection, or None when they are not there (any more)."""
    return read_many([connection_id]).get(str(connection_id))


def read_at(connection_id: object, cursor: str) -> Texts | None:
    """The texts as they were written at this cursor, or None."""
    written_at, texts = _entries([connection_id]).get(str(connection_id), ("", None))
    return texts if written_at == cursor else None


def read_many(connection_ids: Iterable[object]) -> dict[str, Texts]:
    """The texts of several connections in one round trip, those that are there."""
    return {key: texts for key, (_, texts) in _entries(connection_ids).items()}


def _entries(connection_ids: Iterable[object]) -> dict[str, tuple[str, Texts]]:
    keys = {_key(connection_id): str(connection_id) for connection_id in connection_ids}
    found: dict[str, tuple[str, Texts]] = {}
    for key, packed in cache.get_many(list(keys)).items():
        # What can't be opened or understood counts as absent; the next read writes it anew.
        with suppress(CannotDecrypt, zlib.error, ValueError, TypeError, KeyError):
            entry = json.loads(zlib.decompress(unseal(packed)))
            found[keys[key]] = entry["cursor"], entry["texts"]
    return found


def posted(connection_id: object) -> str:
    """Names the entry beside a connection's own that holds what was posted to it lately."""
    return f"{connection_id}/posted"


def refused(connection_id: object) -> str:
    """The cache's key of what was not let in at an endpoint lately."""
    return f"refused:{connection_id}"


def drop(connection_id: object) -> None:
    entries = _key(connection_id), _key(posted(connection_id)), refused(connection_id)
    cache.delete_many(list(entries))
