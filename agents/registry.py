"""The agents of this installation."""

from agents.library.base import Agent
from oo.lib.registry import Registry

agents: Registry[Agent] = Registry("AGENTS", Agent)  # type: ignore[type-abstract]
