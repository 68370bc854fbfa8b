"""What sources on the network have in common: asking through the one door, and understanding a no."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings

from integrations.source import Grant, NeedsReconnect, SourceTrouble
from oo.lib.http import OutgoingError, Reply, fetch

MOST_BYTES = 20_000_000  # all tasks of a very large account
MOST_SECONDS = 10**9  # thirty years: what lasts longer does not expire


def ask(method: str, url: str, *, seconds: float | None = None, **request: Any) -> Reply:
    """A reply of any status. Raises SourceTrouble when there is none."""
    seconds = seconds or settings.SOURCE_TIMEOUT_SECONDS
    try:
        return fetch(
            method, url, seconds=seconds, max_bytes=MOST_BYTES,
            trusted=settings.OUTGOING_TRUSTED_HOSTS, **request,
        )  # fmt: skip
    except OutgoingError as error:
        raise SourceTrouble("unreachable", str(error)) from error


def trouble(source: str, reply: Reply) -> SourceTrouble:
    """What a status that isn't success means. A wish to wait counts only with 429 and 5xx."""
    busy = reply.status == 429 or reply.status >= 500
    code = "rate_limited" if reply.status == 429 else "unavailable" if busy else "bad_answer"
    said = f"{source} answered {reply.status}."
    return SourceTrouble(code, said, _retry_after(reply) if busy else None)


def wait_asked(reply: Reply) -> float | None:
    """The seconds that Retry-After asks for: a number, or a moment of the sender's clock."""
    header = reply.headers.get("retry-after", "")
    if header.isascii() and header.isdecimal():
        return float(header[:9])
    until, sent = _moment(header), _moment(reply.headers.get("date", ""))
    if until is None or sent is None:
        return None
    return min(max(0.0, (until - sent).total_seconds()), float(MOST_SECONDS))


def _moment(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _retry_after(reply: Reply) -> float | None:
    if (seconds := wait_asked(reply)) is not None:
        return seconds
    extra = json_object(reply).get("error_extra")
    told = extra.get("retry_after") if isinstance(extra, dict) else None
    return float(told) if isinstance(told, int) and 0 < told < MOST_SECONDS else None


def json_body(source: str, reply: Reply) -> Any:
    """The body as JSON. Raises SourceTrouble."""
    try:
        return reply.json()
    except ValueError as error:
        raise SourceTrouble("bad_answer", f"{source}'s answer is not JSON.") from error


def json_object(reply: Reply) -> dict[str, Any]:
    """The body where it is a JSON object, else an empty one."""
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def error_word(reply: Reply) -> str:
    """The `error` that OAuth answers a refused request with, or nothing."""
    return _word(json_object(reply).get("error"))


def grant(source: str, reply: Reply, *, refusals: Collection[str], now: datetime) -> Grant:
    """The grant in a token endpoint's answer (RFC 6749, section 5).

    Raises NeedsReconnect when its `error` is one of `refusals`, else SourceTrouble.
    """
    if reply.status != 200:
        error = error_word(reply)
        if error in refusals and reply.status in (400, 401, 403):
            raise NeedsReconnect(error)
        raise trouble(source, reply)
    body = json_object(reply)
    access = _word(body.get("access_token"))
    if not access:
        raise SourceTrouble("bad_answer", f"{source}'s token endpoint gave no token.")
    lasts = body.get("expires_in")
    expires_at = None
    if isinstance(lasts, int) and 0 < lasts < MOST_SECONDS:
        expires_at = now + timedelta(seconds=lasts)
    return Grant(
        access_token=access,
        refresh_token=_word(body.get("refresh_token")) or None,
        expires_at=expires_at,
        scope=_word(body.get("scope"))[:200],
    )


def _word(value: Any) -> str:
    """A token or the like as a database and a header can carry it, or nothing."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else ""
