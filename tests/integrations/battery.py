"""What the battery of every source asks, and a network that answers it as told."""

import json
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from integrations.source import CompletesTasks, SharesCalendar, UsesOAuth
from tests.people import NOW

SECRETS = ("the-access-token", "the-refresh-token", "the-code", "the-verifier" * 4)
ACCESS, REFRESH, CODE, VERIFIER = SECRETS
REDIRECT = "http://localhost:8000/connect/x/callback/"


class Answers:
    """Stands in for the network behind the one door out; whoever goes around it finds no source."""

    def __init__(self) -> None:
        self.queue: list[httpx.Response | Exception] = []
        self.always: Callable[[], httpx.Response] | None = None
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.always:
            return self.always()
        answer = self.queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def will_be(self, *bodies: Any) -> None:
        self.queue = [httpx.Response(200, content=json.dumps(body)) for body in bodies]


def verbs(source: UsesOAuth, **more: Any) -> dict[str, Callable[[], Any]]:
    """All that goes out, with secrets that must not come back. `more` goes to the reads."""
    found: dict[str, Callable[[], Any]] = {
        "exchange": lambda: source.exchange(
            code=CODE, verifier=VERIFIER, redirect_uri=REDIRECT, now=NOW
        ),
        "refresh": lambda: source.refresh(REFRESH, now=NOW),
        "revoke": lambda: source.revoke(REFRESH),
        "pull": lambda: source.pull(ACCESS, cursor="", now=NOW, **more),
        "pull on": lambda: source.pull(ACCESS, cursor="a-cursor", now=NOW, **more),
    }
    if isinstance(source, SharesCalendar):
        ours = {"channel_id": "c1", "resource_id": "r1"}
        found["stop"] = lambda: source.stop(ACCESS, **ours)
        found["watch"] = lambda: source.watch(
            ACCESS, channel_id="c1", token=VERIFIER, address=REDIRECT, now=NOW
        )
    if isinstance(source, CompletesTasks):
        found["complete"] = lambda: source.complete(ACCESS, {"u1": "t1"}, now=NOW)
    return found


BAD_DAYS: dict[str, Callable[[], httpx.Response]] = {
    **{str(s): partial(httpx.Response, s, json={}) for s in (302, 400, 403, 404, 410, 429, 500)},
    "nothing": lambda: httpx.Response(200),
    "garbage": lambda: httpx.Response(200, content=bytes(range(256))),
    "html": lambda: httpx.Response(200, html="<h1>Please sign in to this network</h1>"),
    "deep": lambda: httpx.Response(200, content=b"[" * 100_000),
    "list": lambda: httpx.Response(200, json=[1, 2]),
    "null": lambda: httpx.Response(200, json=None),
    "numbers": lambda: httpx.Response(200, content=b'{"expires_in": 1e999, "items": NaN}'),
}


NONSENSE: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "x" * 10_000,
    "\x00",
    "\ud800",
    [],
    {},
    [[]],
    {"a": 1},
]


def spoilt(body: Any, chance: random.Random) -> Any:
    """The same with one thing in twenty replaced."""
    if chance.random() < 0.05:
        return chance.choice(NONSENSE)
    if isinstance(body, dict):
        return {key: spoilt(value, chance) for key, value in body.items()}
    if isinstance(body, list):
        return [spoilt(value, chance) for value in body]
    return body
