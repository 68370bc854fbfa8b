"""No address that a user gives leads inside: not by its spelling, a redirect or a name that changes."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from pytest_httpserver import HTTPServer

from accounts.models import User
from integrations.models import Connection
from integrations.source import SourceTrouble, UsesAddress, sources
from integrations.sync import sync_due
from oo.lib import http
from tests.integrations.calendars import FINE, calendar
from tests.integrations.forbidden_addresses import (
    HOSTS,
    METADATA,
    OTHER_SCHEMES,
    Connections,
    resolving,
    watched,
)

pytestmark = pytest.mark.django_db

ADDRESSED = [source.id for source in sources if isinstance(source, UsesAddress)]
SCHEMES = ("https://{}/a.ics", "webcal://{}/a.ics", "http://{}/a.ics")
Give = Callable[[str], None]


@pytest.fixture(autouse=True)
def _nothing_trusted(settings) -> None:
    settings.OUTGOING_TRUSTED_HOSTS = []
    settings.SANDBOX_URL = ""
    settings.SOURCE_TIMEOUT_SECONDS = 3


@pytest.fixture
def seen(monkeypatch) -> Iterator[Connections]:
    http._client.cache_clear()  # no connection that is open already
    with watched(monkeypatch) as connections:
        yield connections


@pytest.fixture
def user() -> User:
    return User.objects.create_user("eve@example.com", time_zone="UTC")


@pytest.fixture(params=ADDRESSED)
def source(request) -> UsesAddress:
    return sources.get(request.param)  # type: ignore[return-value]


def typed(user: User, source: UsesAddress, address: str) -> None:
    """The door of the page."""
    client = Client(headers={"host": django_settings.PUBLIC_URL.split("//")[1]})
    client.force_login(user)
    reply = client.post(f"/connect/{source.id}/address/", {"address": address})
    assert reply["Location"] == "/connect/", address


def kept(user: User, source: UsesAddress, address: str) -> None:
    """An address that is in the database already, however it came there."""
    now = timezone.now()
    Connection.objects.all().delete()
    Connection.objects.create(
        user=user, source=source.id, access_token=address, created_at=now, due_at=now
    )
    assert sync_due(now=now, limit=1) == 1
    assert Connection.objects.get().trouble


DOORS = {"typed": typed, "kept": kept}


def test_there_are_enough_spellings() -> None:
    assert len(set(HOSTS)) >= 80
    assert len(set(OTHER_SCHEMES)) >= 20


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
def test_no_spelling_of_a_forbidden_address_is_connected_to(
    door, user, source, seen, monkeypatch, caplog
) -> None:
    caplog.set_level("CRITICAL")
    monkeypatch.setattr("integrations.feeds.TRIES_AN_HOUR", 10_000)
    if door is kept:
        monkeypatch.setattr("integrations.sync.spend_a_read", lambda *given, **more: None)
    for address in [scheme.format(host) for scheme in SCHEMES for host in HOSTS] + [*OTHER_SCHEMES]:
        door(user, source, address)
        assert seen.made == [], address
    if door is typed:
        assert not Connection.objects.exists()


@pytest.mark.parametrize("host", [METADATA, "10.0.0.1", "[::1]", "localhost", "2130706433"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_inside(httpserver, source, seen, settings, host, status) -> None:
    settings.SANDBOX_URL = httpserver.url_for("")
    seen.allowed.add(httpserver.port)
    for target in (f"https://{host}/a.ics", f"http://{host}/", f"webcal://{host}/", f"//{host}/"):
        httpserver.clear()
        httpserver.expect_request("/a.ics").respond_with_data(
            status=status, headers={"Location": target}
        )
        with pytest.raises(SourceTrouble):
            source.pull(
                httpserver.url_for("/a.ics"), cursor="", now=timezone.now(), time_zone="UTC"
            )
        assert seen.made == [], target


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "gopher://127.0.0.1/", "data:,x", ""])
def test_no_redirect_leads_to_another_scheme(httpserver, source, seen, settings, scheme) -> None:
    settings.SANDBOX_URL = httpserver.url_for("")
    seen.allowed.add(httpserver.port)
    httpserver.expect_request("/a.ics").respond_with_data(
        status=302, headers={"Location": scheme} if scheme else {}
    )
    with pytest.raises(SourceTrouble):
        source.pull(httpserver.url_for("/a.ics"), cursor="", now=timezone.now(), time_zone="UTC")
    assert seen.made == []


@pytest.mark.parametrize(
    "answers",
    [("10.0.0.1",), ("127.0.0.1",), (METADATA,), ("::1",), ("64:ff9b::a9fe:a9fe",), ("fd00::1",)],
)
def test_a_name_that_leads_inside_is_not_followed(user, source, seen, monkeypatch, answers) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(*answers))
    typed(user, source, "https://calendar.example.com/a.ics")
    assert seen.made == []


def test_a_name_that_changes_its_mind_between_the_look_and_the_connection_gains_nothing(
    user, source, seen, monkeypatch
) -> None:
    """Rebinding: the public answer that was looked at is what is connected to, and the next look
    finds the inner one and goes nowhere.
    """
    monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34", "127.0.0.1"))
    typed(user, source, "https://rebinding.example.com/a.ics")
    assert [address[0] for address in seen.made] == ["93.184.216.34"]
    typed(user, source, "https://rebinding.example.com/b.ics")
    assert [address[0] for address in seen.made] == ["93.184.216.34"]


def test_the_environments_proxies_are_not_asked(user, source, seen, monkeypatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    monkeypatch.setattr(socket, "getaddrinfo", resolving("10.0.0.1"))
    typed(user, source, "https://calendar.example.com/a.ics")
    assert seen.made == []


def test_a_trusted_host_is_trusted_at_its_port_only(httpserver, source, seen, settings) -> None:
    settings.SANDBOX_URL = httpserver.url_for("")
    seen.allowed.add(httpserver.port)
    httpserver.expect_request("/a.ics").respond_with_data(calendar(FINE))
    found: Any = source.pull(
        httpserver.url_for("/a.ics"), cursor="", now=timezone.now(), time_zone="UTC"
    )
    assert found.cursor
    with pytest.raises(SourceTrouble):
        source.pull(
            f"http://{httpserver.host}:{httpserver.port + 1}/a.ics",
            cursor="", now=timezone.now(), time_zone="UTC",
        )  # fmt: skip
    assert seen.made == []


@pytest.mark.parametrize("status", [0, 302])
def test_what_the_operator_trusts_is_not_a_users_to_name(
    httpserver, user, source, seen, settings, status
) -> None:
    """Not typed, and not by a redirect; not even when we have a connection to it open."""
    inner = f"http://{httpserver.host}:{httpserver.port}"
    settings.OUTGOING_TRUSTED_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    settings.LITELLM_URL = settings.OLLAMA_URL = settings.MLFLOW_TRACKING_URI = inner
    httpserver.expect_request("/api").respond_with_data(calendar(FINE))
    if not status:
        typed(user, source, f"{inner}/api")
        typed(user, source, f"{inner.replace('http', 'https')}/api")
        kept(user, source, f"{inner}/api")
    else:
        with HTTPServer(host="127.0.0.1") as outer:
            settings.SANDBOX_URL = outer.url_for("")
            settings.OUTGOING_TRUSTED_HOSTS.append(f"{outer.host}:{outer.port}")
            seen.allowed.add(outer.port)
            outer.expect_request("/a.ics").respond_with_data(
                status=status, headers={"Location": f"{inner}/api"}
            )
            with pytest.raises(SourceTrouble):
                source.pull(outer.url_for("/a.ics"), cursor="", now=timezone.now(), time_zone="UTC")
    assert seen.made == []
    assert httpserver.log == []


def test_the_settings_trust_nothing_for_everybody() -> None:
    named = dict.fromkeys(
        ("LITELLM_URL", "OLLAMA_URL", "MLFLOW_TRACKING_URI"), "http://10.9.8.7:4000"
    )
    asked = "from oo import settings; print(settings.OUTGOING_TRUSTED_HOSTS)"
    env = {**os.environ, **named, "OUTGOING_TRUSTED_HOSTS": ""}
    said = subprocess.run(
        [sys.executable, "-c", asked], env=env, capture_output=True, text=True, check=True,
        cwd=django_settings.BASE_DIR,
    )  # fmt: skip
    assert "10.9.8.7" not in said.stdout


@pytest.mark.parametrize("address", ["https://xn--/basic.ics", "https://xn--a/basic.ics"])
def test_a_name_without_a_spelling_is_a_bad_address(user, source, seen, address) -> None:
    typed(user, source, address)
    kept(user, source, address)
    assert Connection.objects.get().trouble != "internal"
    assert seen.made == []
