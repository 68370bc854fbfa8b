"""System checks of the agents floor."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from agents.registry import agents
from integrations.source import sources
from oo.events.catalogue import subjects

# Below this the shortest of what agents look for, a rhythm of weeks, has hardly a past to show in.
FEWEST_DAYS = 60


@register()
def there_is_a_past_to_infer_from(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if settings.EVENT_RETENTION_DAYS >= FEWEST_DAYS:
        return []
    return [
        Warning(
            f"With EVENT_RETENTION_DAYS at {settings.EVENT_RETENTION_DAYS} agents infer little or nothing.",
            hint=f"Set it to {FEWEST_DAYS} or more, or live with the defaults.",
            id="agents.W005",
        )
    ]


@register()
def agents_load(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    try:
        found = list(agents)
        known_sources = set(sources.ids())
    except ImproperlyConfigured as error:
        hint = "Correct the dotted paths in AGENTS or SOURCES, oo/settings.py."
        return [Error(str(error), hint=hint, id="agents.E001")]
    messages: list[CheckMessage] = []
    for agent in found:
        messages += [
            Error(
                f"{agent.id} listens to {subject}, which nobody publishes.",
                hint="The subjects are in oo/events/catalogue.py.",
                id="agents.E002",
            )
            for subject in sorted(set(agent.manifest.listens) - set(subjects()))
        ]
        if agent.manifest.needs and not known_sources.intersection(agent.manifest.needs):
            messages.append(
                Warning(
                    f"{agent.id} needs one of {', '.join(agent.manifest.needs)}, none is in SOURCES.",
                    hint="Add a source, or remove the agent from AGENTS.",
                    id="agents.W001",
                )
            )
    return messages
