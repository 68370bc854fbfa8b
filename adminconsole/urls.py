from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from accounts.views import sign_out
from adminconsole import api, views

urlpatterns = [
    path("admin/health/", admin.site.admin_view(views.health), name="console_health"),
    path("admin/features/", admin.site.admin_view(views.features), name="console_features"),
    path("admin/policies/", admin.site.admin_view(views.policies), name="console_policies"),
    path(
        "admin/policies/<slug:policy_id>/",
        admin.site.admin_view(views.policy),
        name="console_policy",
    ),
    # There are no passwords, and who leaves the console leaves oO.
    path("admin/logout/", sign_out),
    path("admin/password_change/", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/password_change/done/", RedirectView.as_view(pattern_name="admin:index")),
]

api_urlpatterns = [
    path("health", api.HealthView.as_view(), name="api_health"),
]
