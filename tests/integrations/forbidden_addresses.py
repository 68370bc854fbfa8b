"""For every door that takes an address from a user: spellings of places that nobody may send us to,
and a watch on every connection that is made. A new door goes through both (test_ssrf.py is the model).
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

METADATA = "169.254.169.254"

# Hosts as a URL can spell them. Each leads inside, or nowhere.
HOSTS = (
    # loopback: dotted, short, octal, hexadecimal, whole numbers, overflows, with a dot or zeros behind
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.000.000.001", "0177.0.0.1", "0x7f.0.0.1",
    "0x7f.1", "0x7f000001", "0X7F000001", "2130706433", "017700000001", "00000177.1", "127.255.255.254",
    "127.0.0.1%20", "127.0.0.1%00.example.com", "%31%32%37.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1",
    "１２７.0.0.1", "localhost", "LOCALHOST", "localhost.", "ⓛocalhost", "ip6-localhost", "[::1]",
    "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]",
    "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::1]", "[fe80::1%25lo]", "[fe80::1]",
    # this host
    "0", "0.0.0.0", "0.1.2.3", "[::]", "0x0", "00.0.0.0",
    # clouds' metadata
    METADATA, "0251.0376.0251.0376", "0xa9fea9fe", "2852039166", "169.254.43518", "0xa9.0xfe.43518",
    "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]",
    "[fd00:ec2::254]", "100.100.100.200", "192.0.0.192",
    # private, shared, special
    "10.0.0.1", "012.0.0.1", "0xa.1", "167772161", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "0xc0a80001", "3232235521", "192.168.257", "100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.7",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "[fc00::1]", "[fdff::1]", "[fec0::1]",
    "[ff02::1]", "[100::1]", "[2001::1]", "[2001:db8::1]", "[3fff::1]", "[64:ff9b:1::a00:1]",
    # somebody's name before it
    "example.com@127.0.0.1", "example.com:443@169.254.169.254", "127.0.0.1#@example.com",
    "127.0.0.1?@example.com", "127.0.0.1\\@example.com", "example.com%40127.0.0.1",
)  # fmt: skip

# What is no address of ours to open, whatever stands behind it.
OTHER_SCHEMES = (
    "file:///etc/passwd", "file://localhost/etc/passwd", "ftp://127.0.0.1/a.ics",
    "gopher://127.0.0.1:6379/_FLUSHALL", "dict://127.0.0.1:11211/stat", "ldap://127.0.0.1/",
    "jar:https://127.0.0.1/a!/b", "netdoc:///etc/passwd", "data:text/calendar,BEGIN:VCALENDAR",
    "unix:///run/redis.sock", "http+unix://%2Frun%2Fredis.sock/", "//127.0.0.1/", "\\\\127.0.0.1\\a",
    "https:/127.0.0.1/", "https:127.0.0.1", "https:///127.0.0.1/", "HTTPS://127.0.0.1/",
    "hTTp://127.0.0.1/", "https://127.0.0.1:6379/", "https://127.0.0.1:22/", "webcal://127.0.0.1/",
    "https://\t127.0.0.1/", "https://127.0.0.1\r\nHost: example.com/",
)  # fmt: skip


class Connections:
    """Every connection over IP that this process begins. Those to `allowed` ports come about."""

    def __init__(self) -> None:
        self.made: list[Any] = []
        self.allowed: set[int] = set()


@contextmanager
def watched(monkeypatch: Any) -> Iterator[Connections]:
    """No connection but to `allowed` ports is made, and each attempt is noted."""
    seen = Connections()
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guard(name: str) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            over_ip = self.family in (socket.AF_INET, socket.AF_INET6)
            if over_ip and address[1] not in seen.allowed:
                seen.made.append(address)
                raise ConnectionRefusedError(f"a connection to {address}")
            return real[name](self, address)

        return connect

    with monkeypatch.context() as patched:
        for name in real:
            patched.setattr(socket.socket, name, guard(name))
        yield seen


def resolving(*answers: str) -> Callable[..., Any]:
    """A resolver that gives one answer after the other, and then the last for ever. Numbers are
    what they are.
    """
    left = list(answers)

    def resolve(host: str, port: int, *given: Any, **more: Any) -> list[Any]:
        address = host
        if host not in answers:
            address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return resolve
