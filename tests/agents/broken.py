"""Agents that fail."""

from datetime import timedelta

from agents.inference import values
from agents.library.base import Agent, History, Inferred, Inputs, Manifest, Param, Snippet


class Broken(Agent):
    manifest = Manifest("broken", "1", "Fails.", listens=(), ttl=timedelta(hours=1))

    def compute(self, inputs: Inputs) -> Snippet | None:
        raise RuntimeError("no")


class NotANumber(Agent):
    manifest = Manifest("not-a-number", "1", "Says what is no number.", (), timedelta(hours=1))

    def compute(self, inputs: Inputs) -> Snippet | None:
        return Snippet("It is so much.", {"much": float("nan")})


def fail(history: History) -> Inferred | None:
    raise RuntimeError("no idea")


class Clueless(Agent):
    manifest = Manifest(
        "clueless", "1", "Infers nothing.", (), timedelta(hours=1),
        params=(
            Param(
                "clue", 1, 1, "A clue.", values.whole(0, 9), "a number", fail, lambda value, _: "It."
            ),
        ),
    )  # fmt: skip

    def compute(self, inputs: Inputs) -> Snippet | None:
        return None
