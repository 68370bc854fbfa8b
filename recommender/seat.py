"""All that a request needs to know of its user before it looks at candidates: in one query."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    Aggregate,
    BigAutoField,
    Case,
    CharField,
    DateTimeField,
    Exists,
    FilteredRelation,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import JSONObject

from accounts.models import Preference, User
from agents.models import Candidate
from integrations.models import CalendarEvent, Command, Connection
from oo.lib.compiled import Compiled, Placeholder
from recommender import live
from recommender.bandit.mixing import WINDOW
from recommender.models import Decision, Feedback, Score
from recommender.preference_keys import BALANCE
from recommender.quiet import KEYS

# Nobody sits in a meeting for longer; what began before is not looked through for one under way.
LONGEST_MEETING = timedelta(days=1)

_OPEN = (
    "open__id", "open__kind", "open__created_at", "open__expires_at", "open__policy",
    "open__policy_version", "open__propensity", "open__candidate__content",
    "open__candidate__task__closed_at", "open__candidate__retired_at",
    "open__candidate__task__external_id", "open__candidate__task__connection_id",
    "open__candidate__event__external_id", "open__candidate__event__connection_id",
    "open__candidate__task__connection__source",
)  # fmt: skip
_LEARNED = ("learned__state", "learned__version", "learned__through", "learned__count")


class _All(Aggregate):
    """Every row's value as one JSON array."""

    function = "JSON_GROUP_ARRAY"
    output_field = JSONField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSONB_AGG", **context)


class _Nested(Func):
    """A column of JSON as part of another JSON: SQLite would take it for a text."""

    template = "%(expressions)s"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="JSON(%(expressions)s)")


def seat(user: User, policy: str, *, now: datetime) -> Mapping[str, Any]:
    """The open decision with all it takes to show it; what `policy` learned; the end of the chain
    of decisions; when the next meeting begins; where the sources stand; the last reaction, while it
    can be undone; which orders are in force (recommender.live); and for mixing, what was shown
    lately, and each word on the balance between kinds; and what is known of their quiet hours.

    Raises User.DoesNotExist for one who is gone.
    """
    seen = _SEAT.one(
        user=user.pk,
        policy=policy,
        now=now,
        meetings_since=now - LONGEST_MEETING,
        undoable_since=now - timedelta(minutes=settings.UNDO_MINUTES),
        stamp=live.stamp(),
    )
    if seen is None:
        raise User.DoesNotExist
    return seen


def _query() -> QuerySet[User, dict[str, Any]]:
    policy, now = Placeholder("policy", CharField()), Placeholder("now", DateTimeField())
    return (
        User.objects.filter(pk=Placeholder("user", BigAutoField()))
        .annotate(
            open=FilteredRelation(
                "decisions", condition=Q(decisions__status=Decision.Status.OPEN)
            ),
            learned=FilteredRelation("policy_states", condition=Q(policy_states__policy=policy)),
            news=Case(
                When(open__kind=Decision.SILENCE, then=Subquery(_news(now))),
                output_field=JSONField(),
            ),
            meeting=Subquery(_meetings(now).values("starts_at")[:1]),
            said=Subquery(_SAID),
            last=Subquery(_LAST),
            sources=Subquery(_CONNECTIONS),
            lately=Subquery(_LATELY),
            balance=Subquery(_BALANCE),
            quiet=Subquery(_QUIET),
            **live.columns(Placeholder("stamp", CharField())),
        )
        .values(
            *_OPEN, *_LEARNED, "news", "last", "meeting", "sources", "said",
            "lately", "balance", "quiet",
            live.STAMP, live.SAYS,
        )
    )  # fmt: skip


_SEAT = Compiled(_query)


def time_of(text: str) -> datetime:
    """A time as the database puts it into the JSON of a seat."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _news(now: Placeholder) -> QuerySet[Any, Any]:
    """The kinds of candidates that a silence, which is open, did not know of."""
    news = Candidate.objects.filter(
        user=OuterRef("pk"), created_at__gt=OuterRef("open__created_at")
    )
    return news.live(now).order_by().values("user").annotate(all=_All("kind")).values("all")


def _meetings(now: Placeholder) -> QuerySet[CalendarEvent]:
    since = Placeholder("meetings_since", DateTimeField())
    return CalendarEvent.objects.filter(
        user=OuterRef("pk"), all_day=False, ends_at__gt=now, starts_at__gt=since
    ).order_by("starts_at")


def _told(kind: Command.Kind) -> QuerySet[Command]:
    """What the answer to a tip had told of its task: see integrations.commands.completion_asked."""
    return Command.objects.filter(
        task=OuterRef("decision__candidate__task"), kind=kind, created_at=OuterRef("created_at")
    )


_SAID = (
    Feedback.objects.filter(
        user=OuterRef("pk"), created_at__gt=Placeholder("undoable_since", DateTimeField())
    )
    .exclude(reaction=Feedback.Reaction.SHOW)
    .order_by("-created_at")
    .values(
        json=JSONObject(
            id="decision_id",
            reaction="reaction",
            kind="decision__kind",
            completed=Exists(_told(Command.Kind.COMPLETE)),
            postponed=Exists(_told(Command.Kind.POSTPONE)),
        )
    )[:1]
)

# The last tips, in no order. What was taken back as untrue nobody had.
_LAST_TIPS = (
    Decision.objects.filter(user=OuterRef(OuterRef("pk")))
    .exclude(kind=Decision.SILENCE)
    .exclude(status=Decision.Status.UNTRUE)
    .order_by("-created_at", "pk")
    .values("pk")[:WINDOW]
)
_LATELY = (
    Decision.objects.filter(pk__in=_LAST_TIPS)
    .order_by()
    .values("user")
    .annotate(
        all=_All(
            JSONObject(
                id="pk",
                at="created_at",
                kind="kind",
                reaction="feedback__reaction",
                candidate="candidate_id",
                task="candidate__task_id",
                event="candidate__event_id",
                topic="candidate__topic",
                cluster="candidate__cluster",
            )
        )
    )
    .values("all")
)
_BALANCE = (
    Preference.objects.filter(user=OuterRef("pk"), key=BALANCE)
    .order_by()
    .values("user")
    .annotate(all=_All(JSONObject(source="source", value=_Nested("value"))))
    .values("all")
)
_QUIET = (
    Preference.objects.filter(user=OuterRef("pk"), key__in=KEYS, value__isnull=False)
    .order_by()
    .values("user")
    .annotate(all=_All(JSONObject(key="key", source="source", value=_Nested("value"))))
    .values("all")
)
_LAST = (
    Score.objects.filter(user=OuterRef("pk"))
    .order_by("-position")
    .values(
        json=JSONObject(
            position="position", hash="hash", kind="decision__kind", status="decision__status"
        )
    )[:1]
)
_CONNECTIONS = (
    Connection.objects.filter(user=OuterRef("pk"))
    .order_by()
    .values("user")
    .annotate(
        all=_All(
            JSONObject(
                source="source",
                status="status",
                synced="synced_at",
                failures="failures",
                since="created_at",
            )
        )
    )
    .values("all")
)
