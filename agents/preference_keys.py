"""What agents would rather infer than assume, as preferences: the user's own word counts there too."""

from accounts.preference_types import TYPES, Type
from accounts.preferences import Key, declare, declared
from agents.inference.values import Values
from agents.library.base import Agent, Param
from agents.registry import agents

SCOPE = "agents"
# Names with a number each need not make a whole here, as they do where something is divided up.
_TYPES: dict[str, Type] = {**{str(name): name for name in TYPES}, "shares": "numbers"}


def declare_params(agent: Agent) -> None:
    """Declares the agent's parameters, save those that a floor below uses itself, and declared."""
    known = {key.name for key in declared()}
    for param in agent.manifest.params:
        if param.name not in known:
            declare(key_for(param))


def key_for(param: Param) -> Key:
    """The preference of a parameter. Raises TypeError for one whose values nobody could ask for."""
    values = param.accepts
    if not isinstance(values, Values):
        raise TypeError(
            f"{param.name} should say what it accepts by one of agents.inference.values."
        )
    return Key(
        param.name,
        param.meaning,
        param.default if param.default != "" else None,
        scope=SCOPE,
        type=_TYPES[values.type],
        low=values.low if values.type != "names" else 0,
        high=values.high if values.type != "names" else values.most,
        choices=values.choices,
        accepts=values,
        hint=param.hint,
        worked_out=not param.sayable,
    )


for _agent in agents:
    declare_params(_agent)
