"""Whatever a person has that posts to their endpoint in oO: signed by the Standard Webhooks scheme."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .config import LOOPBACK_NAMES

PATIENCE_SECONDS = 10
FAULTS = ("unsigned", "stale", "altered")


@dataclass(frozen=True)
class Answer:
    """What the endpoint said."""

    status: int
    body: str


def send(url: str, secret: str, body: Any, *, id: str = "", fault: str = "") -> Answer:
    """Post ``body`` to an endpoint on this machine, once; ``fault`` is one of FAULTS.

    Raises ValueError for an address elsewhere, a bad secret or an unknown fault; OSError and
    http.client.HTTPException where nobody answers.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK_NAMES:
        raise ValueError("url is an http address on this machine")
    if fault and fault not in FAULTS:
        raise ValueError(f"fault is one of {', '.join(FAULTS)}")
    sent = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    id = id or f"msg_{uuid.uuid4().hex}"
    stamp = int(time.time()) - (3600 if fault == "stale" else 0)
    digest = hmac.digest(key, f"{id}.{stamp}.".encode() + sent, hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    if fault == "unsigned":
        del headers["webhook-signature"]
    elif fault == "altered":
        sent += b" "
    connection = http.client.HTTPConnection(
        parts.hostname, parts.port or 80, timeout=PATIENCE_SECONDS
    )
    try:
        connection.request("POST", parts.path, sent, headers)
        reply = connection.getresponse()
        return Answer(reply.status, reply.read(100_000).decode("utf-8", "replace"))
    finally:
        connection.close()
