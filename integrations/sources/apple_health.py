"""Apple Health as the export.zip that an iPhone makes, read in a process that can be killed."""

import json
import logging
import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, BinaryIO

from django.conf import settings

from accounts.models import Consent
from integrations.child import TookTooLong, read_by_lines
from integrations.formats.facts import BadFormat, HealthPull, SeenDay
from integrations.source import AcceptsExport

CHILD = "integrations.formats.apple_health_child"
MEASURES = frozenset({"sleep", "steps", "mindful", "resting"})
MOST_DAYS = 10_000

TOO_SLOW = "This export took too long to read, so none of it was taken. It may be damaged."
UNREADABLE = "This export could not be read, and nothing of it was taken. Export it again."
NOT_NOW = "Exports can't be read right now. Try again in a few minutes."

log = logging.getLogger(__name__)


class AppleHealth(AcceptsExport):
    id = "apple_health"
    name = "Apple Health"
    says = "Reads how you slept and moved each day from your iPhone’s health export, to tip gently."
    accept = ".zip,.xml,application/zip,text/xml"
    consent = Consent.Document.HEALTH

    def read(self, file: BinaryIO, *, tell: Callable[[int], None], now: datetime) -> HealthPull:
        answer: dict[str, Any] = {}

        def hear(line: bytes) -> None:
            told = _object(line)
            if "progress" in told:
                tell(_percent(told["progress"]))
            else:
                answer.update(told)

        seconds = settings.HEALTH_READ_SECONDS
        arguments = (now.isoformat(), str(settings.HEALTH_DAYS), str(seconds))
        try:
            read_by_lines(CHILD, *arguments, file=file, seconds=seconds, hear=hear, not_now=NOT_NOW)
        except TookTooLong:
            raise BadFormat(TOO_SLOW) from None
        return _understand(answer)


def _object(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise BadFormat(UNREADABLE)
    return told


def _percent(told: Any) -> int:
    return min(max(told, 0), 99) if isinstance(told, int) else 0


def _understand(answer: dict[str, Any]) -> HealthPull:
    """Takes nothing on trust: the child has read what a stranger wrote."""
    try:
        if "error" in answer:
            raise BadFormat(_text(answer["error"]))
        if len(answer["days"]) > MOST_DAYS:
            raise ValueError("more days than were asked for")
        return HealthPull(
            days=[_day(one) for one in answer["days"]],
            since=date.fromisoformat(answer["since"]),
            made_on=date.fromisoformat(answer["made_on"]),
            refused=[_text(one) for one in answer["refused"]],
        )
    except BadFormat:
        raise
    except (ValueError, TypeError, KeyError) as error:
        # It was killed for its memory, or fell: the file is at fault, or we are.
        log.warning("the health reader gave no answer: %s", type(error).__name__)
        raise BadFormat(UNREADABLE) from None


def _day(told: Any) -> SeenDay:
    day, measure, value = told
    if measure not in MEASURES or not isinstance(value, float) or not math.isfinite(value):
        raise ValueError("no measure of ours")
    return SeenDay(day=date.fromisoformat(day), measure=measure, value=value)


def _text(told: Any) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= 300:
        raise ValueError("no sentence")
    return told
