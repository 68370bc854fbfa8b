"""A model made of a function, for tests of what is done with its answers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agents.llm.calling import named
from agents.llm.gateway import Completion, Unavailable

Said = str | Exception


@dataclass
class Model:
    """Answers by `mind`; keeps what it was asked. `claims` is what it calls itself."""

    mind: Callable[[Sequence], Said]
    remote: bool = False
    name: str = "small"
    claims: Callable[[], object] = lambda: None
    asked: list[Sequence] = field(default_factory=list)

    def complete(self, alias, messages, **more) -> Completion:
        self.asked.append(messages)
        said = self.mind(messages)
        if isinstance(said, Exception):
            raise said
        return Completion(said, named(self.name, self.claims()), self.remote, 900, 120, 0.0)

    @property
    def told(self) -> dict:
        """The data of the last question."""
        return data_of(self.asked[-1])


def data_of(messages: Sequence) -> dict:
    text = messages[-1]["content"]
    return json.JSONDecoder().raw_decode(text[text.index("{") :])[0]


def install(monkeypatch, model: Model) -> Model:
    monkeypatch.setattr("agents.generate.configured", lambda alias: True)
    monkeypatch.setattr("agents.generate.remote", lambda alias: model.remote)
    monkeypatch.setattr("agents.generate.complete", model.complete)
    return model


def tip(kind: str, text: str, about: str = "", topic: str = "") -> dict[str, str]:
    return {"kind": kind, "about": about, "topic": topic, "text": text}


def answer(*tips: dict[str, str]) -> str:
    return json.dumps({"tips": list(tips)})


def unavailable(outcome: str = "timeout") -> Unavailable:
    return Unavailable(outcome, "It took too long.")
