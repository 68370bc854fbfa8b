"""The candidates that can be shown to a user now: as plain rows, since there may be a hundred."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import BigAutoField, DateTimeField

from accounts.models import User
from agents.models import Candidate
from integrations import snapshot
from oo.lib.compiled import Compiled, Placeholder

# More than any pool holds; a pool that grew past it is cut at its least sure candidates.
MOST = 200
TITLE = "{title}"


class Contender(NamedTuple):
    """A living candidate with what is known of it. Built from a query: model instances cost more
    than everything else on the request path together.
    """

    id: UUID
    kind: str
    content: str
    model: str
    prompt_version: str
    created_at: datetime
    expires_at: datetime
    task: str | None  # external id, None when it is not about a task
    task_connection: UUID | None
    priority: int | None
    due_on: date | None
    due_at: datetime | None
    added_at: datetime | None
    event: str | None
    event_connection: UUID | None
    task_source: str | None = None
    topic: str = ""
    cluster: str = ""
    task_id: int | None = None
    event_id: int | None = None


_COLUMNS = (
    "pk", "kind", "content", "model", "prompt_version", "created_at", "expires_at",
    "task__external_id", "task__connection_id", "task__priority", "task__due_on", "task__due_at",
    "task__added_at", "event__external_id", "event__connection_id",
    "task__connection__source", "topic", "cluster", "task_id", "event_id",
)  # fmt: skip


_LIVING = Compiled(
    lambda: (
        Candidate.objects.filter(user=Placeholder("user", BigAutoField()))
        .live(Placeholder("now", DateTimeField()))
        .order_by("-confidence", "pk")
        .values_list(*_COLUMNS)[:MOST]
    )
)


def contenders(user: User, *, now: datetime) -> list[tuple[Contender, str]]:
    """Each with the user's own words for it, empty where it needs none. One query.

    Whose words can't be had is left out.
    """
    living = [Contender._make(row) for row in _LIVING.rows(user=user.pk, now=now)]
    texts = snapshot.read_many({key for one in living if (key := _owner(one))})
    worded = ((one, words_for(one, texts)) for one in living)
    return [(one, words) for one, words in worded if words is not None]


def _owner(one: Contender) -> UUID | None:
    return one.task_connection or one.event_connection


def words_for(one: Contender, texts: dict[str, snapshot.Texts]) -> str | None:
    """The user's words for a candidate, "" where it needs none, None where they can't be had."""
    if TITLE not in one.content:
        return ""
    key = f"task:{one.task}" if one.task is not None else f"event:{one.event}"
    return texts.get(str(_owner(one)), {}).get(key) or None
