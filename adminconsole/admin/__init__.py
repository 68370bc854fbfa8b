"""The pages of the console, one file per floor. Found here by Django's admin, which lives on Unfold."""

from allauth.account import admin as _account  # noqa: F401
from allauth.socialaccount import admin as _socialaccount  # noqa: F401
from allauth.usersessions import admin as _usersessions  # noqa: F401
from django.contrib import admin
from django.contrib.auth import admin as _auth  # noqa: F401
from django_celery_beat import admin as _beat  # noqa: F401

from adminconsole import operations  # noqa: F401  (offered before the pages ask for them)

# What the apps registered for themselves: not made for this console, and some of it shows secrets.
# They were imported above so that none comes later.
for _model in list(admin.site._registry):
    admin.site.unregister(_model)

from adminconsole.admin import (  # noqa: E402
    accounts,
    agents,
    console,
    events,
    experiments,
    integrations,
    llm,
    policies,
    recommender,
    simulation,
    timetable,
)

__all__ = [
    "accounts",
    "agents",
    "console",
    "events",
    "experiments",
    "integrations",
    "llm",
    "policies",
    "recommender",
    "simulation",
    "timetable",
]
