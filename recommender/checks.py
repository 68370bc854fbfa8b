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
    if settings.TIP_HOURS <= 0 or settings.POLICY_BUDGET_MS < 1:
        found.append(
            Error(
                "TIP_HOURS and POLICY_BUDGET_MS must be positive.",
                hint="The defaults are 4 and 50.",
                id="recommender.E004",
            )
        )
    return found
