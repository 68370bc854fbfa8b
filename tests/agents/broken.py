"""An agent that fails."""

from datetime import timedelta

from agents.library.base import Agent, Inputs, Manifest, Snippet


class Broken(Agent):
    manifest = Manifest("broken", "1", "Fails.", listens=(), ttl=timedelta(hours=1))

    def compute(self, inputs: Inputs) -> Snippet | None:
        raise RuntimeError("no")
