"""Codes and tokens of both services: issuing, spending, rotating, revoking.

The rules that differ (Google keeps its refresh token, Todoist rotates it) are chosen by the caller;
what is common to every careful OAuth server is here once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

CODE_LIFE = 60
# How long a consumed refresh token may come back, for a client that lost our first answer.
REUSE_WINDOW = 60


class InvalidGrant(Exception):
    """The code or token is unknown, spent, expired, revoked, or belongs to another request."""


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to on a consent page."""

    service: str
    persona: str
    redirect_uri: str
    scope: str
    nonce: str | None = None
    challenge: str | None = None
    offline: bool = False


@dataclass(frozen=True)
class Token:
    """A live token, as a request carried it."""

    value: str
    kind: str
    grant_id: str
    persona: str
    scope: str
    expires_at: float | None


@dataclass(frozen=True)
class Rotation:
    """The outcome of a refresh. ``refresh`` is None where the client keeps the one it has."""

    access: Token
    refresh: str | None


class Grants:
    """The token office of one service, within one transaction and at one moment."""

    def __init__(self, db: sqlite3.Connection, service: str, now: datetime) -> None:
        self._db = db
        self._service = service
        self._now = now.timestamp()

    # -- codes ---------------------------------------------------------------------------------

    def issue_code(self, consent: Consent) -> str:
        code = f"code-{secrets.token_urlsafe(24)}"
        self._db.execute(
            "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                code,
                self._service,
                consent.persona,
                consent.redirect_uri,
                consent.scope,
                consent.nonce,
                consent.challenge,
                consent.offline,
                self._now + CODE_LIFE,
            ),
        )
        return code

    def spend_code(self, code: str, redirect_uri: str, verifier: str | None) -> tuple[Consent, str]:
        """The consent behind a code and the id of its new grant.

        A code sent twice was stolen or its answer was lost; either way what it bought is taken
        back (RFC 6749, 4.1.2).
        """
        row = self._db.execute(
            "SELECT * FROM codes WHERE code = ? AND service = ?", (code, self._service)
        ).fetchone()
        if row is None:
            raise InvalidGrant("unknown code")
        if row["grant_id"] is not None:
            self._revoke("grant_id", row["grant_id"])
            raise InvalidGrant("the code was already used")
        # Any attempt spends the code, so that a wrong verifier cannot be guessed at leisure.
        grant_id = secrets.token_hex(8)
        self._db.execute("UPDATE codes SET grant_id = ? WHERE code = ?", (grant_id, code))
        if row["expires_at"] <= self._now:
            raise InvalidGrant("the code has expired")
        if row["redirect_uri"] != redirect_uri:
            raise InvalidGrant("redirect_uri differs from the one the code was issued to")
        if not proves(verifier, row["challenge"]):
            raise InvalidGrant("code_verifier does not match the code_challenge")
        consent = Consent(
            service=self._service,
            persona=row["persona"],
            redirect_uri=redirect_uri,
            scope=row["scope"],
            nonce=row["nonce"],
            challenge=row["challenge"],
            offline=bool(row["offline"]),
        )
        return consent, grant_id

    # -- tokens --------------------------------------------------------------------------------

    def issue(
        self, kind: str, grant_id: str, persona: str, scope: str, life: float | None = None
    ) -> Token:
        token = f"sandbox-{self._service}-{kind}-{secrets.token_urlsafe(32)}"
        expires_at = None if life is None else self._now + life
        self._db.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
            (token, kind, grant_id, self._service, persona, scope, self._now, expires_at),
        )
        return Token(token, kind, grant_id, persona, scope, expires_at)

    def live(self, value: str, kind: str) -> Token | None:
        """The token if it is of this kind, unexpired, unspent and unrevoked."""
        row = self._find(value)
        if row is None or row["kind"] != kind or row["revoked_at"] or row["consumed_at"]:
            return None
        if row["expires_at"] is not None and row["expires_at"] <= self._now:
            return None
        return self._as_token(row)

    def rotate(self, value: str, *, scope: str | None, life: float) -> Rotation:
        """Trade a refresh token for a new pair.

        Within the window of reuse a spent one still gets the same access token, and nothing else.
        """
        row = self._find(value)
        if row is None or row["kind"] != "refresh" or row["revoked_at"]:
            raise InvalidGrant("the refresh token is unknown or revoked")
        if row["consumed_at"] is not None:
            return self._spent_again(row)
        access = self.issue("access", row["grant_id"], row["persona"], scope or row["scope"], life)
        refresh = self.issue("refresh", row["grant_id"], row["persona"], row["scope"])
        self._db.execute(
            "UPDATE tokens SET consumed_at = ?, successor = ? WHERE token = ?",
            (self._now, access.value, value),
        )
        return Rotation(access, refresh.value)

    def _spent_again(self, row: sqlite3.Row) -> Rotation:
        if self._now - row["consumed_at"] > REUSE_WINDOW:
            self.revoke_persona(row["persona"])
            raise InvalidGrant("a consumed refresh token was replayed; everything is revoked")
        access = self.live(row["successor"], "access")
        if access is None:
            raise InvalidGrant("the refresh token is consumed and its successor is gone")
        return Rotation(access, None)

    def scope_of(self, refresh: str) -> str | None:
        """The scope that a refresh token stands for, or None if there is no such token."""
        row = self._find(refresh)
        return row["scope"] if row is not None and row["kind"] == "refresh" else None

    def has_refresh_token(self, persona: str) -> bool:
        row = self._db.execute(
            "SELECT 1 FROM tokens WHERE service = ? AND persona = ? AND kind = 'refresh'"
            " AND revoked_at IS NULL AND consumed_at IS NULL",
            (self._service, persona),
        ).fetchone()
        return row is not None

    def is_connected(self, persona: str) -> bool:
        """Whether any token of the persona could still be used."""
        row = self._db.execute(
            "SELECT 1 FROM tokens WHERE service = ? AND persona = ? AND revoked_at IS NULL"
            " AND consumed_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
            (self._service, persona, self._now),
        ).fetchone()
        return row is not None

    def listed(self) -> list[dict[str, Any]]:
        """Every consent ever given, without the tokens themselves."""
        rows = self._db.execute(
            "SELECT code.grant_id, code.persona, code.scope, MIN(token.issued_at) AS issued_at,"
            " SUM(token.kind = 'access' AND token.alive) AS access_tokens,"
            " SUM(token.kind = 'refresh' AND token.alive) AS refresh_tokens"
            " FROM codes AS code JOIN (SELECT *, revoked_at IS NULL AND consumed_at IS NULL"
            "   AND (expires_at IS NULL OR expires_at > ?) AS alive FROM tokens) AS token"
            " ON token.grant_id = code.grant_id"
            " WHERE code.service = ? GROUP BY code.code ORDER BY issued_at",
            (self._now, self._service),
        )
        return [
            {
                "service": self._service,
                "grant": row["grant_id"],
                "persona": row["persona"],
                "scope": row["scope"],
                "issued_at": datetime.fromtimestamp(row["issued_at"], UTC).isoformat(),
                "live_access_tokens": row["access_tokens"],
                "live_refresh_tokens": row["refresh_tokens"],
                "live": bool(row["access_tokens"] or row["refresh_tokens"]),
            }
            for row in rows
        ]

    # -- the end of them -----------------------------------------------------------------------

    def revoke_token(self, value: str) -> None:
        """End one token and nothing else."""
        self._revoke("token", value)

    def revoke_grant(self, value: str) -> bool:
        """End every token of the consent that ``value`` came from; False if it is not live."""
        row = self._find(value)
        if row is None or row["revoked_at"]:
            return False
        self._revoke("grant_id", row["grant_id"])
        return True

    def revoke_persona(self, persona: str) -> int:
        """End every token of a persona; returns how many were alive."""
        return self._revoke("persona", persona)

    def _revoke(self, which: Literal["token", "grant_id", "persona"], value: str) -> int:
        ended = self._db.execute(
            f"UPDATE tokens SET revoked_at = ? WHERE revoked_at IS NULL AND service = ? AND {which} = ?",  # noqa: S608
            (self._now, self._service, value),
        )
        return ended.rowcount

    def _find(self, value: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM tokens WHERE token = ? AND service = ?", (value, self._service)
        ).fetchone()
        return row

    def _as_token(self, row: sqlite3.Row) -> Token:
        return Token(
            value=row["token"],
            kind=row["kind"],
            grant_id=row["grant_id"],
            persona=row["persona"],
            scope=row["scope"],
            expires_at=row["expires_at"],
        )


def proves(verifier: str | None, challenge: str | None) -> bool:
    """PKCE with S256. Without a challenge there is nothing to prove."""
    if challenge is None:
        return True
    if not verifier or not verifier.isascii() or not 43 <= len(verifier) <= 128:
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest.decode(), challenge)
