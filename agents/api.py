"""The agents floor over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.library.base import Manifest, Param
from agents.registry import agents


class ParamReply(serializers.Serializer[Param]):
    name = serializers.CharField()
    default = serializers.JSONField()
    min_history = serializers.IntegerField()
    meaning = serializers.CharField()


class ManifestReply(serializers.Serializer[Any]):
    id = serializers.CharField()
    version = serializers.CharField()
    says = serializers.CharField()
    listens = serializers.ListField(child=serializers.CharField())
    needs = serializers.ListField(child=serializers.CharField())
    ttl_seconds = serializers.SerializerMethodField()
    params = ParamReply(many=True)

    def get_ttl_seconds(self, manifest: Manifest) -> int:
        return int(manifest.ttl.total_seconds())


class RegistryView(APIView):
    """The agents of this installation: what each says, needs, listens to and would infer."""

    @extend_schema(responses=ManifestReply(many=True))
    def get(self, request: Request) -> Response:
        manifests = sorted((agent.manifest for agent in agents), key=lambda manifest: manifest.id)
        return Response(ManifestReply(manifests, many=True).data)
