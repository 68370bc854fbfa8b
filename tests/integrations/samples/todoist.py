"""A small Todoist account: all shapes of due dates, and one of everything that is not shown."""

from typing import Any


def item(id: str, content: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "content": content,
        "project_id": "6XR4H993xv8H5qCR",
        "priority": 1,
        "due": None,
        "checked": False,
        "is_deleted": False,
        "added_at": "2026-11-01T08:00:00.000000Z",
        "updated_at": "2026-11-01T08:00:00Z",
        "completed_at": None,
        **more,
    }


def due(date: str, **more: Any) -> dict[str, Any]:
    return {
        "date": date,
        "timezone": None,
        "string": "",
        "lang": "en",
        "is_recurring": False,
    } | more


GRANT = {
    "access_token": "new-access",
    "token_type": "Bearer",
    "expires_in": 3600,
    "refresh_token": "new-refresh",
    "scope": "data:read_write",
}
READ = [
    {
        "sync_token": "first",
        "full_sync": True,
        "items": [
            item("6XaaaaaaaaaaaaaA", "Water the plants", due=due("2026-11-18")),
            item("6XaaaaaaaaaaaaaB", "Call Zoë", due=due("2026-11-18T17:00:00"), priority=4),
            item("6XaaaaaaaaaaaaaC", "Board meeting", due=due("2026-11-19T09:00:00Z")),
            item("6XaaaaaaaaaaaaaD", "Stand-up", due=due("2026-11-18", is_recurring=True)),
            item("6XaaaaaaaaaaaaaE", "* A header"),
            item("6XaaaaaaaaaaaaaF", "Done", checked=True, completed_at="2026-11-17T08:00:00Z"),
            item("6XaaaaaaaaaaaaaG", "Deleted", is_deleted=True),
        ],
    },
    {"sync_token": "second", "full_sync": False, "items": []},
]
DONE = {"sync_status": {"u1": "ok"}, "temp_id_mapping": {}}
TITLES = {"Water the plants", "Call Zoë", "Board meeting", "Stand-up"}
