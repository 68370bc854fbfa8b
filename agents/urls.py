from django.urls import path

from agents import api

api_urlpatterns = [path("agents/registry", api.RegistryView.as_view(), name="api_agents")]
