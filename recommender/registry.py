"""The policies of this installation, and the one that chooses."""

from django.conf import settings

from oo.lib.registry import Registry
from recommender.bandit.policies.base import Policy

policies: Registry[Policy] = Registry("POLICIES", Policy)  # type: ignore[type-abstract]

RULE = "urgency"  # what decides when a policy fails, and where learning starts from


def active() -> type[Policy]:
    return type(policies.get(settings.ACTIVE_POLICY))
