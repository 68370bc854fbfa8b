"""What the overview says in one glance."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Erasure, User
from accounts.seen import here_lately
from adminconsole import watch
from adminconsole.models import AdminAction
from integrations.models import Connection
from oo.events.catalogue import TipFeedback, TipServed
from oo.events.models import Record
from recommender.models import Decision, Feedback

DAYS = 14
LAST_ACTIONS = 6
REACTIONS = ("done", "snooze", "dismiss")
# A silence is no tip, and who asks for one instead has answered none.
NO_TIP = ((TipServed.subject, Decision.SILENCE), (TipFeedback.subject, str(Feedback.Reaction.SHOW)))


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback for the index page. Looks at no check: the page fetches those by itself."""
    now = timezone.now()
    today = timezone.localdate(now)
    served, reacted = flow(now)
    reactions = _reactions(_midnight(today))
    context.update(
        {
            "report": watch.latest(),
            "every": watch.ASK_AGAIN_SECONDS,
            "today": today,
            "title": "Overview",
            "served": served[today],
            "yesterday": served[today - timedelta(days=1)],
            "reacted": sum(reactions[name] for name in REACTIONS),
            "reactions": [(name, reactions[name]) for name in REACTIONS],
            "days": _bars(served, reacted, today),
            "connections": _connections(),
            "people": User.objects.aggregate(
                all=Count("pk", filter=Q(deleted_at=None)),
                new=Count("pk", filter=Q(deleted_at=None, joined_at__gte=_midnight(today))),
                active=Count("pk", filter=Q(deleted_at=None) & here_lately(now)),
            ),
            "erasures": Erasure.objects.filter(finished_at=None).count(),
            "actions": AdminAction.objects.select_related("actor").order_by("-at")[:LAST_ACTIONS],
        }
    )
    return context


def flow(now: datetime) -> tuple[Counter[date], Counter[date]]:
    """Tips served and answered on each of the last days, in the operator's zone.

    Counted in the event log, which has an index by time, day by day: what is past is counted once
    an hour. Grouping by day in the database would call a function for each event.
    """
    today = timezone.localdate(now)
    days = [today - timedelta(days=back) for back in range(DAYS)]
    keys = {day: f"console:tips:{timezone.get_current_timezone_name()}:{day}" for day in days}
    known = cache.get_many([keys[day] for day in days[1:]])
    served: Counter[date] = Counter()
    reacted: Counter[date] = Counter()
    for day in days:
        if (counts := known.get(keys[day])) is None:
            counts = _counts(day)
            if day != today:
                cache.set(keys[day], counts, timeout=3600)
        served[day], reacted[day] = counts
    return served, reacted


def _counts(day: date) -> tuple[int, int]:
    rows = (
        Record.objects.filter(
            occurred_at__gte=_midnight(day),
            occurred_at__lt=_midnight(day + timedelta(days=1)),
            subject__in=(TipServed.subject, TipFeedback.subject),
        )
        .values_list("subject", "payload__kind", "payload__reaction")
        .annotate(count=Count("pk"))
        .order_by()
    )
    found: Counter[str] = Counter()
    for subject, kind, reaction, count in rows:
        if not {(subject, kind), (subject, reaction)}.intersection(NO_TIP):
            found[subject] += count
    return found[TipServed.subject], found[TipFeedback.subject]


def _reactions(since: datetime) -> Counter[str]:
    rows = (
        Record.objects.filter(occurred_at__gte=since, subject=TipFeedback.subject)
        .values_list("payload__reaction")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return Counter({str(reaction): count for reaction, count in rows})


def _connections() -> list[dict[str, Any]]:
    """Each source with how many are connected, in trouble, and waiting for their user."""
    trouble = Q(status=Connection.Status.CONNECTED) & ~Q(failures=0)
    rows = (
        Connection.objects.values("source")
        .annotate(
            connected=Count("pk", filter=Q(status=Connection.Status.CONNECTED, failures=0)),
            trouble=Count("pk", filter=trouble),
            reconnect=Count("pk", filter=Q(status=Connection.Status.RECONNECT)),
        )
        .order_by("source")
    )
    return [dict(row) for row in rows]


def _bars(served: Counter[date], reacted: Counter[date], today: date) -> list[dict[str, Any]]:
    most = max([*served.values(), *reacted.values(), 1])
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [
        {
            "day": day,
            "served": served[day],
            "reacted": reacted[day],
            "served_height": round(100 * served[day] / most, 1),
            "reacted_height": round(100 * reacted[day] / most, 1),
        }
        for day in days
    ]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
