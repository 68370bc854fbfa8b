"""Health over HTTP, for machines that watch oO."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from adminconsole import watch

STATES = ["ok", "warn", "fail"]


class FindingReply(serializers.Serializer):
    state = serializers.ChoiceField(STATES)
    says = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)


class HealthReply(serializers.Serializer):
    state = serializers.ChoiceField(STATES)
    at = serializers.DateTimeField()
    findings = serializers.DictField(child=FindingReply())


class HealthView(APIView):
    """Whether oO is well, check by check, at most ten seconds old. 503 when something has failed."""

    permission_classes = (IsAdminUser,)

    @extend_schema(responses={200: HealthReply, 503: HealthReply})
    def get(self, request: Request) -> Response:
        report = watch.report(timezone.now())
        body = {
            "state": report.state,
            "at": report.at,
            "findings": {
                name: {"state": f.state, "says": f.says, "fix": f.fix if f.state != "ok" else ""}
                for name, f in report.findings.items()
            },
        }
        failed = report.state == "fail"
        return Response(
            HealthReply(body).data,
            status=status.HTTP_503_SERVICE_UNAVAILABLE if failed else status.HTTP_200_OK,
        )
