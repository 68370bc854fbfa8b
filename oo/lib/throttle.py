"""Rate limits, counted in the shared cache."""

from rest_framework.throttling import SimpleRateThrottle, UserRateThrottle


class PerUser(UserRateThrottle):
    """Per signed-in person, else per address."""

    scope = "user"


class PerAddress(SimpleRateThrottle):
    """Per address, whoever asks: for the doors that come before sign-in."""

    scope = "token"

    def get_cache_key(self, request, view):
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
