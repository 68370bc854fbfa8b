"""The ground floor's system checks."""

from pathlib import Path

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


@register()
def bus_has_an_address(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    servers = [part.strip() for part in settings.NATS_URL.split(",")] if settings.NATS_URL else []
    if all(part.startswith(("nats://", "tls://")) for part in servers):
        return []
    return [
        Error(
            "NATS_URL is not an address of NATS.",
            hint="Write nats://host:4222 or tls://host:4222, or remove it: oO runs without a bus.",
            id="events.E002",
        )
    ]


@register()
def credentials_are_there(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if not settings.NATS_CREDENTIALS or Path(settings.NATS_CREDENTIALS).is_file():
        return []
    return [
        Error(
            f"NATS_CREDENTIALS names no file: {settings.NATS_CREDENTIALS}",
            hint="Give the path of the .creds file, or remove it.",
            id="events.E003",
        )
    ]
