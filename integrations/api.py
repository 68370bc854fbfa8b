"""Connections over HTTP."""

import uuid

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.disconnect import disconnect
from integrations.models import Connection
from oo.lib.problem import problem


class ConnectionReply(serializers.Serializer[Connection]):
    id = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF's own attribute is of fields
    status = serializers.ChoiceField(choices=Connection.Status.choices)
    created_at = serializers.DateTimeField()
    synced_at = serializers.DateTimeField(allow_null=True, help_text="When it was last read.")


class ConnectionsView(generics.ListAPIView[Connection]):
    """Your connections. Tokens are never shown."""

    serializer_class = ConnectionReply
    queryset = Connection.objects.none()

    def get_queryset(self) -> "models.QuerySet[Connection]":
        return Connection.objects.filter(user=self.request.user.pk).order_by("created_at")


class ConnectionView(generics.GenericAPIView[Connection]):
    """One of your connections."""

    serializer_class = ConnectionReply
    queryset = Connection.objects.none()

    @extend_schema(
        responses={
            204: OpenApiResponse(description="Cut; its data is gone and its grant is revoked."),
            404: OpenApiResponse(description="No such connection of yours."),
        }
    )
    def delete(self, request: Request, connection_id: uuid.UUID) -> Response:
        connection = Connection.objects.filter(pk=connection_id, user=request.user.pk).first()
        if connection is None:
            return problem(404, "There is no such connection, or it is not yours.")
        disconnect(connection, now=timezone.now())
        return Response(status=204)
