"""The user's own words for things, for as long as a job needs them. They are in no row."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from integrations import snapshot
from integrations.models import CalendarEvent, Task


@dataclass
class Words:
    """By the ids of tasks and events that are known, and everything else that is theirs."""

    tasks: dict[int, str] = field(default_factory=dict)
    events: dict[int, str] = field(default_factory=dict)
    all: list[str] = field(default_factory=list)


def words_of(user_ids: Iterable[int]) -> dict[int, Words]:
    """For each of them, in two queries and one read of the cache for however many."""
    found: dict[int, Words] = defaultdict(Words)
    ids = list(user_ids)
    columns = ("pk", "user_id", "connection_id", "external_id")
    tasks = list(Task.objects.filter(user_id__in=ids, closed_at=None).values_list(*columns))
    events = list(CalendarEvent.objects.filter(user_id__in=ids).values_list(*columns))
    texts = snapshot.read_many({row[2] for row in (*tasks, *events)})
    owners = {str(row[2]): row[1] for row in (*tasks, *events)}
    for connection_id, words in texts.items():
        found[owners[connection_id]].all += [
            text for text in words.values() if isinstance(text, str)
        ]
    for rows, kind in ((tasks, "task"), (events, "event")):
        for pk, user_id, connection_id, external_id in rows:
            title = texts.get(str(connection_id), {}).get(f"{kind}:{external_id}")
            if title:
                known = found[user_id].tasks if kind == "task" else found[user_id].events
                known[pk] = title
    return found
