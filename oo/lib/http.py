"""The one door out: every request of ours to another machine goes through `fetch`.

It bounds time (per operation and in total) and size, follows no redirect, and checks the address
when connecting, after the name was resolved, so a name that changes its mind can't lead inside.
The list of what is inside is explicit: `ipaddress.is_global` is true for NAT64-wrapped link-local,
6to4 loopback and multicast, and `is_private` misses 100.64.0.0/10.
"""

import ipaddress
import json as jsonlib
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings

Trouble = Literal["forbidden", "timeout", "unreachable", "too large", "bad address"]

USER_AGENT = "oO/1 (+one tip, right now)"

_FORBIDDEN = [
    ipaddress.ip_network(block)
    for block in (
        # IPv4: this host, private, shared, loopback, link-local, protocol assignments, documentation,
        # benchmarking, 6to4 relay, multicast, reserved and broadcast
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        # IPv6: all that is not global unicast, then what hides inside it: Teredo and protocol
        # assignments, documentation, 6to4. NAT64 (64:ff9b::/96) falls in the first block.
        "::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
]  # fmt: skip


class OutgoingError(Exception):
    """A request that got no usable answer. `trouble` says which kind; the message names the host."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True)
class Reply:
    """A complete answer: status, lower-case headers, the body in bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return jsonlib.loads(self.body)


def is_forbidden(address: str) -> bool:
    """Whether an IP address, as text, is not a public unicast one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip.version == block.version and ip in block for block in _FORBIDDEN)


class _GuardedBackend(httpcore.SyncBackend):
    """Connects only to addresses that were looked at, and to exactly the one that was looked at."""

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        trusted = f"{host}:{port}" in settings.OUTGOING_TRUSTED_HOSTS
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} can't be resolved") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not trusted and any(is_forbidden(address) for address in addresses):
            raise OutgoingError("forbidden", f"{host} leads to an address that is not public.")
        last: Exception | None = None
        for address in addresses:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"{host} has no address")


@lru_cache(maxsize=1)
def _client() -> httpx.Client:
    transport = httpx.HTTPTransport(http2=False, trust_env=False)
    # httpx has no public way to give its pool another network backend.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        network_backend=_GuardedBackend(),
        max_connections=100,
        max_keepalive_connections=20,
        keepalive_expiry=30,
    )
    return httpx.Client(
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": USER_AGENT},
    )


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    json: Any = None,
    basic: tuple[str, str] | None = None,
    seconds: float = 10.0,
    max_bytes: int = 5_000_000,
) -> Reply:
    """One request, one complete reply of any status. Raises OutgoingError.

    `seconds` bounds the whole exchange, `max_bytes` the body after decompression.
    """
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    if scheme not in ("http", "https") or not host:
        raise OutgoingError("bad address", "Only http and https addresses can be fetched.")
    deadline = time.monotonic() + seconds
    try:
        with _client().stream(
            method, url, headers=headers, params=params, data=form, json=json,
            auth=basic, timeout=httpx.Timeout(seconds, connect=min(seconds, 5.0)),
        ) as response:  # fmt: skip
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise OutgoingError("too large", f"{host} sent more than {max_bytes} bytes.")
                if time.monotonic() > deadline:
                    raise OutgoingError("timeout", f"{host} took longer than {seconds:g} s.")
            return Reply(response.status_code, dict(response.headers), bytes(body))
    except httpx.TimeoutException as error:
        raise OutgoingError("timeout", f"{host} took longer than {seconds:g} s.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OutgoingError("unreachable", f"{host} can't be reached: {error}") from error
