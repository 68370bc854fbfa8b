"""So many questions at a time and no more, over all workers: a place is leased, and comes back."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis import RedisError

from agents.llm.counters import PREFIX, counters, run

KEY = f"{PREFIX}under-way"
POLL_SECONDS = 0.1

# By the clock of Redis: those of the workers may differ, and what they were handed as "now" is old.
TAKE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class Full(Exception):
    """As many as may are under way."""


@contextmanager
def slot(*, at_once: int, lease_seconds: int, wait_seconds: float) -> Iterator[None]:
    """One of `at_once` places, waited for a little. Raises Full, or redis.RedisError.

    Who dies with a place gives it back when its lease ends.
    """
    mine = uuid.uuid4().hex
    until = time.monotonic() + wait_seconds
    while not run(TAKE, [KEY], [at_once, lease_seconds, mine]):
        if time.monotonic() >= until:
            raise Full
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        with suppress(RedisError):  # then the lease ends by itself
            counters().zrem(KEY, mine)
