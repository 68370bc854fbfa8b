"""The console's door: operators only, and a policy of its own for what its pages may load."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

PREFIX = "/admin/"

# Alpine evaluates the attributes of Unfold's pages and sets styles. User pages allow neither.
POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}


class ConsoleMiddleware:
    """Nothing below /admin/ is reached by anyone but an operator, whoever forgot to ask there.

    Anonymous visitors were sent to sign in by LoginRequiredMiddleware, which stands before it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(PREFIX):
            response._csp_config = POLICY  # type: ignore[attr-defined]  # read by django-csp
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if (
            request.path_info.startswith(PREFIX)
            and getattr(view, "login_required", True)
            and not (request.user.is_active and request.user.is_staff)  # type: ignore[union-attr]
        ):
            raise PermissionDenied
