"""The balance between kinds, learned at night from what people answered; their own word stays over it."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Q, QuerySet

from accounts.models import Preference
from accounts.preferences import Inference, forgotten, infer_many
from recommender.bandit.balance import Answers, learned
from recommender.models import Decision, Feedback, Reward
from recommender.preference_keys import BALANCE

# People change: what they answered longer ago says little of what they want now.
WINDOW = timedelta(days=56)
BATCH = 500


def learn_balances(*, now: datetime, only: Collection[int] | None = None) -> int:
    """Infers the balance of everyone whose answers say something new. Returns of how many."""
    changed = 0
    for users in _batches(now, only):
        found = answers_of(users, now=now)
        held = _held(users)
        inferences = []
        for user_id, (since, answers) in found.items():
            says = learned(answers)
            if says is not None and held.get(user_id) != (says.shares, says.confidence):
                shares = dict(says.shares)
                inferences.append(Inference(user_id, BALANCE, shares, says.confidence, since))
        changed += infer_many(inferences, now=now)
    return changed


def answers_of(
    users: Collection[int], *, now: datetime
) -> dict[int, tuple[datetime, dict[str, Answers]]]:
    """Since when each user's answers count, and how they answered each kind: four queries.

    What was before they reset what was learned, or had the balance forgotten, does not count.
    """
    since = dict.fromkeys(users, now - WINDOW)
    resets = Reward.objects.filter(user__in=users, why=Reward.Why.RESET)
    for user_id, at in resets.values_list("user").annotate(Max("at")):
        since[user_id] = max(since[user_id], at)
    for user_id, keys in forgotten(users).items():
        since[user_id] = max(since[user_id], keys.get(BALANCE, since[user_id]))
    late = [user_id for user_id, at in since.items() if at > now - WINDOW]
    said = Feedback.objects.filter(user__in=users, created_at__gt=now - WINDOW)
    said = said.exclude(decision__kind=Decision.SILENCE)
    rows = list(_counted(said.exclude(user__in=late)))
    if late:
        after = Q()
        for user_id in late:
            after |= Q(user=user_id, created_at__gt=since[user_id])
        rows += _counted(said.filter(after))
    found: dict[int, tuple[datetime, dict[str, Answers]]] = {}
    for user_id, kind, good, bad in rows:
        _, answers = found.setdefault(user_id, (since[user_id], {}))
        answers[kind] = Answers(good, bad)
    return found


def _counted(said: "QuerySet[Feedback]") -> "QuerySet[Feedback, tuple[int, str, int, int]]":
    good, bad = Feedback.Reaction.DONE, Feedback.Reaction.DISMISS
    return (
        said.order_by()
        .values("user_id", kind=F("decision__kind"))
        .annotate(
            good=Count("pk", filter=Q(reaction=good)), bad=Count("pk", filter=Q(reaction=bad))
        )
        .values_list("user_id", "kind", "good", "bad")
    )


def _held(users: Collection[int]) -> dict[int, tuple[object, float]]:
    """What was inferred before."""
    rows = Preference.objects.filter(user__in=users, key=BALANCE, source=Preference.Source.INFERRED)
    return {
        user_id: (value, confidence)
        for user_id, value, confidence in rows.values_list("user_id", "value", "confidence")
    }


def _batches(now: datetime, only: Collection[int] | None) -> Iterator[list[int]]:
    """Users who answered lately, by id."""
    said = Feedback.objects.filter(created_at__gt=now - WINDOW, user__is_active=True)
    if only is not None:
        said = said.filter(user__in=only)
    last = 0
    ids = said.order_by("user_id").values_list("user_id", flat=True).distinct()
    while batch := list(ids.filter(user_id__gt=last)[:BATCH]):
        yield batch
        last = batch[-1]
