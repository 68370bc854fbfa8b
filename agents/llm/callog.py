"""The log of calls: what was asked of which model for whom, what it cost, what came of it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache

from agents.models import LlmCall
from oo.lib import prune as pruning

Outcome = LlmCall.Outcome

# What was not even tried happens as often as somebody would have liked to: one of each is enough.
NOT_MADE = {Outcome.SPENT: 3600, Outcome.BARRED: 3600, Outcome.OPEN: 60, Outcome.BUSY: 60}
# What a call can come to that is for a provider to answer for.
TROUBLE = (Outcome.TIMEOUT, Outcome.REFUSED, Outcome.BROKEN, Outcome.FAILED)


def write(call: LlmCall, *, said: Sequence[Any]) -> None:
    """Keeps a call. `said` is kept with it only while the operator looks into a problem."""
    call.note = call.note[:200]
    if pause := NOT_MADE.get(Outcome(call.outcome)):
        whose = call.user_id if call.outcome in (Outcome.SPENT, Outcome.BARRED) else ""
        if not cache.add(f"llm-told:{call.alias}:{call.outcome}:{whose}", 1, timeout=pause):
            return
    elif settings.LLM_LOG_TEXT_HOURS > 0:
        call.text = json.dumps(said, ensure_ascii=False).encode(errors="replace").decode()
        call.text_until = call.at + timedelta(hours=settings.LLM_LOG_TEXT_HOURS)
    call.save(force_insert=True)


def drop_texts(user_id: int) -> None:
    """What was kept of this user's words for looking into a problem goes; that there was a call stays."""
    LlmCall.objects.filter(user_id=user_id).exclude(text_until=None).update(
        text="", text_until=None
    )


def prune(*, now: datetime) -> tuple[int, int]:
    """Drops texts past their time and calls past theirs. Returns how many of each."""
    texts = LlmCall.objects.filter(text_until__lte=now).update(text="", text_until=None)
    old = LlmCall.objects.filter(at__lt=now - timedelta(days=settings.LLM_LOG_DAYS))
    return texts, pruning.prune(old)
