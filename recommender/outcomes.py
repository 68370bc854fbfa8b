"""What decisions turned out to be worth, for all who look back: evaluation, guard, experiments, drift.

What counts is the last word of the ledger, whatever became of the tip: one that ran out, or was taken
back because its task was done in its source, was worth what the task done was worth, and policies have
learned that too. A tip that ran out and of which nothing was ever heard is worth nothing, 0: it was a
decision too, and leaving it out would flatter whoever shows what people only answer when they like it.
Left out are decisions taken back of which nothing was heard, those that a user's reset made forgotten
and of which nothing was heard since, and those so new that what they are worth may still change.
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
    When,
)
from django.db.models.functions import Coalesce

from recommender.bandit.policies.base import Policy
from recommender.models import Decision, Feedback, Reward, Score

# A tip is answered within hours, and a late reward comes within the day.
SETTLED_AFTER = timedelta(days=1)
WINDOW = timedelta(days=28)  # whole weeks: weekdays are not alike

_RAN_OUT = Q(decision__status=Decision.Status.EXPIRED) & ~Q(decision__kind=Decision.SILENCE)


def settled(
    *, begins: datetime, ends: datetime, policy: type[Policy] | None = None
) -> "QuerySet[Score]":
    """Decisions made within [begins, ends) with their `reward`, whether they were `dismissed`, and what
    was `heard` of them: their reward in the ledger, None where they only ran out.

    `policy`, a class: only those that this version of it made, and no fallback. By time.
    """
    rows = Score.objects.filter(decision__created_at__gte=begins, decision__created_at__lt=ends)
    if policy is not None:
        rows = rows.filter(policy=policy.id, policy_version=policy.version, fell_back_from="")
    latest = Reward.objects.filter(decision=OuterRef("decision_id")).order_by("-position")
    forgotten = Reward.objects.filter(
        user=OuterRef("user_id"), why=Reward.Why.RESET, at__gte=OuterRef("decision__created_at"),
        position__gt=OuterRef("last_heard"),
    )  # fmt: skip
    return (
        rows.alias(last_heard=Coalesce(Subquery(latest.values("position")[:1]), 0))
        .exclude(Exists(forgotten))
        .annotate(
            heard=Subquery(latest.values("reward")[:1]),
            reward=Case(
                When(_RAN_OUT, then=Coalesce(F("heard"), 0.0)),
                default=F("heard"),
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
