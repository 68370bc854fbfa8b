"""A user's own endpoints: made, named, given another secret, closed."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from integrations import snapshot
from integrations.disconnect import disconnect
from integrations.formats.standard_webhooks import SECRET_BYTES, secret_of
from integrations.models import Connection, Delivery
from integrations.receive import SOURCE, refusals_of
from oo.events.catalogue import ConnectionChanged
from oo.events.publish import publish

MOST = 10
LONGEST_NAME = 40
OVERLAP = timedelta(hours=1)  # in which the secret before the newest is taken too
SHOWN = 20


class CannotMake(ValueError):
    """The wish can't be met. The message is for the user."""


@dataclass(frozen=True)
class Seen:
    """One delivery, as its user sees it. `again` says whether it can be played once more."""

    pk: int
    delivery_id: str
    received_at: datetime
    outcome: str
    reason: str
    again: bool


def endpoints_of(user: User) -> list[Connection]:
    """A user's endpoints, the oldest first."""
    return list(Connection.objects.filter(user=user, source=SOURCE).order_by("created_at", "pk"))


def make_endpoint(user: User, name: str, *, now: datetime) -> tuple[Connection, str]:
    """A new endpoint and its secret, which is told this once. Raises CannotMake."""
    label = _name(name)
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    pk = uuid.uuid4()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # or two at once could pass the limit
        if Connection.objects.filter(user=user, source=SOURCE).count() >= MOST:
            raise CannotMake(f"There can be {MOST} endpoints. Delete one you no longer use.")
        endpoint = Connection.objects.create(
            pk=pk,
            user=user,
            source=SOURCE,
            slot=pk.hex,
            label=label,
            access_token=secret,
            zone=user.time_zone,
            created_at=now,
            granted_at=now,
            synced_at=now,  # there is nothing that it has yet to read
        )
        _tell(endpoint, now)
    return endpoint, secret


def rename_endpoint(endpoint: Connection, name: str) -> None:
    """Raises CannotMake."""
    Connection.objects.filter(pk=endpoint.pk).update(label=_name(name))


def roll_secret(endpoint: Connection, *, now: datetime) -> tuple[str, datetime | None]:
    """A new secret, told this once, and until when the one before it still works.

    One that was closed by an operator is open again. Raises Connection.DoesNotExist.
    """
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=endpoint.pk, source=SOURCE)
        ends = now + OVERLAP if row.access_token else None
        Connection.objects.filter(pk=row.pk).update(
            refresh_token=row.access_token,
            access_expires_at=ends,
            access_token=secret,
            granted_at=now,
            status=Connection.Status.CONNECTED,
        )
        if row.status != Connection.Status.CONNECTED:
            _tell(row, now)
    return secret, ends


def delete_endpoint(endpoint: Connection, *, now: datetime) -> None:
    """The endpoint and all that came through it is gone at once."""
    disconnect(endpoint, now=now)


def deliveries_of(endpoint: Connection) -> list[Seen]:
    """The last of what was posted, the newest first, also what was not let in."""
    kept = snapshot.read(snapshot.posted(endpoint.pk)) or {}
    rows = Delivery.objects.filter(connection=endpoint).order_by("-received_at", "-pk")[:SHOWN]
    seen = [
        Seen(
            pk=row.pk,
            delivery_id=row.delivery_id,
            received_at=row.received_at,
            outcome=row.outcome,
            reason=row.reason,
            again=row.outcome in (Delivery.Outcome.DONE, Delivery.Outcome.FAILED)
            and str(row.pk) in kept,
        )
        for row in rows
    ]
    seen += [
        Seen(pk=0, delivery_id=id, received_at=at, outcome="not let in", reason=why, again=False)
        for at, id, why in refusals_of(endpoint)
    ]
    return sorted(seen, key=lambda one: one.received_at, reverse=True)[:SHOWN]


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise CannotMake(f"Give it a name of 1 to {LONGEST_NAME} characters.")
    return name


def _tell(endpoint: Connection, now: datetime) -> None:
    publish(
        ConnectionChanged(
            user_id=endpoint.user_id,
            connection_id=str(endpoint.pk),
            source=endpoint.source,
            status="connected",
        ),
        now=now,
    )
