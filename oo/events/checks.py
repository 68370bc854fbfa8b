"""The ground floor's system checks."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def retention_is_positive(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if settings.EVENT_RETENTION_DAYS >= 1:
        return []
    return [
        Error(
            "EVENT_RETENTION_DAYS is less than a day, so events would go before they are seen.",
            hint="Set EVENT_RETENTION_DAYS to 1 or more, or remove it for the default.",
            id="events.E001",
        )
    ]
