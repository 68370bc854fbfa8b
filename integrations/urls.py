from django.urls import path

from integrations import api, views
from integrations.doors import calendars, endpoints, feeds, hooks, uploads, webhook_in

urlpatterns = [
    path("connect/", views.connect, name="connect"),
    path("connect/<slug:source_id>/", views.connect_start, name="connect_start"),
    path("connect/<slug:source_id>/callback/", views.connect_callback, name="connect_callback"),
    path("connect/<slug:source_id>/file/", views.upload, name="upload"),
    path("connect/<slug:source_id>/export/", uploads.hand_over, name="hand_over"),
    path("connect/<slug:source_id>/export/state/", uploads.upload_state, name="upload_state"),
    path("connect/<slug:source_id>/export/stop/", uploads.upload_stop, name="upload_stop"),
    path("connect/<slug:source_id>/address/", feeds.feed_add, name="feed_add"),
    path("connections/<uuid:connection_id>/name/", feeds.feed_rename, name="feed_rename"),
    path(
        "connections/<uuid:connection_id>/titles/",
        calendars.calendar_titles,
        name="calendar_titles",
    ),
    path("hooks/<slug:source_id>/changed/", calendars.calendar_changed, name="calendar_changed"),
    path("connections/<uuid:connection_id>/cut/", views.cut, name="cut"),
    path("endpoints/", endpoints.endpoints, name="endpoints"),
    path("endpoints/make/", endpoints.endpoint_make, name="endpoint_make"),
    path("endpoints/<uuid:connection_id>/", endpoints.endpoint, name="endpoint"),
    *(
        path(f"endpoints/<uuid:connection_id>/{verb}/", view, name=f"endpoint_{verb}")
        for verb, view in {
            "rename": endpoints.endpoint_rename,
            "roll": endpoints.endpoint_roll,
            "delete": endpoints.endpoint_delete,
            "replay": endpoints.endpoint_replay,
        }.items()
    ),
    path("in/<uuid:connection_id>/", webhook_in.webhook_in, name="webhook_in"),
    # A POST can't be redirected.
    path("in/<uuid:connection_id>", webhook_in.webhook_in, name="webhook_in_bare"),
    path("hooks/todoist/", hooks.told, {"source_id": "todoist"}, name="hook_todoist"),
    path("settings/", views.settings_page, name="settings"),
]

api_urlpatterns = [
    path("connections", api.ConnectionsView.as_view(), name="api_connections"),
    path("connections/<uuid:connection_id>", api.ConnectionView.as_view(), name="api_connection"),
]
