"""What is not for operators: what agents know by a consent of its own, such as that to health."""

from typing import Any

from agents.registry import agents

PRIVATE = "theirs alone"


def is_private(agent_id: str) -> bool:
    """Whether what this agent knows was given by a consent of its own. Of one that left, who knows."""
    return agent_id not in agents or bool(agents.get(agent_id).manifest.consents)


def shown_of_key(key: str, value: Any) -> Any:
    """A preference's value, unless a private agent infers it."""
    private = {p.name for a in agents if is_private(a.id) for p in a.manifest.params}
    return PRIVATE if key in private else value
