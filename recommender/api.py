"""The recommender over HTTP: ask for the tip, answer it."""

from typing import Any

import numpy as np
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.signed_in import person
from agents.jobs import refresh_user
from integrations.freshness import freshen
from oo.lib.jobs import wake_soon
from oo.lib.problem import problem
from recommender.moment import standing
from recommender.react import Answer, NoSuchTip, react
from recommender.serving import Tip, serve_tip

LONGEST_DWELL_MS = 7 * 24 * 3600 * 1000


class TipReply(serializers.Serializer[Tip]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["task", "advice", "insight", "reminder"])
    text = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class RecommendReply(serializers.Serializer[Any]):
    tip = TipReply(allow_null=True)
    state = serializers.ChoiceField(
        choices=["tip", "connect", "reading", "reconnect", "quiet"],
        help_text="Why there is no tip: nothing connected, still reading, only you can reconnect, "
        "or nothing worth your attention.",
    )


class RecommendView(APIView):
    """The one tip for now. Asking again gives the same one until it is answered, old or untrue."""

    @extend_schema(request=None, responses=RecommendReply)
    def post(self, request: Request) -> Response:
        user = person(request)
        freshen(user.pk)
        now = timezone.now()
        tip = serve_tip(user, now=now, rng=np.random.default_rng())
        state = "tip" if tip else standing(user, has_tip=False, now=now).state
        if tip is None:
            wake_soon(refresh_user, user.pk, seconds=0)
        return Response(RecommendReply({"tip": tip, "state": state}).data)


class FeedbackRequest(serializers.Serializer[Any]):
    tip = serializers.UUIDField()
    reaction = serializers.ChoiceField(choices=["done", "snooze", "dismiss"])
    dwell_ms = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_DWELL_MS,
        required=False,
        allow_null=True,
        default=None,
        help_text="How long the tip was visible, in milliseconds.",
    )


class FeedbackReply(serializers.Serializer[Answer]):
    counted = serializers.BooleanField(help_text="False when the tip was answered before.")
    first = serializers.CharField(help_text="The reaction that counts, empty if there is none.")
    says = serializers.CharField(help_text="A sentence for the user.")


class FeedbackView(APIView):
    """An answer to a tip. The first one counts; saying it again changes nothing."""

    @extend_schema(
        request=FeedbackRequest,
        responses={200: FeedbackReply, 404: OpenApiResponse(description="No such tip of yours.")},
    )
    def post(self, request: Request) -> Response:
        sent = FeedbackRequest(data=request.data)
        sent.is_valid(raise_exception=True)
        said = sent.validated_data
        try:
            answer = react(
                person(request),
                said["tip"],
                said["reaction"],
                dwell_ms=said["dwell_ms"],
                now=timezone.now(),
            )
        except NoSuchTip:
            return problem(404, "There is no such tip, or it is not yours.")
        return Response(FeedbackReply(answer).data)
