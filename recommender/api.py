"""The recommender over HTTP: ask for the tip, answer it."""

import uuid
from typing import Any

import numpy as np
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.signed_in import person
from oo.lib.problem import problem
from recommender.asked import asked
from recommender.react import Answer, NoSuchTip, react
from recommender.tips import Silence, Tip
from recommender.undo import TooLate, undo
from recommender.why import why_this

LONGEST_DWELL_MS = 7 * 24 * 3600 * 1000


class WayReply(serializers.Serializer[Any]):
    reaction = serializers.ChoiceField(choices=["done", "snooze", "dismiss"])
    label = serializers.CharField(help_text="What its button says.")  # type: ignore[assignment]  # DRF's own


class TipReply(serializers.Serializer[Tip]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["task", "advice", "insight", "reminder"])
    text = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    can_wait = serializers.BooleanField(
        help_text="Whether `not_today` moves its task to tomorrow in its own list."
    )
    can_complete = serializers.BooleanField(
        help_text="Whether `complete` says that the task it reminds of is done."
    )
    answers = WayReply(many=True, help_text="How its kind is answered, the good answer first.")


class SilenceReply(serializers.Serializer[Silence]):
    id = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class RecommendReply(serializers.Serializer[Any]):
    tip = TipReply(allow_null=True)
    silence = SilenceReply(
        allow_null=True,
        help_text="There are tips, and oO chose to give none just now. Answer it with `show` to be "
        "shown one anyway.",
    )
    state = serializers.ChoiceField(
        choices=["tip", "connect", "reading", "reconnect", "quiet"],
        help_text="Why there is no tip: nothing connected, still reading, only you can reconnect, "
        "or nothing worth your attention, also because these are your quiet hours.",
    )


class RecommendView(APIView):
    """The one tip for now. Asking again gives the same one until it is answered, old or untrue."""

    @extend_schema(request=None, responses=RecommendReply)
    def post(self, request: Request) -> Response:
        rng = np.random.default_rng()
        seen, stands = asked(person(request), now=timezone.now(), rng=rng)
        reply = {"tip": seen.tip, "silence": seen.silence, "state": stands.state}
        return Response(RecommendReply(reply).data)


class FeedbackRequest(serializers.Serializer[Any]):
    tip = serializers.UUIDField()
    reaction = serializers.ChoiceField(
        choices=["done", "complete", "snooze", "not_today", "dismiss", "show"],
        help_text="`show` answers silence, the others a tip. `done` is the good answer to any kind, "
        "and completes a task only where the tip is one; `complete` completes the task of a reminder. "
        "`not_today` is a snooze that also moves a task to tomorrow in its own list, where `can_wait` "
        "says so.",
    )
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
        except ValueError:
            return problem(400, "That is no answer to this one.")
        return Response(FeedbackReply(answer).data)


class UndoReply(serializers.Serializer[Any]):
    says = serializers.CharField(help_text="A sentence for the user.")


class UndoView(APIView):
    """Takes back an answer given a few minutes ago, as if it had never been."""

    @extend_schema(
        request=None,
        responses={
            200: UndoReply,
            404: OpenApiResponse(description="No such answer of yours."),
            409: OpenApiResponse(description="It is too late."),
        },
    )
    def delete(self, request: Request, decision_id: uuid.UUID) -> Response:
        try:
            says = undo(decision_id, user_id=person(request).pk, now=timezone.now())
        except NoSuchTip:
            return problem(404, "There is no such answer, or it is not yours.")
        except TooLate:
            return problem(409, "It is too late to take that back.")
        return Response(UndoReply({"says": says}).data)


class WhyReply(serializers.Serializer[Any]):
    explained = serializers.BooleanField(
        help_text="False when what made the decision is gone, which `text` then says."
    )
    text = serializers.CharField(help_text="Plain sentences, with another tip's words where named.")


class WhyView(APIView):
    """Why this, now: what spoke for a tip or for silence, and what it would have been instead."""

    @extend_schema(
        responses={200: WhyReply, 404: OpenApiResponse(description="No such tip of yours.")}
    )
    def get(self, request: Request, decision_id: uuid.UUID) -> Response:
        try:
            told = why_this(person(request), decision_id, now=timezone.now())
        except NoSuchTip:
            return problem(404, "There is no such tip, or it is not yours.")
        return Response(WhyReply({"explained": told.why is not None, "text": told.text}).data)
