"""Where the door out does not lead, in whatever way an address is written."""

import socket

import pytest

from oo.lib.http import OutgoingError, fetch, is_forbidden

INSIDE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.255"),
    *("240.0.0.1", "255.255.255.255"),
    *(
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
    ),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:10::1", "2001:db8::1"),
    *("2002:7f00:1::1", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1", "fdff::1"),
    *("fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "::2:3:4"),
]
OUTSIDE = [
    *("1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "172.15.255.255"),
    *("192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8"),
    *("2606:4700::1111", "2a00:1450::1", "2001:4860::8888", "2001:200::1", "3ffe::1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_inside_is_forbidden(address: str):
    assert is_forbidden(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside_is_not(address: str):
    assert not is_forbidden(address)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1"),
        *("127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "0", "[::1]", "[::ffff:127.0.0.1]"),
        *("[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "169.254.169.254", "[64:ff9b::a9fe:a9fe]"),
        *("user:word@127.0.0.1", "[fe80::1%25lo]", "①②⑦.0.0.1"),
    ],
)
def test_no_spelling_of_an_inner_address_is_connected_to(host: str, monkeypatch):
    def refuse(*args, **more):
        raise AssertionError(f"connected to {args}")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(OutgoingError) as caught:
        fetch("GET", f"http://{host}:9/", seconds=2)
    assert caught.value.trouble in ("forbidden", "unreachable", "bad address")


def test_a_name_is_judged_by_all_it_leads_to_when_connecting(monkeypatch):
    def resolve(host, port, **more):
        family = socket.AF_INET
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(OutgoingError) as caught:
        fetch("GET", "http://two-faced.example/", seconds=2)
    assert caught.value.trouble == "forbidden"


def test_the_address_that_was_looked_at_is_the_one_connected_to(monkeypatch):
    asked, connected = [], []

    def resolve(host, port, **more):
        asked.append(host)  # a second look might find another answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    def connect(address, *args, **more):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(OutgoingError):
        fetch("GET", "http://once.example/", seconds=2)
    assert (asked, connected) == (["once.example"], ["93.184.216.34"])


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "/path",
            "//host/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ),
        *("http://", "http:///path", "http://[::1", "gopher://127.0.0.1:6379/_", "unix:///tmp/s"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str):
    with pytest.raises(OutgoingError) as caught:
        fetch("GET", url)
    assert caught.value.trouble == "bad address"


@pytest.mark.parametrize(
    "url", ["http://example.com:99999/", "http://exa mple.com/", "http://a..b/"]
)
def test_an_address_that_can_not_be_is_unreachable(url: str):
    with pytest.raises(OutgoingError):
        fetch("GET", url, seconds=2)
