"""Every way the stand-in Todoist says no."""

from __future__ import annotations

import secrets
from typing import Any


class ApiError(Exception):
    """An error in Todoist's own JSON shape."""

    def __init__(
        self,
        http_code: int,
        error_code: int,
        error_tag: str,
        message: str,
        *,
        retry_after: int | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.http_code = http_code
        self.retry_after = retry_after
        self.body: dict[str, Any] = {
            "error": message,
            "error_code": error_code,
            "error_extra": {"event_id": secrets.token_hex(16), **extra},
            "error_tag": error_tag,
            "http_code": http_code,
        }
        if retry_after is not None:
            self.body["error_extra"]["retry_after"] = retry_after


def invalid_argument(argument: str, message: str = "Invalid argument value") -> ApiError:
    return ApiError(400, 20, "INVALID_ARGUMENT_VALUE", message, argument=argument)


def missing_argument(argument: str) -> ApiError:
    return ApiError(400, 19, "ARGUMENT_MISSING", "Required argument is missing", argument=argument)


def not_found(what: str) -> ApiError:
    # The real service sends `retry_after` even here, where a retry is pointless.
    return ApiError(404, 478, "NOT_FOUND", f"{what} not found", retry_after=3)


def unauthorized() -> ApiError:
    return ApiError(401, 477, "UNAUTHORIZED", "Unauthorized", retry_after=2)


def insufficient_scope() -> ApiError:
    return ApiError(
        403,
        403,
        "AUTH_INSUFFICIENT_TOKEN_SCOPE",
        "Insufficient Token scope",
        access_type="access_token",
    )


def limits_reached(seconds: float) -> ApiError:
    return ApiError(
        429,
        35,
        "LIMITS_REACHED",
        "Too many requests. Limits reached. Try again later",
        retry_after=max(1, round(seconds)),
    )


def server_error() -> ApiError:
    return ApiError(500, 0, "INTERNAL_SERVER_ERROR", "Internal server error")
