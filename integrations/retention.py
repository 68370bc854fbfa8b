"""Letting go of what is long over."""

from datetime import datetime, timedelta

from django.conf import settings

from integrations.models import CalendarEvent, Command, Delivery, HealthDay, Task, Upload
from oo.lib.prune import prune

# Far longer than one can come again: an endpoint's signature is good for minutes, Todoist sends
# again within the hour, and who posts to an endpoint tries for some days.
DELIVERIES_KNOWN = timedelta(days=30)


def prune_past(*, now: datetime, older_than: timedelta) -> int:
    """Deletes commands, deliveries and uploads finished, tasks closed and events over for so long, and
    days of health past their own time; deliveries sooner, of which there may be many. Returns how
    many rows.
    """
    past = now - older_than
    settled = Delivery.objects.exclude(outcome=Delivery.Outcome.WAITING)
    known_from = now - min(DELIVERIES_KNOWN, older_than)
    kept_from = (now - timedelta(days=settings.HEALTH_DAYS + 1)).date()
    return (
        prune(Command.objects.filter(finished_at__lt=past))
        + prune(settled.filter(received_at__lt=known_from))
        + prune(Delivery.objects.filter(received_at__lt=past))
        + prune(Task.objects.filter(closed_at__lt=past))
        + prune(CalendarEvent.objects.filter(ends_at__lt=past))
        + prune(HealthDay.objects.filter(day__lt=kept_from))
        + prune(Upload.objects.filter(finished_at__lt=past))
    )
