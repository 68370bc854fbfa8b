"""The one door out: every request of ours to another machine goes through `fetch`.

It bounds time and size, follows no redirect, and checks the address when connecting, after the name
was resolved, so a name that changes its mind can't lead inside.
The list of what is inside is explicit: `ipaddress.is_global` is true for NAT64-wrapped link-local,
6to4 loopback and multicast, and `is_private` misses 100.64.0.0/10.
"""

import ipaddress
import json as jsonlib
import math
import os
import socket
import ssl
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

import httpcore
import httpx

Trouble = Literal["forbidden", "timeout", "unreachable", "too large", "bad address"]

USER_AGENT = "oO/1 (+one tip, right now)"
CONNECT_SECONDS = 5.0
CODINGS = ("gzip", "deflate", "identity")

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
        try:
            return jsonlib.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def is_forbidden(address: str) -> bool:
    """Whether an IP address, as text, is not a public unicast one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip.version == block.version and ip in block for block in _FORBIDDEN)


# When the exchange that this thread is in has to be over.
_deadline: ContextVar[float] = ContextVar("deadline")


def _left(error: type[Exception]) -> float:
    """The seconds until the deadline. Raises `error` when there are none."""
    seconds = _deadline.get() - time.monotonic()
    if seconds <= 0:
        raise error("the time is up")
    return seconds


class _HurriedStream(httpcore.NetworkStream):
    """A connection on which no operation outlasts the exchange it belongs to.

    A limit on each operation alone lets who sends a byte now and then go on for ever.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(httpcore.ConnectTimeout)
        return _HurriedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _GuardedBackend(httpcore.SyncBackend):
    """Connects only to addresses that were looked at, and to exactly the one that was looked at."""

    def __init__(self, trusted: frozenset[str]) -> None:
        super().__init__()
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        trusted = f"{host}:{port}" in self._trusted
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} can't be resolved") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not trusted and any(is_forbidden(address) for address in addresses):
            raise OutgoingError("forbidden", f"{host} leads to an address that is not public.")
        last: Exception | None = None
        for address in addresses:
            left = min(_left(httpcore.ConnectTimeout), CONNECT_SECONDS)
            try:
                return _HurriedStream(
                    super().connect_tcp(address, port, left, local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"{host} has no address")


@lru_cache(maxsize=8)
def _client(trusted: frozenset[str]) -> httpx.Client:
    """One for all threads, with its pool of open connections.

    And one for each trust: a connection that stands open is used without another look at where it
    leads, so those that trust opened must not be there for who is not trusted.
    """
    transport = httpx.HTTPTransport(http2=False, trust_env=False)
    # httpx has no public way to give its pool another network backend.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        network_backend=_GuardedBackend(trusted),
        max_connections=100,
        max_keepalive_connections=20,
        keepalive_expiry=30,
    )
    return httpx.Client(
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        # In other codings a small piece can unpack to more than fits, before it is counted.
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
    )


# A forked child (a Celery or gunicorn worker) has connections of its own: on a shared one it would
# read the answers meant for its siblings.
os.register_at_fork(after_in_child=_client.cache_clear)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever is fetched in this block is over when its time is: all of it, not each."""
    token = _deadline.set(_soonest(seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def _soonest(seconds: float) -> float:
    return min(time.monotonic() + seconds, _deadline.get(math.inf))


class _Rationed(httpx.SyncByteStream):
    """A body that ends when it has grown too large."""

    def __init__(self, stream: httpx.SyncByteStream, host: str, max_bytes: int) -> None:
        self._stream, self._host, self._left = stream, host, max_bytes

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise OutgoingError("too large", f"{self._host} sent more than is read here.")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class _Door(httpx.BaseTransport):
    """`fetch`, for a library that wants a client of its own."""

    def __init__(self, trusted: frozenset[str], max_bytes: int) -> None:
        self._trusted, self._max_bytes = trusted, max_bytes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Counted as it comes, so it must not unpack to more.
        request.headers["Accept-Encoding"] = "identity"
        response = _client(self._trusted)._transport.handle_request(request)
        host = request.url.host
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            response.close()
            raise OutgoingError("unreachable", f"{host} answered in a coding not asked for.")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Rationed(response.stream, host, self._max_bytes)
        return response


def door(*, trusted: Collection[str] = (), max_bytes: int = 5_000_000) -> httpx.Client:
    """A client that goes out by the same door, for a library that makes its requests itself.

    It works in a `with within(seconds):` only. Never closed: its connections are shared.
    """
    return httpx.Client(
        transport=_Door(frozenset(trusted), max_bytes), follow_redirects=False, trust_env=False
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
    trusted: Collection[str] = (),
) -> Reply:
    """One request, one complete reply of any status. Raises OutgoingError.

    `seconds` bounds the whole exchange, `max_bytes` the body after decompression.
    `trusted` are the host:port pairs that may lead to a private address: of what the operator names,
    never of what a user types.
    """
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        scheme, host = "", None
    if scheme not in ("http", "https") or not host:
        raise OutgoingError("bad address", "Only http and https addresses can be fetched.")
    token = _deadline.set(_soonest(seconds))
    try:
        with _client(frozenset(trusted)).stream(
            method, url, headers=headers, params=params, data=form, json=json,
            auth=basic, timeout=seconds,
        ) as response:  # fmt: skip
            if response.headers.get("content-encoding", "identity").lower() not in CODINGS:
                raise OutgoingError("unreachable", f"{host} answered in a coding not asked for.")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise OutgoingError("too large", f"{host} sent more than {max_bytes} bytes.")
            # A moment in a header is read against the sender's clock; without one, against ours.
            came = {"date": formatdate(usegmt=True)} | dict(response.headers)
            return Reply(response.status_code, came, bytes(body))
    except httpx.TimeoutException as error:
        raise OutgoingError("timeout", f"{host} took longer than {seconds:g} s.") from error
    except UnicodeError as error:  # a name that idna knows no spelling of
        raise OutgoingError("bad address", "This is not the name of a host.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OutgoingError("unreachable", f"{host} can't be reached: {error}") from error
    finally:
        _deadline.reset(token)
