"""The agents floor over HTTP."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.signed_in import person
from agents.grounds import grounds_of
from agents.infer import infer
from agents.jobs import refresh_user
from agents.library.base import Agent, Manifest, Param
from agents.models import AgentOutput, Belief
from agents.refresh import compute
from agents.registry import agents
from oo.lib.jobs import wake_soon
from oo.lib.problem import problem

SETTLE_SECONDS = 1.0


class ParamReply(serializers.Serializer[Param]):
    name = serializers.CharField()
    default = serializers.JSONField()
    min_history = serializers.IntegerField()
    meaning = serializers.CharField()
    hint = serializers.CharField()


class ManifestReply(serializers.Serializer[Any]):
    id = serializers.CharField()
    version = serializers.CharField()
    says = serializers.CharField()
    listens = serializers.ListField(child=serializers.CharField())
    needs = serializers.ListField(child=serializers.CharField())
    consents = serializers.ListField(child=serializers.CharField())
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


class OutputReply(serializers.Serializer[AgentOutput]):
    agent = serializers.CharField()
    version = serializers.CharField()
    text = serializers.CharField(
        allow_blank=True, help_text="Empty where the agent has nothing to say."
    )
    facts = serializers.JSONField()
    confidence = serializers.FloatField()
    computed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    why = serializers.CharField(allow_blank=True, help_text="new, changed, expired or asked.")
    error = serializers.CharField(allow_blank=True)


class BeliefReply(serializers.Serializer[Any]):
    key = serializers.CharField()
    value = serializers.JSONField(help_text="The default where `why` is not empty.")
    confidence = serializers.FloatField()
    evidence = serializers.JSONField()
    history = serializers.IntegerField(help_text="How many facts it was inferred from.")
    why = serializers.CharField(allow_blank=True, help_text="Empty, or too_little, failed, unsure.")
    inferred_at = serializers.DateTimeField()


NO_GROUND = OpenApiResponse(description="You have not connected, or not allowed, what it needs.")
FAILED = OpenApiResponse(description="It failed; nothing was changed.")
NO_SUCH = OpenApiResponse(description="There is no such agent here.")


class ComputeView(APIView):
    """Has one agent look at the signed-in user anew, and gives what it has to say."""

    @extend_schema(request=None, responses={200: OutputReply, 404: NO_SUCH, 409: NO_GROUND})
    def post(self, request: Request, agent_id: str) -> Response:
        if agent_id not in agents:
            return _no_such(agent_id)
        agent, user, now = agents.get(agent_id), person(request), timezone.now()
        output = compute(agent, user.pk, now=now)
        if output is None:
            return problem(409, _wants(agent, user.pk, now))
        wake_soon(refresh_user, user.pk, seconds=SETTLE_SECONDS)
        return Response(OutputReply(output).data)


class InferView(APIView):
    """Has one agent infer anew what it would rather know than assume of the signed-in user."""

    @extend_schema(
        request=None,
        responses={200: BeliefReply(many=True), 404: NO_SUCH, 409: NO_GROUND, 503: FAILED},
    )
    def post(self, request: Request, agent_id: str) -> Response:
        if agent_id not in agents:
            return _no_such(agent_id)
        agent, user, now = agents.get(agent_id), person(request), timezone.now()
        tally = infer([user.pk], now=now, only={agent_id}, again=True)
        if tally.failed:
            return problem(503, f"{agent.id} could not look back just now. Try again in a minute.")
        if tally.silent:
            return problem(409, _wants(agent, user.pk, now))
        wake_soon(refresh_user, user.pk, seconds=SETTLE_SECONDS)
        beliefs = Belief.objects.filter(user=user, agent=agent_id).order_by("key")
        return Response(BeliefReply(beliefs, many=True).data)


def _no_such(agent_id: str) -> Response:
    return problem(
        404, f"There is no agent {agent_id[:40]!r} here. GET /api/agents/registry lists them."
    )


def _wants(agent: Agent, user_id: int, now: datetime) -> str:
    """What a user would have to give before this agent speaks."""
    manifest, grounds = agent.manifest, grounds_of([user_id], now=now)[user_id]
    if missing := sorted(set(manifest.consents) - grounds.consents):
        return f"{agent.id} needs your consent to {' and '.join(missing)}."
    if manifest.needs and not grounds.connected.intersection(manifest.needs):
        return f"{agent.id} needs one of these connected: {', '.join(manifest.needs)}."
    return f"What {agent.id} would speak of was read too long ago."
