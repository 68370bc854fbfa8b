"""oO's addresses, and the view that they are measured against."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.models import Connection
from oo.urls import urlpatterns as product


class Baseline(APIView):
    """Signed in, one query, a small JSON answer: the least that a DRF view can do."""

    def post(self, request: Request) -> Response:
        return Response({"connections": Connection.objects.filter(user=request.user.pk).count()})


urlpatterns = [path("api/baseline", Baseline.as_view()), *product]
