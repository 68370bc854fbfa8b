"""What the integrations floor holds about a person."""

from contextlib import suppress
from typing import Any

from django.db import transaction

from accounts.privacy import PersonalData, register
from integrations import snapshot
from integrations.access import alone_with
from integrations.disconnect import give_up_tokens, revoke_token, stop_watched
from integrations.models import (
    CalendarEvent,
    Channel,
    Command,
    Connection,
    Delivery,
    HealthDay,
    History,
    Revocation,
    Task,
    Upload,
)
from integrations.shown import label_of
from integrations.source import SourceTrouble
from integrations.upload_files import discard
from oo.lib.cache import require_cache
from oo.lib.encrypted import CannotDecrypt


class StillGranted(Exception):
    """Someone connected while they left: their tokens have to be given up first."""


class Signals(PersonalData):
    id = "signals"
    floor = 2
    models = (
        "integrations.Connection", "integrations.Task", "integrations.CalendarEvent",
        "integrations.Command", "integrations.History", "integrations.Delivery", "integrations.Channel",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        connections = Connection.objects.filter(user_id=user_id)
        texts = snapshot.read_many(connections.values_list("pk", flat=True))
        return {
            "connections": [
                {
                    "source": c.source,
                    "label": label_of(c),
                    "status": c.status,
                    "created_at": c.created_at.isoformat(),
                    "last_read_at": c.synced_at.isoformat() if c.synced_at else None,
                }
                for c in connections
            ],
            "tasks": [
                {
                    "id": t.external_id,
                    "title": texts.get(str(t.connection_id), {}).get(f"task:{t.external_id}"),
                    "priority": t.priority,
                    "due_on": t.due_on.isoformat() if t.due_on else None,
                    "added_at": t.added_at.isoformat(),
                    "closed_at": t.closed_at.isoformat() if t.closed_at else None,
                    "closed_as": t.closed_as,
                }
                for t in Task.objects.filter(user_id=user_id).iterator(chunk_size=500)
            ],
            "events": [
                {
                    "title": texts.get(str(e.connection_id), {}).get(f"event:{e.external_id}"),
                    "starts_at": e.starts_at.isoformat(),
                    "ends_at": e.ends_at.isoformat(),
                    "kind": e.kind,
                }
                for e in CalendarEvent.objects.filter(user_id=user_id).iterator(chunk_size=500)
            ],
            "deliveries": [
                {
                    "source": d.source,
                    "id": d.delivery_id,
                    "received_at": d.received_at.isoformat(),
                    "outcome": d.outcome,
                }
                for d in Delivery.objects.filter(connection__user_id=user_id).iterator(
                    chunk_size=500
                )
            ],
        }

    def let_go(self, user_id: int) -> None:
        """No refresh can bring a new token any more. What is left to revoke is among the grants."""
        for connection in Connection.objects.filter(user_id=user_id):
            with (
                suppress(Connection.DoesNotExist),
                alone_with(connection.pk) as row,
                transaction.atomic(),
            ):
                give_up_tokens(row, due_at=row.created_at)

    def forget(self, user_id: int) -> int:
        require_cache()
        # Under the rows' locks: a read that is under way ends before this, or takes nothing in.
        for connection in Connection.objects.select_for_update().filter(user_id=user_id):
            if connection.refresh_token or connection.access_token:
                raise StillGranted
            snapshot.drop(connection.pk)
        gone = 0
        for rows in (
            Channel.objects.filter(connection__user_id=user_id),
            Command.objects.filter(connection__user_id=user_id),
            History.objects.filter(connection__user_id=user_id),
            Delivery.objects.filter(connection__user_id=user_id),
            CalendarEvent.objects.filter(user_id=user_id),
            Task.objects.filter(user_id=user_id),
            Connection.objects.filter(user_id=user_id),
        ):
            gone += rows.delete()[0]
        return gone


class Grants(PersonalData):
    """Apart from what came through them, which need not wait until a source answers."""

    id = "grants"
    floor = 2
    models = ("integrations.Revocation",)

    def export(self, user_id: int) -> dict[str, Any]:
        sources = Revocation.objects.filter(user_id=user_id).values_list("source", flat=True)
        return {"still_to_be_revoked_at": list(sources)}

    def let_go(self, user_id: int) -> None:
        """Revokes every grant at its source that can be. Raises SourceTrouble when one is left."""
        left: SourceTrouble | CannotDecrypt | None = None
        for revocation in Revocation.objects.filter(user_id=user_id):
            try:
                stop_watched(revocation)
                revoke_token(revocation.source, revocation.token)
            except (SourceTrouble, CannotDecrypt) as error:
                left = error  # it does not keep the others from being revoked
            else:
                revocation.delete()
        if isinstance(left, CannotDecrypt):
            raise SourceTrouble("sealed", f"a grant can't be opened: {left}") from left
        if left is not None:
            raise left

    def forget(self, user_id: int) -> int:
        return Revocation.objects.filter(user_id=user_id).delete()[0]


class HandedOver(PersonalData):
    """Files on their way in, and what of somebody's health came of them. Before the connections: a
    file that is read meanwhile makes none any more.
    """

    id = "handed over"
    floor = 2
    models = ("integrations.HealthDay", "integrations.Upload")

    def export(self, user_id: int) -> dict[str, Any]:
        return {
            "health": [
                {"day": day.isoformat(), "measure": measure, "value": value}
                for day, measure, value in HealthDay.objects.filter(user_id=user_id)
                .order_by("day", "measure")
                .values_list("day", "measure", "value")
            ],
            "uploads": [
                {
                    "source": u.source,
                    "state": u.state,
                    "said": u.reason,
                    "bytes": u.size,
                    "created_at": u.created_at.isoformat(),
                }
                for u in Upload.objects.filter(user_id=user_id)
            ],
        }

    def forget(self, user_id: int) -> int:
        gone = discard(Upload.objects.filter(user_id=user_id))
        return gone + HealthDay.objects.filter(user_id=user_id).delete()[0]


register(HandedOver())
register(Signals())
register(Grants())
