"""People with lives, made straight in the database: for tests that are not about the way in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from accounts.models import User
from agents.refresh import refresh
from integrations import snapshot
from integrations.models import Connection, Task

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)  # a Wednesday morning


def where_it_is_morning(now: datetime) -> str:
    """A time zone in which it is past ten now: at night there are no advices, and hours are quiet.

    For a test that can not choose its clock, and may be run at any hour.
    """
    ahead = (10 - now.astimezone(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"  # whose signs are the other way round


@dataclass(frozen=True)
class Item:
    """A task of a person in a test."""

    title: str
    priority: int = 1
    due_on: date | None = None
    due_at: datetime | None = None
    age_days: float = 3
    recurring: bool = False


@dataclass
class Person:
    user: User
    connection: Connection
    tasks: dict[str, Task] = field(default_factory=dict)  # by title

    def refreshed(self, now: datetime = NOW) -> "Person":
        refresh([self.user.pk], now=now)
        return self


def person(
    email: str = "ada@example.com",
    *items: Item,
    now: datetime = NOW,
    time_zone: str = "Europe/Berlin",
) -> Person:
    """Someone with Todoist connected and read, and their pool of candidates written."""
    user = User.objects.create_user(email, time_zone=time_zone)
    user.last_login = now
    user.save(update_fields=["last_login"])
    connection = Connection.objects.create(
        user=user,
        source="todoist",
        access_token=f"access-{email}",
        refresh_token=f"refresh-{email}",
        access_expires_at=now + timedelta(hours=1),
        created_at=now - timedelta(days=30),
        synced_at=now,
        due_at=now + timedelta(minutes=5),
        cursor="cursor",
    )
    made = Person(user, connection)
    add_tasks(made, items, now=now)
    return made.refreshed(now)


def add_tasks(someone: Person, items: Sequence[Item], *, now: datetime = NOW) -> None:
    texts = snapshot.read(someone.connection.pk) or {}
    for number, item in enumerate(items, start=len(someone.tasks) + 1):
        external_id = f"t{someone.user.pk}x{number}"
        someone.tasks[item.title] = Task.objects.create(
            user=someone.user,
            connection=someone.connection,
            external_id=external_id,
            text_hash=str(number),
            priority=item.priority,
            due_on=item.due_on,
            due_at=item.due_at,
            recurring=item.recurring,
            added_at=now - timedelta(days=item.age_days),
        )
        texts[f"task:{external_id}"] = item.title
    snapshot.write(someone.connection.pk, texts, lasts=timedelta(hours=24))
