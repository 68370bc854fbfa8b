"""The console's door: operators only, and a policy of its own for what its pages may load."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

PREFIX = "/admin/"
SIGN_IN = "/admin/login/"  # leads to the sign-in page, where Django's admin would show its own

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
    """Nothing below /admin/ is reached by anyone but an operator, whoever forgot to ask there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(PREFIX):
            response._csp_config = POLICY  # type: ignore[attr-defined]  # read by django-csp
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not request.path_info.startswith(PREFIX) or request.path_info == SIGN_IN:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not admin.site.has_permission(request):
            raise PermissionDenied
        return None
