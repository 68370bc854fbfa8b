"""System checks of the recommender."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from recommender.registry import RULE, policies


@register()
def policies_load(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    try:
        known = policies.ids()
    except ImproperlyConfigured as error:
        hint = "Correct the dotted paths in POLICIES, oo/settings.py."
        return [Error(str(error), hint=hint, id="recommender.E001")]
    found: list[CheckMessage] = []
    if settings.ACTIVE_POLICY not in known:
        found.append(
            Error(
                f"ACTIVE_POLICY is {settings.ACTIVE_POLICY!r}, which is no policy here.",
                hint=f"Set it to one of {', '.join(known)}.",
                id="recommender.E002",
            )
        )
    if RULE not in known:
        found.append(
            Error(
                "POLICIES lacks the urgency rule, which decides when a policy fails.",
                hint="Put recommender.bandit.policies.urgency.Urgency back.",
                id="recommender.E003",
            )
        )
    if unknown := [name for name in settings.SHADOW_POLICIES if name not in known]:
        found.append(
            Error(
                f"SHADOW_POLICIES names {', '.join(unknown)}, which are no policies here.",
                hint=f"The policies here are {', '.join(known)}.",
                id="recommender.E005",
            )
        )
    if settings.PRIOR_EPSILON < 0:
        found.append(
            Error(
                "PRIOR_EPSILON is negative.",
                hint="0 turns the estimates of the shared prior off; 1 is a usual value.",
                id="recommender.E006",
            )
        )
    address = settings.MLFLOW_TRACKING_URI
    if address and not address.startswith(("http://", "https://")):
        found.append(
            Error(
                f"MLFLOW_TRACKING_URI is {address!r}, which is no http address.",
                hint="oO speaks to an MLflow server only; run `mlflow server` over that store.",
                id="recommender.E007",
            )
        )
    positive = (
        "TIP_HOURS",
        "POLICY_BUDGET_MS",
        "SNOOZE_MINUTES",
        "DISMISS_DAYS",
        "SILENCE_MINUTES",
    )
    if wrong := [name for name in positive if getattr(settings, name) <= 0]:
        found.append(
            Error(
                f"{' and '.join(wrong)} must be positive.",
                hint="Remove it for the default: docs/settings.md lists them.",
                id="recommender.E004",
            )
        )
    return found
