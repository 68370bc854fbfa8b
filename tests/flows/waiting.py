"""Waiting for what a worker does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, seconds: float = 60.0, what: str = "") -> T:
    """The first truthy thing that `look` sees; fails with `what` when it takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"never came true: {what or look}"
        time.sleep(0.25)  # gently: rate limits are real here too
