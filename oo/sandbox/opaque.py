"""Cursors and sync tokens: values a client hands back untouched, and cannot make up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from .store import Store

FACT = "opaque_secret"
TAG_BYTES = 12


class Opaque:
    """Seals small JSON values with a secret of this world."""

    def __init__(self, store: Store) -> None:
        self._store = store
        kept = store.remembered(FACT)
        if kept is None:
            self.renew()
        else:
            self._secret = kept.encode()

    def renew(self) -> None:
        """Make every value sealed so far unreadable."""
        secret = secrets.token_hex(16)
        self._store.remember(FACT, secret)
        self._secret = secret.encode()

    def seal(self, *parts: Any) -> str:
        body = json.dumps(parts, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._tag(body) + body).rstrip(b"=").decode()

    def unseal(self, text: str) -> list[Any] | None:
        """The parts, or None if this world did not seal them."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        tag, body = raw[:TAG_BYTES], raw[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body)):
            return None
        parts: list[Any] = json.loads(body)
        return parts

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, body, hashlib.sha256)[:TAG_BYTES]
