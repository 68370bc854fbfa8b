"""Leaves a model alone that fails again and again, and then tries it with one question.

After `LLM_BREAKER_FAILURES` failures in a row nobody asks for `LLM_BREAKER_SECONDS`; then one may. If
that fails too, nobody asks for twice as long, up to half an hour. Redis counts the time.
"""

from django.conf import settings

from agents.llm.counters import PREFIX, run

LONGEST_SECONDS = 1800
COUNTED_SECONDS = 2 * LONGEST_SECONDS  # failures further apart are no row

# KEYS: open, failures, trial. ARGV: how many are too many, how long a trial may take.
ADMIT = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[1]) then return 1 end
if redis.call('SET', KEYS[3], '1', 'NX', 'EX', ARGV[2]) then return 1 end
return 0
"""
# ARGV: how many are too many, seconds at first, seconds at most, how long they are counted, at least.
FAILED = """
local failures = redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('DEL', KEYS[3])
local over = failures - tonumber(ARGV[1])
local seconds = 0
if over >= 0 then seconds = math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) * 2 ^ math.min(over, 20)) end
seconds = math.max(seconds, math.min(tonumber(ARGV[3]), tonumber(ARGV[5])))
if seconds > 0 then redis.call('SET', KEYS[1], '1', 'EX', math.ceil(seconds)) end
return failures
"""
# An answer to a question from before it failed tells nothing: what is open stays open.
ANSWERED = """
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('DEL', KEYS[2], KEYS[3]) end
return 0
"""


def admits(name: str, *, trial_seconds: int) -> bool:
    """Whether `name` may be asked now. Raises redis.RedisError."""
    return bool(run(ADMIT, _keys(name), [settings.LLM_BREAKER_FAILURES, trial_seconds]))


def failed(name: str, *, rest_seconds: float = 0) -> None:
    """`rest_seconds` is how long it asked to be left alone. Raises redis.RedisError."""
    at_first = settings.LLM_BREAKER_SECONDS
    many = settings.LLM_BREAKER_FAILURES
    run(FAILED, _keys(name), [many, at_first, LONGEST_SECONDS, COUNTED_SECONDS, rest_seconds])


def answered(name: str) -> None:
    """Raises redis.RedisError."""
    run(ANSWERED, _keys(name), [])


def _keys(name: str) -> list[str]:
    return [f"{PREFIX}{what}:{name}" for what in ("open", "failures", "trial")]
