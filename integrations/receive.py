"""At the door of an endpoint: proven, new and well formed, or told what is wrong. One insert."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction

from integrations import snapshot
from integrations.formats.facts import BadFormat
from integrations.formats.standard_webhooks import BadSignature, Signed, signed, verify
from integrations.formats.webhook import BadBody
from integrations.jobs import work_off_deliveries
from integrations.models import Connection, Delivery
from integrations.source import TakesPosts, sources
from oo.lib.cache import this_minute
from oo.lib.encrypted import CannotDecrypt, fingerprint, fingerprints
from oo.lib.jobs import wake_soon

SOURCE = "webhook"
MOST_REFUSALS = 5
REFUSALS_STAY = 86_400
TOGETHER_SECONDS = 0.2  # deliveries that come in a flock are worked off together


@dataclass(frozen=True)
class Fault:
    """Where in a body something is wrong (a JSON pointer), and what."""

    pointer: str
    detail: str


@dataclass(frozen=True)
class Received:
    """What became of a delivery that was let in. `new` is False for one that was here before."""

    delivery_id: str
    new: bool


@dataclass
class Refused(Exception):
    """A delivery is not taken. `says` is a sentence for who sent it."""

    status: int
    says: str
    faults: list[Fault] = field(default_factory=list)
    retry_after: int | None = None


def receive(
    endpoint_id: uuid.UUID, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> Received:
    """Takes in one delivery, once for ever. `headers` have names in lower case. Raises Refused.

    What is refused before its signature is proven leaves no row: anyone could have sent it.
    """
    endpoint = (
        Connection.objects.filter(pk=endpoint_id, source=SOURCE, user__is_active=True)
        .only("user_id", "source", "status", "access_expires_at")
        .first()
    )
    if endpoint is None:
        raise Refused(404, "There is no endpoint at this address. It may have been deleted.")
    if endpoint.status != Connection.Status.CONNECTED:
        raise Refused(410, "This endpoint is closed. Make a new secret for it in oO to open it.")
    given = _proven(endpoint, headers, body, now)
    _within_limits(endpoint, now)
    source = sources.get(endpoint.source)
    assert isinstance(source, TakesPosts)
    try:
        source.understand(body, now=now)
    except BadFormat as error:
        _write_down(endpoint, given.id, now, refused=str(error))
        faults = [Fault(*fault) for fault in error.faults] if isinstance(error, BadBody) else []
        raise Refused(
            422, "The body can't be used. Correct it and send it again.", faults
        ) from None
    new = _write_down(endpoint, given.id, now, body=body)
    return Received(given.id, new)


def refusals_of(endpoint: Connection) -> list[tuple[datetime, str, str]]:
    """The last of what was not let in, lately: when, what we call it, and why."""
    kept = cache.get(snapshot.refused(endpoint.pk)) or []
    return [(datetime.fromtimestamp(at, UTC), id, why) for at, id, why in kept]


def _proven(endpoint: Connection, headers: Mapping[str, str], body: bytes, now: datetime) -> Signed:
    try:
        given = signed(headers)
        try:
            verify(given, body, _secrets(endpoint, now), now=now)
        except BadSignature as error:
            _note(endpoint, given.id, str(error), now)
            raise
    except BadSignature as error:
        raise Refused(401, str(error)) from None
    except CannotDecrypt:
        raise Refused(
            503, "This endpoint can't be opened just now. Try again later.", retry_after=600
        ) from None
    return given


def _secrets(endpoint: Connection, now: datetime) -> list[str]:
    row = Connection.objects.filter(pk=endpoint.pk)
    found = row.values_list("access_token", "refresh_token").first() or ("", "")
    before = endpoint.access_expires_at is not None and endpoint.access_expires_at > now
    return [secret for secret in (found if before else found[:1]) if secret]


def _note(endpoint: Connection, delivery_id: str, why: str, now: datetime) -> None:
    # In the cache, and few: who doesn't know the secret must not fill the database.
    kept = cache.get(snapshot.refused(endpoint.pk)) or []
    kept = [*kept, (now.timestamp(), fingerprint(delivery_id), why)][-MOST_REFUSALS:]
    cache.set(snapshot.refused(endpoint.pk), kept, timeout=REFUSALS_STAY)


def _within_limits(endpoint: Connection, now: datetime) -> None:
    """Counts what is proven only: who doesn't know the secret can't use the limit up."""
    second = int(now.timestamp()) % 60
    key = this_minute("posts", endpoint.pk, now)
    cache.add(key, 0, timeout=120)
    with suppress(ValueError):  # Redis is away: nothing is counted, and nobody is kept out
        if cache.incr(key) > settings.WEBHOOKS_PER_MINUTE:
            raise Refused(
                429,
                f"At most {settings.WEBHOOKS_PER_MINUTE} deliveries are taken in a minute. Wait for "
                "as many seconds as Retry-After says.",
                retry_after=60 - second,
            )


def _write_down(
    endpoint: Connection, delivery_id: str, now: datetime, *, body: bytes = b"", refused: str = ""
) -> bool:
    """Whether it is new. What was refused, or given up, may come again under the same id.

    An id is its sender's and may be words, so it is kept as a task's is: hashed, found under older keys
    too.
    """
    outcome = Delivery.Outcome.REFUSED if refused else Delivery.Outcome.WAITING
    fields = {
        "received_at": now,
        "due_at": now,
        "outcome": outcome,
        "reason": refused[:300],
        "body": body.decode(),
        "attempts": 0,
        "finished_at": None,
        "claim_token": None,
        "claimed_until": None,
    }
    if refused:
        fields["body"] = ""
    name, *before = names = fingerprints(delivery_id)
    known = Delivery.objects.filter(connection=endpoint, delivery_id__in=names)
    with suppress(IntegrityError):
        if not (before and known.exists()):
            with transaction.atomic():
                Delivery.objects.create(
                    source=endpoint.source, connection=endpoint, delivery_id=name, **fields
                )
                if not refused:
                    _wake(endpoint)
            return True
    with transaction.atomic():
        again = known.filter(outcome__in=(Delivery.Outcome.REFUSED, Delivery.Outcome.FAILED))
        if again.update(**fields):
            if not refused:
                _wake(endpoint)
            return True
    if known.exists():
        return False
    raise Refused(404, "There is no endpoint at this address. It may have been deleted.")


def _wake(endpoint: Connection) -> None:
    wake_soon(work_off_deliveries, str(endpoint.pk), seconds=TOGETHER_SECONDS)
