"""What every page may show about the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, Any]:
    return {
        "sandbox_url": settings.SANDBOX_URL,
        "legal_version": settings.LEGAL_VERSION,
        "operator_name": settings.OPERATOR_NAME,
        "operator_email": settings.OPERATOR_EMAIL,
    }
