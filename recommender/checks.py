"""System checks of the recommender."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from oo.lib.env import host_and_port
from recommender.registry import RULE, policies

MOST_EPSILON = 100.0
POSITIVE = ("TIP_HOURS", "POLICY_BUDGET_MS", "SNOOZE_MINUTES", "DISMISS_DAYS", "SILENCE_MINUTES")
NOT_NEGATIVE = ("SILENCE_AFTER", "UNDO_MINUTES", "PRIOR_PEOPLE")
# In seconds. A moment this far ahead can still be told.
SPANS = {
    "TIP_HOURS": 3_600,
    "SNOOZE_MINUTES": 60,
    "SILENCE_MINUTES": 60,
    "UNDO_MINUTES": 60,
    "DISMISS_DAYS": 86_400,
}
# Drift compares a week with the four before it, up to two days ago.
LOOKED_BACK_DAYS = 37
TEN_YEARS = 10 * 366 * 86_400
DEFAULTS = "Remove it for the default: docs/settings.md lists them."


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
    return found


@register()
def numbers_make_sense(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not 0 <= settings.PRIOR_EPSILON <= MOST_EPSILON:
        found.append(
            Error(
                f"PRIOR_EPSILON is {settings.PRIOR_EPSILON:g}; it lies between 0 and {MOST_EPSILON:g}.",
                hint="0 turns the estimates of the shared prior off; 1 is a usual value. Far above "
                "that, the noise hides nobody.",
                id="recommender.E006",
            )
        )
    if wrong := [name for name in POSITIVE if getattr(settings, name) <= 0]:
        says = f"{' and '.join(wrong)} must be positive."
        found.append(Error(says, hint=DEFAULTS, id="recommender.E004"))
    if wrong := [name for name in NOT_NEGATIVE if getattr(settings, name) < 0]:
        says = f"{' and '.join(wrong)} must not be negative."
        found.append(Error(says, hint=DEFAULTS, id="recommender.E008"))
    if wrong := [name for name in SPANS if getattr(settings, name) * SPANS[name] > TEN_YEARS]:
        says = f"{' and '.join(wrong)} must not be longer than ten years."
        found.append(Error(says, hint=DEFAULTS, id="recommender.E009"))
    if settings.EVENT_RETENTION_DAYS < LOOKED_BACK_DAYS:
        found.append(
            Warning(
                f"EVENT_RETENTION_DAYS is {settings.EVENT_RETENTION_DAYS}, so policies are judged by "
                "fewer weeks, and drift is seen later or never.",
                hint="What is older can't be used, since unanswered decisions are gone from it and "
                f"answered ones are not. From {LOOKED_BACK_DAYS} on all is seen that is looked for.",
                id="recommender.W011",
            )
        )
    return found


@register()
def addresses_lead_somewhere(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    address = settings.MLFLOW_TRACKING_URI
    if address and host_and_port(address) is None:
        found.append(
            Error(
                f"MLFLOW_TRACKING_URI is {address!r}, which is no http address.",
                hint="oO speaks to an MLflow server only; run `mlflow server` over that store.",
                id="recommender.E007",
            )
        )
    for name in ("LITELLM_URL", "OLLAMA_URL"):
        address = getattr(settings, name)
        if address and host_and_port(address) is None:
            found.append(
                Error(
                    f"{name} is {address!r}, which is no http address.",
                    hint="Such an address looks like http://localhost:4000.",
                    id="recommender.E010",
                )
            )
    return found
