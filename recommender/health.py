"""Is the active policy choosing, and are rewards being learned?"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from oo.lib.health import Finding, register
from recommender.models import Feedback, Score


def learning(now: datetime) -> Finding:
    oldest = Feedback.objects.filter(learned_order=None, forgotten_at=None).aggregate(
        oldest=Min("created_at")
    )["oldest"]
    if oldest and now - oldest > timedelta(minutes=5):
        age = int((now - oldest).total_seconds())
        return Finding(
            "fail", f"A reaction has waited {age} s to be learned.", "Is a worker running?"
        )
    return Finding("ok", "Every reaction has been learned." if not oldest else "Learning.")


def fallbacks(now: datetime) -> Finding:
    lately = Score.objects.filter(decision__created_at__gt=now - timedelta(hours=1))
    total = lately.count()
    failed = lately.exclude(fell_back_from="")
    if total and (count := failed.count()):
        because = failed.order_by("-decision__created_at").first()
        why = because.fell_back_because if because else ""
        return Finding(
            "warn",
            f"The urgency rule stood in for {settings.ACTIVE_POLICY} in {count} of {total} "
            f"decisions of the last hour: {why}",
            "Set ACTIVE_POLICY to another policy, or raise POLICY_BUDGET_MS.",
        )
    return Finding("ok", f"{settings.ACTIVE_POLICY} made all {total} decisions of the last hour.")


register("Learning", learning)
register("Policy", fallbacks)
