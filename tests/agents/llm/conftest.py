"""`llm`: the stand-in model on localhost, as the operator's own Ollama, and its moods."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import User
from agents.llm import calling, gateway, whereabouts
from agents.llm.config import Model
from agents.llm.gateway import Completion, Unavailable
from agents.models import LlmCall
from tests.services.sandbox import Sandbox

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
QUESTION = [
    {"role": "system", "content": "You write one calm tip. canary-prompt"},
    {"role": "user", "content": "A task: Buy milk for Zlatan. canary-title"},
]


class Llm:
    """What the tests tell and ask the stand-in. `url` is what an operator would name."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._control = sandbox.control
        self.url = f"{sandbox.url}/llm"

    def is_(self, mood: str, **more: Any) -> None:
        self._control.post("/llm", json={"mood": mood, **more}).raise_for_status()

    def fault(self, kind: str, **more: Any) -> None:
        body = {"path": "/llm/", "kind": kind, **more}
        self._control.post("/faults", json=body).raise_for_status()

    def well(self) -> None:
        self._control.delete("/faults").raise_for_status()
        self.is_("good")

    def after_asking(self, then: Callable[[], object]) -> threading.Thread:
        """Does something while the model, being slow, still thinks of its answer."""

        def wait() -> None:
            until = time.monotonic() + 30
            while not self.asked and time.monotonic() < until:
                time.sleep(0.05)
            then()

        thread = threading.Thread(target=wait)
        thread.start()
        return thread

    @property
    def asked(self) -> list[dict[str, Any]]:
        return self._control.get("/llm").json()["asked"]

    @property
    def requests(self) -> int:
        """How many came, whatever became of them."""
        return sum(
            one["path"].startswith("/llm/")
            for one in self._control.get("/requests").json()["requests"]
        )


@pytest.fixture(scope="session")
def _awake(_sandbox_process: Sandbox) -> None:
    """The first question imports for seconds, which no test should take for slowness of a model."""
    model = Model("judge", "judge", "ollama", f"{_sandbox_process.url}/llm/v1", "none", False)
    hello = [{"role": "user", "content": "Hello"}]
    calling.chat(model, hello, schema=None, max_tokens=9, temperature=0, seconds=90)
    calling.vectors(model, ["Hello"], seconds=90)
    _sandbox_process.control.post("/reset").raise_for_status()


@pytest.fixture
def llm(sandbox: Sandbox, settings: Any, monkeypatch: Any, _awake: None) -> Iterator[Llm]:
    found = Llm(sandbox)
    settings.OLLAMA_URL = found.url
    settings.LLM_TIMEOUT_SECONDS = 30.0
    monkeypatch.setattr(gateway, "WAIT_SECONDS", 0.0)
    yield found
    sandbox.control.delete("/faults")


@pytest.fixture(autouse=True)
def _models_run_here(monkeypatch: Any) -> None:
    """Every Ollama says so, without a request: test_whereabouts.py has those that say other things."""
    whereabouts._seen.clear()
    monkeypatch.setattr(whereabouts, "look", lambda model: "here")


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user(email="ada@example.com")


def ask(user: User | None = None, **more: Any) -> Completion:
    more = {"alias": "tip-generator", "messages": QUESTION, "now": NOW, **more}
    return gateway.complete(user_id=user.pk if user else None, **more)


def refusal(user: User | None = None, **more: Any) -> Unavailable:
    """What comes instead of an answer."""
    with pytest.raises(Unavailable) as raised:
        ask(user, **more)
    return raised.value


def outcomes() -> list[str]:
    return list(LlmCall.objects.order_by("pk").values_list("outcome", flat=True))
