"""Is the outbox moving, does the bus take what goes out, and can we read what comes in?"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from oo.events.lease import RELAY, TAKER
from oo.events.models import Inbound, Record, Relay
from oo.lib.health import Finding, register

LATE = timedelta(minutes=5)
# Each failure pushes an event further away: after so many it has waited longer than LATE.
FAILURES = 6


def outbox(now: datetime) -> Finding:
    waiting = Record.objects.filter(delivered_at__isnull=True)
    failing = waiting.filter(attempts__gte=FAILURES).order_by("pk").first()
    if failing:
        says = f"{failing.subject} fails again and again with {failing.error}"
        return Finding("fail", says, "Look at the worker's log; is a worker running?")
    # When it was due, not when it happened: we may hear of a thing long after it.
    oldest = waiting.aggregate(oldest=Min("due_at"))["oldest"]
    if oldest is None:
        return Finding("ok", "Every event has been delivered.")
    age = max(now - oldest, timedelta(0))
    says = f"The oldest undelivered event waits for {int(age.total_seconds())} s."
    if age > LATE:
        return Finding("fail", says, "Look at the worker's log; is a worker running?")
    return Finding("ok", says)


def bus(now: datetime) -> Finding:
    if not settings.NATS_URL:
        return Finding("ok", "No NATS_URL: events stay in this house.")
    waiting = Record.objects.unmirrored()
    count, oldest = waiting.count(), waiting.aggregate(oldest=Min("due_at"))["oldest"]
    relay = Relay.objects.filter(pk=RELAY).first()
    if relay and relay.failing_since:
        hours = (now - relay.failing_since).total_seconds() / 3600
        return Finding(
            "fail" if hours > 1 else "warn",
            f"{count} events wait; the bus fails since {relay.failing_since:%d %b %H:%M} UTC: "
            f"{relay.error}.",
            "Nothing is lost. Is the server at NATS_URL up, and are name and password right?",
        )
    if oldest and now - oldest > LATE:
        return Finding(
            "fail",
            f"{count} events wait for the bus, the oldest since {oldest:%d %b %H:%M} UTC.",
            "Look at the worker's log; are a worker and beat running?",
        )
    return Finding("ok", f"{count} events wait for the bus.")


def inbound(now: datetime) -> Finding:
    taker = Relay.objects.filter(pk=TAKER).first()
    if settings.NATS_URL and taker and taker.failing_since and now - taker.failing_since > LATE:
        return Finding(
            "fail",
            f"Messages from outside are not taken in since {taker.failing_since:%d %b %H:%M} UTC: "
            f"{taker.error}.",
            "Look at the worker's log, and at the consumer `oo` of the stream INBOUND.",
        )
    return parked(now)


def parked(now: datetime) -> Finding:
    recent = Inbound.objects.filter(parked=True, received_at__gte=now - timedelta(days=1))
    newest = recent.order_by("-received_at").first()
    if newest is None:
        return Finding("ok", "No message from outside was refused today.")
    return Finding(
        "warn",
        f"{recent.count()} messages from outside were refused today, the last one because "
        f"{newest.error}.",
        "manage.py events tail --parked lists them; docs/bus.md says what is asked for.",
    )


register("Outbox", outbox)
register("Bus", bus)
register("Inbound", inbound)
