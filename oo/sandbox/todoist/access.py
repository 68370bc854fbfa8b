"""Who calls the API, and what their token may do."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request

from ..personas import BY_ID, Persona
from ..world import the_world
from .errors import insufficient_scope, unauthorized

# What each scope brings along. Deleting is apart: read_write does not include it.
IMPLIED = {"data:read_write": frozenset({"data:read", "task:add"})}
SCOPES = frozenset(
    {"task:add", "data:read", "data:read_write", "data:delete", "project:delete", "backups:read"}
)


@dataclass(frozen=True)
class Caller:
    persona: Persona
    scopes: frozenset[str]

    def must_have(self, scope: str) -> None:
        if scope not in self.scopes:
            raise insufficient_scope()


def widened(scope: str) -> frozenset[str]:
    """A comma separated scope with everything it implies."""
    asked = set(scope.split(","))
    return frozenset(asked.union(*(IMPLIED.get(name, frozenset()) for name in asked)))


def identify() -> None:
    """Before each API request: the caller behind the bearer token, or a 401."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = None
    if scheme.lower() == "bearer":
        with the_world().grants("todoist") as grants:
            token = grants.live(value.strip(), "access")
    if token is None:
        raise unauthorized()
    g.caller = Caller(BY_ID[token.persona], widened(token.scope))


def caller(*, scope: str) -> Persona:
    """The persona who calls, once their token is known to cover ``scope``."""
    who: Caller = g.caller
    who.must_have(scope)
    return who.persona
