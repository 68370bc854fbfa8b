"""Machine tokens over HTTP. The profile is in accounts/doors/profile.py."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import tokens
from oo.lib.problem import problem
from oo.lib.throttle import PerAddress


class TokenRequest(serializers.Serializer):
    admin_token = serializers.CharField(max_length=500, trim_whitespace=False)


class TokenReply(serializers.Serializer):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class TokenView(APIView):
    """A short-lived token for a machine that knows ADMIN_TOKEN; it acts as the seed admin."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (PerAddress,)

    @extend_schema(
        request=TokenRequest,
        responses={
            201: TokenReply,
            403: OpenApiResponse(description="Not the admin token."),
            404: OpenApiResponse(description="Machine tokens are off on this installation."),
        },
    )
    def post(self, request: Request) -> Response:
        sent = TokenRequest(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            token, expires_at = tokens.issue(sent.validated_data["admin_token"], now=timezone.now())
        except tokens.NotOffered:
            return problem(
                404, "Machine tokens are off here. An operator turns them on with ADMIN_TOKEN."
            )
        except tokens.Refused as error:
            return problem(403, str(error))
        reply = TokenReply({"token": token, "expires_at": expires_at}).data
        return Response(reply, status=201, headers={"Cache-Control": "no-store"})
