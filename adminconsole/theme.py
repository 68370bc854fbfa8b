"""How the console looks and is laid out: the settings of django-unfold. Plain values, no models."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

TITLES: dict[str, str] = {}  # what the menu calls the list of each model, and its page too


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(name)}


def _list(title: str, icon: str, model: str) -> dict[str, Any]:
    TITLES[model] = title
    return _item(title, icon, f"admin:{model}_changelist")


def environment(request: HttpRequest) -> list[str] | None:
    from django.conf import settings

    return ["Sandbox", "warning"] if settings.SANDBOX_URL else None


def _mark(name: str) -> Any:
    return lambda request: static(f"adminconsole/{name}")


# By floor, in the words of the house; what an operator looks at most comes first.
NAVIGATION = [
    {
        "items": [
            _item("Overview", "blur_on", "admin:index"),
            _item("Health", "ecg_heart", "console_health"),
        ]
    },
    {
        "title": "Accounts",
        "separator": True,
        "items": [
            _list("Users", "group", "accounts_user"),
            _list("Sign-ins", "login", "socialaccount_socialaccount"),
            _list("Erasures", "person_remove", "accounts_erasure"),
            _list("API tokens", "key", "accounts_apitoken"),
        ],
    },
    {
        "title": "Integrations",
        "separator": True,
        "items": [
            _list("Connections", "link", "integrations_connection"),
            _list("Commands", "task_alt", "integrations_command"),
            _list("Deliveries", "inbox", "integrations_delivery"),
            _list("Uploads", "upload_file", "integrations_upload"),
            _list("Histories", "history", "integrations_history"),
            _list("Revocations", "link_off", "integrations_revocation"),
        ],
    },
    {
        "title": "Agents",
        "separator": True,
        "items": [
            _list("Agent outputs", "psychology", "agents_agentoutput"),
            _list("Beliefs", "lightbulb", "agents_belief"),
            _list("Candidates", "format_quote", "agents_candidate"),
            _list("Model calls", "forum", "agents_llmcall"),
            _list("Writings", "edit_note", "agents_writing"),
        ],
    },
    {
        "title": "Recommender",
        "separator": True,
        "items": [
            _list("Decisions", "alt_route", "recommender_decision"),
            _list("Reactions", "thumbs_up_down", "recommender_feedback"),
            _list("Rewards learned", "school", "recommender_reward"),
            _list("Policy states", "tune", "recommender_policystate"),
        ],
    },
    {
        "title": "Policies",
        "separator": True,
        "items": [
            _item("Policies", "network_intelligence", "console_policies"),
            _item("Features", "list_alt", "console_features"),
            _list("Deployments", "rocket_launch", "recommender_policydeployment"),
            _list("Shadows", "tonality", "recommender_policyshadow"),
            _list("Experiments", "call_split", "recommender_policyexperiment"),
            _list("Priors", "groups", "recommender_policyprior"),
            _list("Runs", "query_stats", "recommender_policyrun"),
            _list("Simulations", "science", "recommender_simrun"),
        ],
    },
    {
        "title": "Events",
        "separator": True,
        "items": [_list("Last 500 events", "stream", "events_record")],
    },
    {
        "title": "Console",
        "separator": True,
        "items": [
            _list("Timetable", "schedule", "django_celery_beat_periodictask"),
            _list("Intervals", "timer", "django_celery_beat_intervalschedule"),
            _list("Crontabs", "calendar_month", "django_celery_beat_crontabschedule"),
            _list("One-off times", "event", "django_celery_beat_clockedschedule"),
            _list("Operators' log", "history_edu", "adminconsole_adminaction"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "oO console",
    "SITE_HEADER": "oO console",
    "SITE_URL": "/",
    "SITE_ICON": {"light": _mark("mark-light.svg"), "dark": _mark("mark-dark.svg")},
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _mark("mark-favicon.svg")},
    ],
    # Unfold's history reads Django's log of changes; ours is the operators' log.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "adminconsole.theme.environment",
    "DASHBOARD_CALLBACK": "adminconsole.dashboard.fill",
    "STYLES": [_mark("console.css")],
    "BORDER_RADIUS": "8px",
    "COLORS": {
        # Neutral greys, black at night as the tip page is; one quiet blue for what can be pressed.
        "base": {
            "50": "oklch(98.4% .002 250)",
            "100": "oklch(96.2% .003 250)",
            "200": "oklch(91.8% .004 250)",
            "300": "oklch(86.5% .006 250)",
            "400": "oklch(70.5% .010 250)",
            "500": "oklch(55.2% .012 250)",
            "600": "oklch(44.2% .012 250)",
            "700": "oklch(36.5% .011 250)",
            "800": "oklch(26.5% .009 250)",
            "900": "oklch(17.5% .007 250)",
            "950": "oklch(12.5% .006 250)",
        },
        "primary": {
            "50": "oklch(97.2% .012 245)",
            "100": "oklch(94.0% .025 245)",
            "200": "oklch(88.5% .050 245)",
            "300": "oklch(81.0% .085 246)",
            "400": "oklch(72.5% .115 247)",
            "500": "oklch(64.0% .130 248)",
            "600": "oklch(52.5% .130 250)",
            "700": "oklch(45.5% .115 251)",
            "800": "oklch(39.0% .095 252)",
            "900": "oklch(33.0% .075 253)",
            "950": "oklch(25.0% .055 254)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "command_search": True,
        "show_all_applications": False,
        "navigation": NAVIGATION,
    },
    # The palette finds pages. Finding people would keep their addresses in the cache.
    "COMMAND": {"search_models": False, "show_history": False},
}
