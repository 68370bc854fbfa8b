"""People with a past, made straight in the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts import consents
from accounts.models import Consent
from integrations.models import Connection, HealthDay, Task
from tests.people import NOW, Person, person

BERLIN = ZoneInfo("Europe/Berlin")


def finish(
    someone: Person,
    *,
    hours: Sequence[int] = (9,),
    days: int = 60,
    now: datetime = NOW,
    name="past",
) -> None:
    """One task finished in each of these hours, by their clock, on each of the last days."""
    today = now.astimezone(BERLIN).date()
    Task.objects.bulk_create(
        Task(
            user=someone.user, connection=someone.connection, external_id=f"{name}{day}x{hour}",
            text_hash="", project_ref="list-a", added_at=at - timedelta(days=2), closed_at=at,
            due_on=at.date(), closed_as=Task.Closed.DONE,
        )
        for day in range(1, days + 1)
        for hour in hours
        for at in [
            datetime.combine(today - timedelta(days=day), datetime.min.time(), BERLIN)
            + timedelta(hours=hour, minutes=15)
        ]
    )  # fmt: skip


def with_a_past(email: str = "ada@example.com", **more) -> Person:
    """Someone who finishes things at nine, at ten, and at times in the afternoon."""
    someone = person(email)
    finish(someone, **{"hours": (9, 9.5, 10), **more})
    finish(someone, hours=(15,), days=20, name="late")
    return someone


def give_health(someone: Person, *, days: int = 60, minutes: float = 420) -> Connection:
    """They hand over their nights, and agree to that."""
    consents.give(someone.user, Consent.Document.HEALTH, now=NOW)
    health = Connection.objects.create(
        user=someone.user, source="apple_health", created_at=NOW, synced_at=NOW
    )
    HealthDay.objects.bulk_create(
        HealthDay(
            user=someone.user, connection=health, day=NOW.date() - timedelta(days=day),
            measure="sleep", value=minutes + day % 7,
        )
        for day in range(days)
    )  # fmt: skip
    return health
