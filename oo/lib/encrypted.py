"""Encryption at rest with a key ring, failing closed.

Fernet (AES-128-CBC with HMAC-SHA256) through `cryptography.MultiFernet`: the first key of
`ENCRYPTION_KEYS` seals, every key opens, so a key is rotated by putting a new one in front and
running `manage.py rotate_keys`. A value that no key opens raises: never the ciphertext, never None.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class CannotDecrypt(Exception):
    """The stored value was sealed with a key that is no longer in ENCRYPTION_KEYS, or was altered."""


@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _ring(tuple(settings.ENCRYPTION_KEYS))


def seal(plain: bytes) -> bytes:
    return _current().encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """Raises CannotDecrypt."""
    try:
        return _current().decrypt(sealed)
    except InvalidToken as error:
        raise CannotDecrypt("No key in ENCRYPTION_KEYS opens this value.") from error


def fingerprint(text: str) -> str:
    """A keyed hash of user text: tells whether it changed, and can't be guessed back from a dump.

    Keyed with the first encryption key, so after a rotation everything looks changed once.
    """
    return fingerprints(text)[0]


def fingerprints(text: str) -> list[str]:
    """What the fingerprint of a text is now, and what it was under each older key: to look it up."""
    keys = [key.encode() for key in settings.ENCRYPTION_KEYS]
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32] for key in keys]


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # no parameters at run time
    """Text that is sealed in the database. It can't be searched, ordered by or looked up."""

    def get_prep_value(self, value: object) -> str | None:
        value = super().get_prep_value(value)
        return None if value is None else seal(str(value).encode()).decode()

    def from_db_value(
        self, value: str | None, expression: object, connection: object
    ) -> str | None:
        return None if value is None else unseal(value.encode()).decode()

    def get_lookup(self, lookup_name: str) -> "type[models.Lookup[Any]] | None":
        # Two encryptions of one text differ, so every lookup but "is null" would silently miss.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
