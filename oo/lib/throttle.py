"""Rate limits, counted in the shared cache."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle, UserRateThrottle

if TYPE_CHECKING:  # it imports this module
    from rest_framework.views import APIView


class PerUser(UserRateThrottle):
    """Per signed-in person, else per address."""

    scope = "user"


class PerAddress(SimpleRateThrottle):
    """Per address, whoever asks: for the doors that come before sign-in."""

    scope = "token"

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
