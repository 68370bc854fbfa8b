"""Letting go of what is long over."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from integrations.models import CalendarEvent, Command, Delivery, HealthDay, Task, Upload
from integrations.source import posting_sources
from oo.lib.prune import prune


def prune_past(*, now: datetime, older_than: timedelta) -> int:
    """Deletes commands, deliveries and uploads finished, tasks closed and events over for so long, and
    days of health past their own time. Returns how many rows.
    """
    past = now - older_than
    # What a user's endpoint took in stays known for ever, so that it is never taken in twice.
    taken = Q(outcome=Delivery.Outcome.DONE, source__in=posting_sources())
    kept_from = (now - timedelta(days=settings.HEALTH_DAYS + 1)).date()
    return (
        prune(Command.objects.filter(finished_at__lt=past))
        + prune(Delivery.objects.filter(received_at__lt=past).exclude(taken))
        + prune(Task.objects.filter(closed_at__lt=past))
        + prune(CalendarEvent.objects.filter(ends_at__lt=past))
        + prune(HealthDay.objects.filter(day__lt=kept_from))
        + prune(Upload.objects.filter(finished_at__lt=past))
    )
