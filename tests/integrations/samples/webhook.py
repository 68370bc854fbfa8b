"""A small delivery: a day, a time of day, an instant, and what closes a task."""

import json

TITLES = {"Water the plants", "Call Zoë", "Pay the rent"}
BODY = json.dumps(
    {
        "tasks": [
            {"op": "upsert", "id": "1", "title": "Water the plants", "due": "2026-11-24"},
            {"op": "upsert", "id": "2", "title": "Call Zoë", "due": "2026-11-24T17:30"},
            {"op": "upsert", "id": "3", "title": "Pay the rent", "due": "2026-11-24T09:00:00Z"},
            {"op": "done", "id": "4"},
            {"op": "removed", "id": "5"},
        ]
    }
).encode()
