"""The way in for health: what an export says of each day becomes rows and an event, in one go."""

from datetime import datetime

from django.db import transaction

from integrations.formats.facts import BadFormat, HealthPull
from integrations.models import Connection, HealthDay
from oo.events.catalogue import HealthSampled
from oo.events.publish import publish

BATCH = 500
OLDER = (
    "You have given oO a newer export before, made on {known:%-d %B %Y}; this one is of "
    "{made_on:%-d %B %Y}. Nothing was changed."
)


def ingest_health(
    connection: Connection, pull: HealthPull, *, now: datetime
) -> tuple[int, int, int]:
    """Takes in one complete read of an export: its days are exactly these. What is the same stays.

    Returns how many values are new, altered and gone. Raises BadFormat for an export older than the
    one before, which would put back what its user has corrected since.
    """
    with transaction.atomic():
        made_on = pull.made_on.isoformat()
        if connection.cursor > made_on:
            known = datetime.fromisoformat(connection.cursor)
            raise BadFormat(OLDER.format(known=known, made_on=pull.made_on))
        known_days = {(row.day, row.measure): row for row in connection.health_days.all()}
        seen = {(one.day, one.measure): one.value for one in pull.days}
        rows = [
            HealthDay(
                user_id=connection.user_id,
                connection=connection,
                day=day,
                measure=measure,
                value=value,
            )
            for (day, measure), value in seen.items()
            if (day, measure) not in known_days or known_days[day, measure].value != value
        ]
        added = sum((row.day, row.measure) not in known_days for row in rows)
        gone = [row.pk for key, row in known_days.items() if key not in seen]
        for start in range(0, len(gone), BATCH):
            HealthDay.objects.filter(pk__in=gone[start : start + BATCH]).delete()
        HealthDay.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["connection", "day", "measure"],
            update_fields=["value"],
            batch_size=BATCH,
        )
        Connection.objects.filter(pk=connection.pk).update(cursor=made_on)
        connection.cursor = made_on
        counts = added, len(rows) - added, len(gone)
        if any(counts):
            publish(_sampled(connection, counts), now=now)
    return counts


def _sampled(connection: Connection, counts: tuple[int, int, int]) -> HealthSampled:
    added, changed, gone = counts
    return HealthSampled(
        user_id=connection.user_id,
        connection_id=str(connection.pk),
        added=added,
        changed=changed,
        gone=gone,
    )
