"""Every address of oO, by floor."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny

import accounts.urls
import adminconsole.urls
import agents.urls
import integrations.urls
import recommender.urls
from oo import pages

urlpatterns = [
    *recommender.urls.urlpatterns,
    *agents.urls.urlpatterns,
    *integrations.urls.urlpatterns,
    *accounts.urls.urlpatterns,
    path(
        "api/",
        include(
            [
                *recommender.urls.api_urlpatterns,
                *agents.urls.api_urlpatterns,
                *integrations.urls.api_urlpatterns,
                *accounts.urls.api_urlpatterns,
                *adminconsole.urls.api_urlpatterns,
                path(
                    "schema",
                    SpectacularJSONAPIView.as_view(permission_classes=(AllowAny,)),
                    name="schema",
                ),
                path("docs", pages.api_docs, name="api_docs"),
                path("<path:rest>", pages.no_such_call, name="api_nowhere"),
            ]
        ),
    ),
    path(
        "admin/login/",
        login_not_required(RedirectView.as_view(pattern_name="welcome", query_string=True)),
    ),
    *adminconsole.urls.urlpatterns,
    path("admin/", admin.site.urls),
    path("healthz", pages.healthz, name="healthz"),
    path("manifest.webmanifest", pages.manifest, name="manifest"),
    path("sw.js", pages.service_worker, name="service_worker"),
    path("offline/", pages.offline, name="offline"),
]

handler400 = "oo.pages.bad_request"
handler403 = "oo.pages.forbidden"
handler404 = "oo.pages.not_found"
handler500 = "oo.pages.server_error"
