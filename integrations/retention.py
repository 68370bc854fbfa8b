"""Letting go of what is long over."""

from datetime import datetime, timedelta

from integrations.models import CalendarEvent, Command, Task
from oo.lib.prune import prune


def prune_past(*, now: datetime, older_than: timedelta) -> int:
    """Deletes commands finished, tasks closed and events over for so long. Returns how many rows."""
    past = now - older_than
    return (
        prune(Command.objects.filter(finished_at__lt=past))
        + prune(Task.objects.filter(closed_at__lt=past))
        + prune(CalendarEvent.objects.filter(ends_at__lt=past))
    )
