from django.urls import path

from agents import api, views
from agents.doors import generate

urlpatterns = [
    path("beliefs/", views.beliefs, name="beliefs"),
    path("beliefs/<slug:name>/", views.belief, name="belief"),
]

api_urlpatterns = [
    path("generate", generate.GenerateView.as_view(), name="api_generate"),
    path("agents/registry", api.RegistryView.as_view(), name="api_agents"),
    path("agents/<slug:agent_id>/compute", api.ComputeView.as_view(), name="api_compute"),
    path("agents/<slug:agent_id>/infer", api.InferView.as_view(), name="api_infer"),
]
