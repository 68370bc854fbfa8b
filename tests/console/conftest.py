"""An operator at their console, and a world to look at."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from adminconsole import watch
from tests.console.world import World, made

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def _looks_anew() -> None:
    watch.forget()


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user("ops@example.com", role="admin", time_zone="Europe/Berlin")


@pytest.fixture
def console(operator: User) -> Client:
    """The operator's browser."""
    client = Client(headers={"user-agent": "a browser"})
    client.force_login(operator, backend=BACKEND)
    return client


@pytest.fixture
def visitor(db: None) -> Client:
    """The browser of somebody who is no operator."""
    client = Client()
    user = User.objects.create_user("visitor@example.com")
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def world(db: None) -> Callable[..., World]:
    return made
