"""The signing key of the stand-in Google: made once, kept in the state file."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .store import Store

FACT = "signing_key"


class SigningKey:
    """Signs id tokens and publishes itself as a JWKS and as a certificate."""

    def __init__(self, store: Store) -> None:
        with store.transaction():
            kept = store.remembered(FACT)
            if kept is None:
                kept = json.dumps(_new_key())
                store.remember(FACT, kept)
        parts = json.loads(kept)
        self._certificate: str = parts["certificate"]
        private = serialization.load_pem_private_key(parts["private"].encode(), password=None)
        assert isinstance(private, rsa.RSAPrivateKey)
        self._private = private
        self._jwk: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(
            private.public_key(), as_dict=True
        )
        # RFC 7638: the key's own thumbprint names it, so the id needs no storage.
        members = {name: self._jwk[name] for name in ("e", "kty", "n")}
        canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
        digest = hashlib.sha256(canonical.encode()).digest()
        self.kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.kid})

    def jwks(self) -> dict[str, Any]:
        public = {name: self._jwk[name] for name in ("kty", "n", "e")}
        return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]}

    def certificates(self) -> dict[str, str]:
        return {self.kid: self._certificate}


def _new_key() -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox Google")])
    # Fixed dates on purpose: a certificate of a pretend world should never expire under a test
    # that moves the clock.
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "private": pem.decode(),
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }
