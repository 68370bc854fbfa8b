"""Where allauth asks us: who may come in, and what is noted when they do."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.sign_in import follow_address, note_sign_in

log = logging.getLogger(__name__)


class Google(GoogleOAuth2Adapter):
    """Google calls back at the public address, whatever a Host header says."""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return settings.PUBLIC_URL + reverse("google_callback")


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # only through Google, see below

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        note_sign_in(
            user,
            time_zone=request.session.pop("time_zone", ""),
            now=timezone.now(),
        )
        return super().post_login(request, user, **kwargs)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        return None  # "Successfully signed in as ..." is noise on a page for one thing


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuses an address that Google has not verified: roles and identity hang on it."""
        refusal = ""
        if not sociallogin.account.extra_data.get("email_verified"):
            refusal = (
                "Google has not verified that e-mail address. Verify it there, then try again."
            )
        elif sociallogin.is_existing and not sociallogin.user.is_active:
            refusal = (
                "That account is just being deleted. Try again in a few minutes."
                if sociallogin.user.deleted_at
                else "That account is blocked here. Only who runs this installation can change that."
            )
        elif (
            not sociallogin.is_existing
            and User.objects.filter(email__iexact=sociallogin.user.email).exists()
        ):
            # Addresses can be given to someone else; only Google's subject says who a person is.
            refusal = "That address belongs to another account here. Use the Google account you used first."
        if refusal:
            messages.error(request, refusal)
            raise ImmediateHttpResponse(redirect("welcome"))
        if sociallogin.is_existing:
            follow_address(sociallogin.user, sociallogin.account.extra_data.get("email", ""))

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        # Both or neither: a user without the link to Google could never come in again.
        with transaction.atomic():
            return super().save_user(request, sociallogin, form)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user = super().populate_user(request, sociallogin, data)
        # Google's subject is the key to the person; name and picture are not needed, so not kept.
        kept = {"email", "email_verified", "sub"}
        extra = sociallogin.account.extra_data
        sociallogin.account.extra_data = {k: v for k, v in extra.items() if k in kept}
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Back to the sign-in page, with a sentence instead of an error page."""
        log.warning("sign-in failed: %s %s", error, type(exception).__name__ if exception else "")
        cancelled = str(error) == "cancelled"
        messages.error(
            request,
            "You cancelled at Google. Nothing was shared."
            if cancelled
            else "Google did not confirm who you are. Please try again.",
        )
        raise ImmediateHttpResponse(redirect("welcome"))
