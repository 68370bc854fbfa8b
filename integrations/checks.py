"""System checks of the integrations floor."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from integrations.source import UsesOAuth, sources


@register()
def sources_load(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    try:
        found = list(sources)
    except ImproperlyConfigured as error:
        hint = "Correct the dotted paths in SOURCES, oo/settings.py."
        return [Error(str(error), hint=hint, id="integrations.E001")]
    return [
        Warning(
            f"{source.name} has no OAuth credentials, so nobody can connect it.",
            hint=f"Set {source.id.upper()}_CLIENT_ID and {source.id.upper()}_CLIENT_SECRET.",
            id="integrations.W001",
        )
        for source in found
        if isinstance(source, UsesOAuth) and not source.is_configured()
    ]


@register()
def times_make_sense(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if settings.FRESH_SECONDS >= 1 and settings.SYNC_EVERY_SECONDS >= 30:
        return []
    return [
        Error(
            "FRESH_SECONDS is below 1 or SYNC_EVERY_SECONDS below 30: sources would limit us.",
            hint="The defaults are 30 and 300.",
            id="integrations.E002",
        )
    ]
