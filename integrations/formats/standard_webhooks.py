"""Signatures by the Standard Webhooks scheme, and what is wrong with one. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
LONGEST_ID = 64
MOST_SIGNATURES = 10
SECRET_BYTES = 24


class BadSignature(ValueError):
    """The request is not proven to come from who holds the secret. The message says why."""


@dataclass(frozen=True)
class Signed:
    """The three headers of a request, as they came."""

    id: str
    timestamp: str
    signatures: str


def signed(headers: Mapping[str, str]) -> Signed:
    """The headers of a request, whose names are in lower case. Raises BadSignature."""
    values = {
        name: headers.get(name, "").strip()
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    }
    if missing := [name for name, value in values.items() if not value]:
        raise BadSignature(f"The header {missing[0]} is missing.")
    id = values["webhook-id"]
    if len(id) > LONGEST_ID or not (id.isascii() and id.isprintable()) or "." in id:
        raise BadSignature(
            f"webhook-id should be at most {LONGEST_ID} letters, digits or marks, without a dot."
        )
    return Signed(id, values["webhook-timestamp"], values["webhook-signature"])


def verify(given: Signed, body: bytes, secrets: Iterable[str], *, now: datetime) -> None:
    """Raises BadSignature unless one of the signatures is made with one of the secrets, lately."""
    stamp = given.timestamp
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        raise BadSignature("webhook-timestamp should be whole seconds since 1970.")
    apart = int(stamp) - int(now.astimezone(UTC).timestamp())
    if abs(apart) > TOLERANCE.total_seconds():
        way = "ahead of" if apart > 0 else "behind"
        raise BadSignature(
            f"webhook-timestamp is {abs(apart)} seconds {way} the clock here; at most "
            f"{TOLERANCE.total_seconds():.0f} are allowed. Sign each try anew."
        )
    offered = given.signatures.split()
    ours = [one[3:] for one in offered[:MOST_SIGNATURES] if one.startswith("v1,")]
    if not ours:
        raise BadSignature("webhook-signature should hold v1,<base64>.")
    good = False
    for secret in secrets:
        expected = sign(secret, given.id, int(stamp), body).removeprefix("v1,").encode()
        for one in ours:
            # All are compared, so that the time taken tells nothing.
            good |= hmac.compare_digest(expected, one.encode(errors="replace"))
    if not good:
        raise BadSignature(
            "The signature does not match. Sign id.timestamp.body with this endpoint's secret, and "
            "send the very bytes that were signed."
        )


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` over id.timestamp.body. Raises ValueError for what is no secret."""
    content = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()


def secret_of(chance: bytes) -> str:
    """A secret as it is shown, of random bytes."""
    return PREFIX + base64.b64encode(chance).decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a secret is whsec_ and base64") from error
