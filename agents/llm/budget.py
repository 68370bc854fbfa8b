"""What may be used in a day (UTC): tokens for one user, tokens and dollars for everybody together.

Counted before a call, at its worst, and corrected after it. A worker that dies in between leaves too
much counted, never too little. Counters that Redis lost are set up again from the log of calls.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db.models import F, Sum
from redis import RedisError

from agents.llm.counters import PREFIX, counters, run
from agents.models import LlmCall

log = logging.getLogger(__name__)

KEPT = timedelta(days=2)
TOKENS = F("tokens_in") + F("tokens_out")

# KEYS: dollars and tokens of all, perhaps tokens of the user. ARGV: tokens, limit of dollars or -1
# where money does not matter, then the limit of each that counts tokens, then dollars.
RESERVE = """
for n = 1, #KEYS do
  if redis.call('EXISTS', KEYS[n]) == 0 then return -1 end
end
local dollars, limit = tonumber(ARGV[#ARGV]), tonumber(ARGV[2])
local spent = tonumber(redis.call('GET', KEYS[1]))
if limit >= 0 and (spent >= limit or spent + dollars > limit) then
  return 1
end
for n = 2, #KEYS do
  if tonumber(redis.call('GET', KEYS[n])) + tonumber(ARGV[1]) > tonumber(ARGV[n + 1]) then
    return n
  end
end
for n = 2, #KEYS do redis.call('INCRBY', KEYS[n], ARGV[1]) end
if dollars > 0 then redis.call('INCRBYFLOAT', KEYS[1], ARGV[#ARGV]) end
return 0
"""
# A counter that was lost meanwhile will be set up from the log, which has this call too.
SETTLE = """
for n = 1, #KEYS do
  if redis.call('EXISTS', KEYS[n]) == 1 then
    redis.call(n == 1 and 'INCRBYFLOAT' or 'INCRBY', KEYS[n], n == 1 and ARGV[1] or ARGV[2])
  end
end
"""
LOST = -1
TRIES = 3  # to set up counters that somebody keeps losing
REASONS = {
    1: "What all may cost in a day is used up.",
    2: "What all may use in a day is used up.",
    3: "What one user may use in a day is used up.",
}


class Spent(Exception):
    """A budget does not reach for this call. The message says which."""


@dataclass(frozen=True)
class Reservation:
    """Tokens and dollars that are counted already."""

    keys: tuple[str, ...]
    tokens: int
    dollars: float = 0.0


def reserve(
    user_id: int | None, tokens: int, *, dollars: float = 0.0, remote: bool, now: datetime
) -> Reservation:
    """Counts `tokens` and `dollars` against the budgets, or raises Spent, or redis.RedisError."""
    keys = _keys(user_id, now)
    limits = [settings.LLM_ALL_TOKENS, settings.LLM_USER_TOKENS][: len(keys) - 1]
    most = settings.LLM_ALL_DOLLARS if remote else -1
    for _ in range(TRIES):
        _set_up(keys, user_id, now)
        refused = int(run(RESERVE, keys, [tokens, most, *limits, f"{dollars:.8f}"]))
        if not refused:
            return Reservation(tuple(keys), tokens, dollars)
        if refused != LOST:
            raise Spent(REASONS[refused])
    raise RedisError("Counters don't stay.")


def settle(reservation: Reservation, *, tokens: int, dollars: float) -> None:
    """Counts what it really was. Where that can't be written, the worst stays counted."""
    try:
        run(
            SETTLE,
            [*reservation.keys],
            [f"{dollars - reservation.dollars:.8f}", tokens - reservation.tokens],
        )
    except RedisError as error:
        log.warning("a call stays counted at its worst: %s", error)


def _keys(user_id: int | None, now: datetime) -> list[str]:
    day = now.astimezone(UTC).date().isoformat()
    keys = [f"{PREFIX}dollars:{day}", f"{PREFIX}tokens:{day}"]
    return keys if user_id is None else [*keys, f"{PREFIX}tokens:{day}:{user_id}"]


def _set_up(keys: list[str], user_id: int | None, now: datetime) -> None:
    redis = counters()
    held = redis.mget(keys)
    assert isinstance(held, list)
    if None not in held:
        return
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    today = LlmCall.objects.filter(at__gte=midnight)
    theirs = today.filter(user=user_id) if user_id is not None else today.none()
    counted = [(today, F("cost")), (today, TOKENS), (theirs, TOKENS)]
    for key, value, (calls, what) in zip(keys, held, counted, strict=False):
        if value is None:
            used = calls.aggregate(sum=Sum(what))["sum"] or 0
            redis.set(key, str(used), nx=True, ex=KEPT)
