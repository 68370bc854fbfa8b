"""Who is behind a request that only a signed-in person can make."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


def person(request: HttpRequest | Request) -> User:
    """The signed-in user. Middleware and permissions let nobody else through to a caller of this."""
    assert isinstance(request.user, User), "a door that is open to strangers asked who they are"
    return request.user
