"""What the integrations floor holds about a person."""

from typing import Any

from django.db import transaction

from accounts.privacy import PersonalData, register
from integrations import snapshot
from integrations.disconnect import revoke_token
from integrations.models import CalendarEvent, Command, Connection, Revocation, Task


class Signals(PersonalData):
    id = "signals"
    floor = 2
    models = (
        "integrations.Connection", "integrations.Task", "integrations.CalendarEvent",
        "integrations.Command", "integrations.Revocation",
    )  # fmt: skip

    def export(self, user_id: int) -> dict[str, Any]:
        connections = Connection.objects.filter(user_id=user_id)
        texts = snapshot.read_many(connections.values_list("pk", flat=True))
        return {
            "connections": [
                {
                    "source": c.source,
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
                }
                for e in CalendarEvent.objects.filter(user_id=user_id).iterator(chunk_size=500)
            ],
        }

    def let_go(self, user_id: int) -> None:
        """Revokes every grant at its source. Raises SourceTrouble."""
        for revocation in Revocation.objects.filter(user_id=user_id):
            revoke_token(revocation.source, revocation.token)
            revocation.delete()
        for connection in Connection.objects.filter(user_id=user_id):
            snapshot.drop(connection.pk)
            revoke_token(connection.source, connection.refresh_token or connection.access_token)

    def forget(self, user_id: int) -> int:
        connections = list(Connection.objects.filter(user_id=user_id).values_list("pk", flat=True))
        gone = 0
        for rows in (
            Command.objects.filter(connection__user_id=user_id),
            CalendarEvent.objects.filter(user_id=user_id),
            Task.objects.filter(user_id=user_id),
            Revocation.objects.filter(user_id=user_id),
            Connection.objects.filter(user_id=user_id),
        ):
            gone += rows.delete()[0]
        # A read that was under way may have written a snapshot after `let_go`.
        transaction.on_commit(lambda: [snapshot.drop(key) for key in connections] and None)
        return gone


register(Signals())
