"""The door out: bounded in time and size, follows nothing, leaks nothing, is nobody's after a fork."""

import gzip
import json
import os
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from oo.lib import http
from oo.lib.http import OutgoingError, Reply, _client, within
from tests.lib.dripping import dripping


def fetch(*args, **more) -> Reply:
    """As for what the operator names."""
    return http.fetch(*args, trusted=settings.OUTGOING_TRUSTED_HOSTS, **more)


@pytest.fixture
def url(httpserver: HTTPServer, settings) -> str:
    settings.OUTGOING_TRUSTED_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    return httpserver.url_for("")


def trouble(*args, **more) -> str:
    with pytest.raises(OutgoingError) as caught:
        fetch(*args, **more)
    return caught.value.trouble


def test_a_reply_of_any_status_is_a_reply(httpserver, url):
    for status in (200, 204, 404, 429, 500, 503):
        httpserver.expect_oneshot_request("/").respond_with_data(
            b"" if status == 204 else b"body", status=status, headers={"X-Thing": "Value"}
        )
        reply = fetch("GET", url)
        assert (reply.status, reply.headers["x-thing"]) == (status, "Value")


def test_what_is_sent_is_what_was_meant(httpserver, url):
    httpserver.expect_request("/").respond_with_json({"ok": True})
    assert fetch("POST", url, form={"a": "b&c"}, basic=("me", "secret")).json() == {"ok": True}
    sent = httpserver.log[-1][0]
    assert sent.form["a"] == "b&c"
    assert (sent.authorization.username, sent.authorization.password) == ("me", "secret")
    assert sent.headers["User-Agent"].startswith("oO/")
    fetch("PUT", url, json={"n": 1}, params={"q": "ä"}, headers={"X-A": "1"})
    sent = httpserver.log[-1][0]
    assert (sent.json, sent.args["q"], sent.headers["X-A"]) == ({"n": 1}, "ä", "1")


def test_proxies_and_credentials_of_the_environment_are_not_used(httpserver, url, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    httpserver.expect_request("/").respond_with_data("direct")
    assert fetch("GET", url).body == b"direct"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(httpserver, url, status):
    httpserver.expect_request("/").respond_with_data(
        status=status, headers={"Location": "http://169.254.169.254/latest/"}
    )
    assert fetch("GET", url).status == status
    assert len(httpserver.log) == 1


def test_a_body_is_taken_up_to_its_cap_and_no_further(httpserver, url):
    httpserver.expect_request("/").respond_with_data(b"x" * 1000)
    assert len(fetch("GET", url, max_bytes=1000).body) == 1000
    assert trouble("GET", url, max_bytes=999) == "too large"


def test_the_cap_counts_what_a_small_body_unpacks_to(httpserver, url):
    packed = gzip.compress(b"\0" * 30_000_000)
    httpserver.expect_request("/").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    assert len(packed) < 50_000
    assert trouble("GET", url, max_bytes=1_000_000) == "too large"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "compress"])
def test_a_coding_that_was_not_asked_for_is_not_unpacked(httpserver, url, coding):
    httpserver.expect_request("/").respond_with_data(b"x", headers={"Content-Encoding": coding})
    assert trouble("GET", url) == "unreachable"


def test_a_body_that_is_not_what_its_coding_says_is_an_error_of_ours_to_handle(httpserver, url):
    httpserver.expect_request("/").respond_with_data(
        b"no gzip at all", headers={"Content-Encoding": "gzip"}
    )
    assert trouble("GET", url) == "unreachable"


def test_who_answers_too_late_is_not_waited_for(httpserver, url):
    over = threading.Event()
    httpserver.expect_request("/").respond_with_handler(
        lambda request: (over.wait(30), Response("late"))[1]
    )
    began = time.monotonic()
    assert trouble("GET", url, seconds=0.2) == "timeout"
    assert time.monotonic() - began < 20
    over.set()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "at_once"),
    [
        (HEAD + b"x" * 500, len(HEAD)),  # the body
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 500, 0),  # its head
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50, 0),  # hints without end
    ],
)
def test_who_sends_a_byte_now_and_then_is_cut_off_in_time(settings, answer, at_once):
    with dripping(answer, pause=0.02, at_once=at_once) as port:
        settings.OUTGOING_TRUSTED_HOSTS = [f"127.0.0.1:{port}"]
        began = time.monotonic()
        assert trouble("GET", f"http://127.0.0.1:{port}/", seconds=0.4) == "timeout"
        assert 0.3 < time.monotonic() - began < 6  # all of it would take ten


def test_who_breaks_off_gave_no_answer(settings):
    with dripping(HEAD + b"x" * 10, pause=0, at_once=len(HEAD) + 10) as port:
        settings.OUTGOING_TRUSTED_HOSTS = [f"127.0.0.1:{port}"]
        assert trouble("GET", f"http://127.0.0.1:{port}/", seconds=2) == "unreachable"


