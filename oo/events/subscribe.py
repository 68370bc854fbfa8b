"""Who reacts to what. Only a floor's handlers.py calls this."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from oo.events.catalogue import Event

Handler = Callable[[Any, datetime], None]
H = TypeVar("H", bound=Handler)

_handlers: dict[str, dict[str, Handler]] = {}


def on(*kinds: type[Event]) -> Callable[[H], H]:
    """Subscribes a function `(event, now) -> None` to kinds of event.

    It runs in a transaction together with its delivery mark: it touches the database and wakes jobs,
    and does nothing else. It may run long after the fact, and facts may reach it in any order.
    """

    def subscribe(handler: H) -> H:
        name = f"{handler.__module__}.{handler.__name__}"
        for kind in kinds:
            _handlers.setdefault(kind.subject, {})[name] = handler
        return handler

    return subscribe


def handlers_of(subject: str) -> dict[str, Handler]:
    return _handlers.get(subject, {})
