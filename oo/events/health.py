"""Is the outbox moving?"""

from datetime import datetime, timedelta

from django.db.models import Min

from oo.events.models import Record
from oo.lib.health import Finding, register


def outbox(now: datetime) -> Finding:
    waiting = Record.objects.filter(delivered_at__isnull=True)
    oldest = waiting.aggregate(oldest=Min("occurred_at"))["oldest"]
    if oldest is None:
        return Finding("ok", "Every event has been delivered.")
    age = now - oldest
    says = f"The oldest undelivered event is {int(age.total_seconds())} s old."
    if age > timedelta(minutes=5):
        failing = waiting.exclude(error="").order_by("pk").first()
        why = f" {failing.subject} fails with {failing.error}" if failing else ""
        return Finding("fail", says + why, "Look at the worker's log; is a worker running?")
    return Finding("ok", says)


register("Outbox", outbox)