def test_who_is_not_there_is_unreachable(settings):
    settings.OUTGOING_TRUSTED_HOSTS = ["127.0.0.1:9"]
    assert trouble("GET", "http://127.0.0.1:9/", seconds=2) == "unreachable"


def test_an_answer_in_another_protocol_is_unreachable(settings):
    with dripping(b"-ERR unknown command\r\n" * 20, pause=0, at_once=400) as port:
        settings.OUTGOING_TRUSTED_HOSTS = [f"127.0.0.1:{port}"]
        assert trouble("GET", f"http://127.0.0.1:{port}/", seconds=2) == "unreachable"


def test_a_trusted_port_trusts_no_other_port(httpserver, settings):
    settings.OUTGOING_TRUSTED_HOSTS = [f"{httpserver.host}:1"]
    assert trouble("GET", httpserver.url_for("/")) == "forbidden"


def test_messages_name_the_host_and_not_the_address_with_its_secrets(settings):
    settings.OUTGOING_TRUSTED_HOSTS = ["127.0.0.1:9"]
    for address in ("http://127.0.0.1:9/?token=hush", "http://a:hush@127.0.0.1:8/"):
        with pytest.raises(OutgoingError) as caught:
            fetch("GET", address, seconds=1)
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{", b"[" * 100_000, b"{'a': 1}"])
def test_what_is_no_json_is_a_value_error(body):
    with pytest.raises(ValueError):
        Reply(200, {}, body).json()
    assert Reply(200, {}, json.dumps({"a": "ä"}).encode()).json() == {"a": "ä"}


def test_threads_share_the_client_and_get_their_own_answers(httpserver, url):
    def echo(request: Request) -> Response:
        return Response(request.args["n"])

    httpserver.expect_request("/").respond_with_handler(echo)
    wrong = []

    def ask(thread: int) -> None:
        for n in range(20):
            sent = f"{thread}-{n}"
            if fetch("GET", url, params={"n": sent}).body.decode() != sent:
                wrong.append(sent)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong


def test_a_forked_child_has_a_client_of_its_own(httpserver, url):
    httpserver.expect_request("/").respond_with_data("hello")
    _client.cache_clear()
    fetch("GET", url)
    assert _client.cache_info().currsize == 1
    child = os.fork()
    if child == 0:
        os._exit(_client.cache_info().currsize)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert _client.cache_info().currsize == 1
    assert fetch("GET", url).body == b"hello"


def test_trouble_leaves_no_open_file_behind(httpserver, url, settings):
    def open_files() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    httpserver.expect_request("/").respond_with_data(b"x" * 100_000)
    with dripping(HEAD + b"x", pause=5, at_once=len(HEAD)) as port:
        settings.OUTGOING_TRUSTED_HOSTS.append(f"127.0.0.1:{port}")
        before = 0
        for round_ in range(30):
            if round_ == 5:
                before = open_files()
            assert trouble("GET", url, max_bytes=10) == "too large"
            assert trouble("GET", f"http://127.0.0.1:{port}/", seconds=0.02) == "timeout"
            assert trouble("GET", "http://127.0.0.1:9/", seconds=1) == "forbidden"
    # The dripping server, in this process, holds one for each of its clients.
    assert open_files() - before <= 30


def test_trust_belongs_to_the_call_and_not_to_a_connection_that_stands_open(httpserver, url):
    httpserver.expect_request("/").respond_with_data("ours")
    assert fetch("GET", url).body == b"ours"
    with pytest.raises(OutgoingError) as caught:
        http.fetch("GET", url)
    assert caught.value.trouble == "forbidden"
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("host", ["xn--", "xn--a", "a.xn--.example"])
def test_a_name_that_idna_has_no_spelling_for_is_a_bad_address(host):
    assert trouble("GET", f"https://{host}/basic.ics", seconds=1) in ("bad address", "unreachable")


def test_several_answers_have_one_time_together(httpserver, url):
    over = threading.Event()

    def answer(request: Request) -> Response:
        if len(httpserver.log) == 2:
            over.wait(30)
        return Response("here")

    httpserver.expect_request("/").respond_with_handler(answer)
    began = time.monotonic()
    with within(2):
        fetch("GET", url, seconds=60)
        fetch("GET", url, seconds=60)
        assert trouble("GET", url, seconds=60) == "timeout"
    assert time.monotonic() - began < 20
    over.set()


def test_an_answer_without_a_date_has_the_one_of_its_coming(settings):
    with dripping(HEAD + b"x" * 500, pause=0, at_once=len(HEAD) + 500) as port:
        settings.OUTGOING_TRUSTED_HOSTS = [f"127.0.0.1:{port}"]
        assert fetch("GET", f"http://127.0.0.1:{port}/").headers["date"].endswith(" GMT")
