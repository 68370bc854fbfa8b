"""Everything that is stored, as text: what a thief of the disk would search."""

import base64
import binascii
import re
import sqlite3
import zlib
from collections.abc import Iterable
from typing import Any

import redis
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}")


def database() -> str:
    """The whole database: as SQL on SQLite, as COPY gives it on PostgreSQL. Sessions opened too."""
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        with sqlite3.connect(f"file:{name}?mode=ro", uri=True) as reader:
            text = "\n".join(reader.iterdump())
    else:
        text = "\n".join(_copied(table) for table in connection.introspection.table_names())
    sessions = repr([session.get_decoded() for session in Session.objects.all()])
    return text + sessions + _unpacked(text.encode())


def _copied(table: str) -> str:
    lines: list[bytes] = []
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        lines.extend(bytes(block) for block in copy)
    return f"-- {table}\n" + b"".join(lines).decode()


def redis_text(client: redis.Redis, *, under_way: bool = True) -> str:
    """All keys and values, queues included, and what workers have `under_way`; what is packed is
    unpacked.
    """
    keys = client.scan_iter(count=1000)
    return "\n".join(
        f"{key!r} {_value(client, key)}" for key in keys if under_way or b"unacked" not in key
    )


def _value(client: redis.Redis, key: bytes) -> str:
    kind = client.type(key).decode()  # type: ignore[union-attr]
    read: dict[str, Any] = {
        "string": lambda: [client.get(key)],
        "list": lambda: client.lrange(key, 0, -1),
        "set": lambda: client.smembers(key),
        "zset": lambda: client.zrange(key, 0, -1),
        "hash": lambda: [part for pair in client.hgetall(key).items() for part in pair],  # type: ignore[union-attr]
    }
    # "none": it ran out since it was listed.
    values: Iterable[bytes | None] = read[kind]() if kind in read else []
    return " ".join(repr(value) + _unpacked(value) for value in values if value is not None)


def _unpacked(data: bytes) -> str:
    """What base64 and zlib hide in it: neither is a secret."""
    found = []
    for match in BASE64.findall(data):
        for decode in (base64.b64decode, base64.urlsafe_b64decode):
            try:
                raw = decode(match + b"=" * (-len(match) % 4))
                found.append(raw)
                found.append(zlib.decompress(raw))
            except (binascii.Error, zlib.error):
                continue
    return " ".join(raw.decode("utf-8", "replace") for raw in found)


def rows_that_name(user_id: int) -> dict[str, int]:
    """How many rows of each table point to a user, by any column called user_id or the like."""
    counted = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            points = field.is_relation and field.related_model is not None
            to_user = points and field.related_model._meta.label == "accounts.User"
            if to_user or field.column in ("user_id", "subject_user_id"):
                rows = model._base_manager.filter(**{field.column: user_id}).count()
                if rows:
                    counted[f"{model._meta.label}.{field.column}"] = rows
    return counted
