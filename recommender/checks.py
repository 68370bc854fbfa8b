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
    positive = ("TIP_HOURS", "POLICY_BUDGET_MS", "SNOOZE_MINUTES", "DISMISS_DAYS")
    if wrong := [name for name in positive if getattr(settings, name) <= 0]:
        found.append(
            Error(
                f"{' and '.join(wrong)} must be positive.",
                hint="Remove it for the default: docs/settings.md lists them.",
                id="recommender.E004",
            )
        )
    return found
