"""The way in of calendars: what one told becomes rows, a snapshot and an event, in one transaction."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from integrations import snapshot
from integrations.formats.facts import CalendarPull, SeenEvent
from integrations.models import CalendarEvent, Connection
from oo.events.catalogue import CalendarChanged
from oo.events.publish import publish
from oo.lib.encrypted import fingerprint

BATCH = 500
EVENTS_STAY = timedelta(days=15)  # longer than the window that a calendar is read for
CHANGING = ("kind", "text_hash", "starts_at", "ends_at", "all_day")


def ingest_calendar(connection: Connection, pull: CalendarPull, *, now: datetime) -> None:
    """Takes in one read of a calendar. After a complete one its coming events are exactly these."""
    if pull.unchanged:
        return
    with transaction.atomic():
        known = {event.external_id: event for event in connection.calendar_events.all()}
        rows = {event.external_id: _row(connection, event) for event in pull.coming}
        changed = [row for key, row in rows.items() if _differs(known.get(key), row)]
        gone = {key for key in pull.gone if key in known and key not in rows}
        if pull.complete:
            gone |= {key for key in known if key not in rows}
        for some in _batches([known[key].pk for key in gone]):
            CalendarEvent.objects.filter(pk__in=some).delete()
        CalendarEvent.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["connection", "external_id"],
            update_fields=CHANGING,
            batch_size=BATCH,
        )
        _write_texts(connection, pull, set(known) - gone)
        Connection.objects.filter(pk=connection.pk).update(cursor=pull.cursor)
        connection.cursor = pull.cursor
        # What merely passed is no news.
        if changed or any(known[key].ends_at > now for key in gone):
            left = set(known) - gone | set(rows)
            coming = sum((rows.get(key) or known[key]).ends_at > now for key in left)
            told = CalendarChanged(
                user_id=connection.user_id, connection_id=str(connection.pk), coming=coming
            )
            publish(told, now=now)


def _row(connection: Connection, event: SeenEvent) -> CalendarEvent:
    return CalendarEvent(
        user_id=connection.user_id,
        connection=connection,
        external_id=event.external_id,
        kind=event.kind,
        text_hash=fingerprint(event.title),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        all_day=event.all_day,
    )


def _differs(before: CalendarEvent | None, after: CalendarEvent) -> bool:
    return before is None or any(getattr(before, name) != getattr(after, name) for name in CHANGING)


def _write_texts(connection: Connection, pull: CalendarPull, kept: set[str]) -> None:
    """The words of what is known now: those of before for what a difference did not mention."""
    before: snapshot.Texts = {}
    if kept - {event.external_id for event in pull.coming}:
        before = snapshot.read(connection.pk) or {}
    texts = {f"event:{key}": before[f"event:{key}"] for key in kept if f"event:{key}" in before}
    texts |= {f"event:{event.external_id}": event.title for event in pull.coming}
    if pull.refused:
        texts[snapshot.NOTES] = "\n".join(pull.refused)
    snapshot.write(connection.pk, texts, lasts=EVENTS_STAY, cursor=pull.cursor)


def _batches(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
