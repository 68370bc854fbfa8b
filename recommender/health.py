"""Is the active policy choosing, and are rewards being learned?"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from oo.lib.health import Finding, register
from recommender import live
from recommender.models import (
    Feedback,
    PolicyDeployment,
    PolicyRun,
    PolicyShadow,
    Reward,
    Score,
)
from recommender.registry import policies

LATELY = timedelta(days=8)


def learning(now: datetime) -> Finding:
    unsettled = Feedback.objects.filter(reward=None).aggregate(oldest=Min("created_at"))
    unlearned = Reward.objects.filter(folded_at=None).aggregate(oldest=Min("at"))
    oldest = min(filter(None, (unsettled["oldest"], unlearned["oldest"])), default=None)
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
            f"The urgency rule stood in for {_live()} in {count} of {total} "
            f"decisions of the last hour: {why}",
            "Roll back to another policy, or raise POLICY_BUDGET_MS.",
        )
    return Finding("ok", f"{_live()} made all {total} decisions of the last hour.")


def _live() -> str:
    live.refresh()
    return live.standing().id


def orders(now: datetime) -> Finding:
    """Is what is ordered to be live installed here, and did the guard have to step in?"""
    deployed = PolicyDeployment.objects.filter(ended_at=None).first()
    if deployed is None:
        return Finding("ok", f"{settings.ACTIVE_POLICY} is live, as ACTIVE_POLICY says.")
    if deployed.policy not in policies:
        return Finding(
            "fail",
            f"{deployed.policy} is to be live, but is not installed: {_live()} serves instead.",
            "Put it back into POLICIES, or `manage.py policies rollback`.",
        )
    if deployed.how == PolicyDeployment.How.GUARD and now - deployed.began_at < LATELY:
        return Finding(
            "warn",
            f"The guard rolled back to {deployed.policy}: {deployed.reason}",
            "manage.py policies live",
        )
    return Finding("ok", f"{deployed.policy} is live since {deployed.began_at:%Y-%m-%d}.")


def drift(now: datetime) -> Finding:
    last = PolicyRun.objects.filter(kind=PolicyRun.Kind.DRIFT, created_at__gt=now - LATELY)
    run = last.order_by("-created_at").first()
    if run and run.verdict == PolicyRun.Verdict.ALARM:
        return Finding(
            "warn",
            run.says,
            "Look at what changed in the console under Runs; a policy that learns follows by itself.",
        )
    if run and run.verdict == PolicyRun.Verdict.TOO_LITTLE:
        return Finding("ok", "Too few decisions to compare yet.")
    return Finding("ok", run.says if run else "Not looked at yet.")


def shadows(now: datetime) -> Finding:
    running = PolicyShadow.objects.filter(running=True)
    if broken := running.exclude(error="").first():
        return Finding(
            "warn", f"Shadow {broken.policy}: {broken.error}", "Stop it in the console, or mend it."
        )
    late = [one.policy for one in running if now - one.swept_to > timedelta(hours=6)]
    if late:
        says = f"{', '.join(late)}: more than 6 hours behind."
        return Finding("warn", says, "Is a worker running, and are there enough of them?")
    return Finding("ok", f"{running.count()} running.")


def runs(now: datetime) -> Finding:
    if not settings.MLFLOW_TRACKING_URI:
        return Finding("ok", "Kept in the database.")
    waiting = PolicyRun.objects.filter(sent_at=None, attempts__gt=2)
    if count := waiting.count():
        return Finding(
            "warn",
            f"{count} runs could not be sent to MLflow; they are in the database.",
            "Look at MLFLOW_TRACKING_URI and whether that server runs.",
        )
    return Finding("ok", "Kept in the database and sent to MLflow.")


register("Learning", learning)
register("Policy", fallbacks)
register("Live policy", orders)
register("Shadows", shadows)
register("Drift", drift)
register("Runs", runs)
