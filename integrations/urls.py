from django.urls import path

from integrations import api, views

urlpatterns = [
    path("connect/", views.connect, name="connect"),
    path("connect/<slug:source_id>/", views.connect_start, name="connect_start"),
    path("connect/<slug:source_id>/callback/", views.connect_callback, name="connect_callback"),
    path("connect/<slug:source_id>/file/", views.upload, name="upload"),
    path("connections/<uuid:connection_id>/cut/", views.cut, name="cut"),
    path("settings/", views.settings_page, name="settings"),
]

api_urlpatterns = [
    path("connections", api.ConnectionsView.as_view(), name="api_connections"),
    path("connections/<uuid:connection_id>", api.ConnectionView.as_view(), name="api_connection"),
]
