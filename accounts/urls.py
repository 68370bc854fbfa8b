from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView

from accounts import api, views
from accounts.doors import profile, situations

to_welcome = login_not_required(RedirectView.as_view(pattern_name="welcome"))

urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy_notice, name="privacy"),
    path("time-zone/", views.time_zone, name="time_zone"),
    path("situations/", situations.situations, name="situations"),
    path("account/help/", views.help_shared_prior, name="help_shared_prior"),
    path("account/cloud/", views.cloud, name="cloud"),
    path("account/export/", views.export_data, name="export_data"),
    path("account/delete/", views.delete_account, name="delete_account"),
    path("erased/<uuid:receipt>/", views.erased, name="erased"),
    # Of allauth's pages we need one; the other names are those it may redirect to.
    path("accounts/google/login/callback/", views.google_callback, name="google_callback"),
    path("accounts/login/", to_welcome, name="account_login"),
    path("accounts/signup/", to_welcome, name="account_signup"),
    path("accounts/inactive/", to_welcome, name="account_inactive"),
    path("accounts/3rdparty/signup/", to_welcome, name="socialaccount_signup"),
    path("accounts/3rdparty/login/cancelled/", to_welcome, name="socialaccount_login_cancelled"),
    path("accounts/3rdparty/login/error/", to_welcome, name="socialaccount_login_error"),
]

api_urlpatterns = [
    path("auth/token", api.TokenView.as_view(), name="api_token"),
    path("profile", profile.ProfileView.as_view(), name="api_profile"),
    path(
        "profile/prefs/<slug:scope>",
        profile.PreferencesView.as_view(),
        name="api_profile_prefs",
    ),
    path("profile/consents", profile.ConsentsView.as_view(), name="api_profile_consents"),
    path("profile/contexts", profile.ContextsView.as_view(), name="api_profile_contexts"),
]
