"""The agents of this installation."""

from agents.library.base import Agent
from oo.lib.registry import Registry

agents: Registry[Agent] = Registry("AGENTS", Agent)  # type: ignore[type-abstract]


def keys_by_consent(document: str) -> frozenset[str]:
    """The preferences that only agents with this consent may know of."""
    return frozenset(
        param.name
        for agent in agents
        if document in agent.manifest.consents
        for param in agent.manifest.params
    )
