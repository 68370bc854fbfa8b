"""System checks of the integrations floor."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.core.exceptions import ImproperlyConfigured

from integrations.source import UsesOAuth, sources


@register()
def sources_load(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    try:
        found = list(sources)
    except ImproperlyConfigured as error:
        hint = "Correct the dotted paths in SOURCES, oo/settings.py."
        return [Error(str(error), hint=hint, id="integrations.E001")]
    networked = [source for source in found if isinstance(source, UsesOAuth)]
    bare = [source for source in networked if not source.is_configured()]
    # Not every installation offers every source, but one that offers none is of little use.
    kind, number = (Info, "I001") if len(bare) < len(networked) else (Warning, "W001")
    return [
        kind(
            f"{source.name} has no OAuth credentials, so nobody can connect it.",
            hint=f"Set {source.id.upper()}_CLIENT_ID and {source.id.upper()}_CLIENT_SECRET.",
            id=f"integrations.{number}",
        )
        for source in bare
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
