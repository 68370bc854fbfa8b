"""What decisions turned out to be worth, for all who look back: evaluation, guard, experiments, drift.

A tip that ran out unanswered is worth nothing, 0: it was a decision too, and leaving it out would
flatter whoever shows what people only answer when they like it. Left out are decisions taken back
because they were no longer true, those that a user's reset made forgotten, and those so new that
what they are worth may still change.
"""

from datetime import datetime, timedelta

from django.db.models import (
    Case,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from recommender.bandit.policies.base import Policy
from recommender.models import Decision, Feedback, Reward, Score

# A tip is answered within hours, and a late reward comes within the day.
SETTLED_AFTER = timedelta(days=1)
WINDOW = timedelta(days=28)  # whole weeks: weekdays are not alike

_ANSWERED = (Decision.Status.ANSWERED, Decision.Status.KEPT)


def settled(
    *, begins: datetime, ends: datetime, policy: type[Policy] | None = None
) -> "QuerySet[Score]":
    """Decisions made within [begins, ends) with their `reward` and whether they were `dismissed`.

    `policy`, a class: only those that this version of it made, and no fallback. By time.
    """
    rows = Score.objects.filter(decision__created_at__gte=begins, decision__created_at__lt=ends)
    if policy is not None:
        rows = rows.filter(policy=policy.id, policy_version=policy.version, fell_back_from="")
    latest = Reward.objects.filter(decision=OuterRef("decision_id")).order_by("-position")
    forgotten = Reward.objects.filter(
        user=OuterRef("user_id"), why=Reward.Why.RESET, at__gte=OuterRef("decision__created_at")
    )
    unanswered = Q(decision__status=Decision.Status.EXPIRED) & ~Q(decision__kind=Decision.SILENCE)
    return (
        rows.filter(Q(decision__status__in=_ANSWERED) | unanswered)
        .exclude(Exists(forgotten))
        .annotate(
            reward=Case(
                When(decision__status__in=_ANSWERED, then=Subquery(latest.values("reward")[:1])),
                default=Value(0.0),
                output_field=FloatField(),
            ),
            dismissed=Exists(
                Feedback.objects.filter(
                    decision=OuterRef("decision_id"), reaction=Feedback.Reaction.DISMISS
                )
            ),
            at=F("decision__created_at"),
        )
        .filter(reward__isnull=False)
        .order_by("decision__created_at", "pk")
    )
