"""Asking for candidates over HTTP. Nothing is written in the request: a worker does that."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.signed_in import person
from agents.jobs import refresh_user, write_for
from agents.models import Candidate, Writing
from oo.lib.jobs import wake_soon
from oo.lib.problem import problem

MOST, USUAL = 50, 6


class GenerateRequest(serializers.Serializer[Any]):
    count = serializers.IntegerField(min_value=1, max_value=MOST, default=USUAL)
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=10),
        default=list,
        help_text=f"Only of these kinds: {', '.join(Candidate.Kind.values)}. Empty: of all.",
    )

    def validate_kinds(self, kinds: list[str]) -> list[str]:
        if not set(kinds) <= set(Candidate.Kind.values):
            raise serializers.ValidationError("There is no such kind.")
        return kinds


class TipCandidateReply(serializers.Serializer[Candidate]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Candidate.Kind.values)
    content = serializers.CharField(help_text="With {title} where your own words go.")
    topic = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    model = serializers.CharField(help_text="Who wrote it: `plain` without a model.")
    prompt_version = serializers.CharField()
    confidence = serializers.FloatField()
    expires_at = serializers.DateTimeField()


class WritingReply(serializers.Serializer[Writing]):
    at = serializers.DateTimeField()
    outcome = serializers.CharField(help_text="written, partly, refused, or why no model answered.")
    model = serializers.CharField()
    prompt_version = serializers.CharField()
    tries = serializers.ListField(
        child=serializers.IntegerField(), help_text="How many the gate let through at each try."
    )


class GenerateReply(serializers.Serializer[Any]):
    candidates = TipCandidateReply(many=True)
    written = WritingReply(
        allow_null=True, help_text="What a model last wrote for you; null where none ever did."
    )


class GenerateView(APIView):
    """Gives the best candidates for now, and has a worker ask a model for more where there is one
    and something has changed. Ask again in a little while to see what it wrote.
    """

    @extend_schema(request=GenerateRequest, responses=GenerateReply)
    def post(self, request: Request) -> Response:
        wanted = GenerateRequest(data=request.data)
        if not wanted.is_valid():
            return problem(
                400, f"count is 1 to {MOST}; kinds are {', '.join(Candidate.Kind.values)}."
            )
        user, now = person(request), timezone.now()
        living = Candidate.objects.filter(user=user).live(now)
        if kinds := wanted.validated_data["kinds"]:
            living = living.filter(kind__in=kinds)
        found = living.order_by("-confidence", "pk")[: wanted.validated_data["count"]]
        wake_soon(refresh_user, user.pk, seconds=0)
        wake_soon(write_for, user.pk, seconds=1)
        writing = Writing.objects.filter(user=user).first()
        return Response(GenerateReply({"candidates": found, "written": writing}).data)
