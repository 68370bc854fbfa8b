"""System checks of the accounts floor."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

SAMPLE = "refused-outside-debug"
SAMPLE_KEY = "c2FtcGxlLWtleS1yZWZ1c2VkLW91dHNpZGUtZGVidWc="


@register()
def secrets_are_our_own(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    found: list[CheckMessage] = []
    if SAMPLE in settings.SECRET_KEY or len(settings.SECRET_KEY) < 32:
        found.append(
            Error(
                "SECRET_KEY is the sample one, or too short.",
                hint="`make run` writes one into .env; elsewhere set SECRET_KEY to 50 random characters.",
                id="accounts.E001",
            )
        )
    if SAMPLE_KEY in settings.ENCRYPTION_KEYS:
        found.append(
            Error(
                "ENCRYPTION_KEYS holds the sample key.",
                hint='python -c "from cryptography.fernet import Fernet; '
                'print(Fernet.generate_key().decode())"',
                id="accounts.E002",
            )
        )
    if settings.SANDBOX_URL:
        found.append(
            Error(
                "SANDBOX_URL is set outside debug: anyone could sign in as anyone.",
                hint="Remove SANDBOX_URL and set GOOGLE_CLIENT_ID, TODOIST_CLIENT_ID and their secrets.",
                id="accounts.E003",
            )
        )
    return found


@register()
def encryption_keys_are_keys(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    from cryptography.fernet import Fernet

    try:
        if not settings.ENCRYPTION_KEYS:
            raise ValueError("there is none")
        for key in settings.ENCRYPTION_KEYS:
            Fernet(key)
    except ValueError as error:
        return [
            Error(
                f"ENCRYPTION_KEYS can't be used: {error}",
                hint="Each is 32 url-safe base64-encoded bytes, comma separated, newest first.",
                id="accounts.E004",
            )
        ]
    return []


@register()
def admin_token_is_long(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if not settings.ADMIN_TOKEN or len(settings.ADMIN_TOKEN) >= 32:
        return []
    return [
        Error(
            "ADMIN_TOKEN is shorter than 32 characters, so it can be guessed.",
            hint="Use a random one of at least 32 characters, or leave it empty to turn it off.",
            id="accounts.E005",
        )
    ]


@register(Tags.security, deploy=True)
def public_address_is_https(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if settings.PUBLIC_URL.startswith("https://"):
        return []
    return [
        Warning(
            "PUBLIC_URL is not https, but cookies and OAuth callbacks need it.",
            hint="Set PUBLIC_URL to the https address that people open.",
            id="accounts.W001",
        )
    ]
