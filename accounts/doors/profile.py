"""The profile over HTTP: what someone wants and allows, read whole and changed part by part."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import consents, contexts, preferences
from accounts.faults import Faults
from accounts.models import Consent, User
from accounts.preference_types import TYPES
from accounts.signed_in import person
from oo.lib.problem import problem

TIME = "%H:%M"
REFUSED = "Nothing was changed."


class PreferenceReply(serializers.Serializer[dict[str, Any]]):
    key = serializers.CharField()
    scope = serializers.CharField(help_text="Who uses it; where to PATCH it.")
    type = serializers.ChoiceField(choices=TYPES)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True, help_text="Of `names`: how many at most.")
    choices = serializers.ListField(child=serializers.CharField())
    hint = serializers.CharField(help_text="What it should be, in words.")
    meaning = serializers.CharField()
    default = serializers.JSONField()
    value = serializers.JSONField(help_text="What holds now.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF's own is of fields
        choices=["user", "inferred", "default"], help_text="Whose word it is."
    )
    confidence = serializers.FloatField(allow_null=True, help_text="0 to 1.")
    inferred = serializers.JSONField(
        help_text="What oO believes, also where your own word holds; null where it believes nothing."
    )
    forgotten_at = serializers.DateTimeField(
        allow_null=True, help_text="Nothing from before then is inferred from."
    )


class ConsentReply(serializers.Serializer[dict[str, Any]]):
    document = serializers.ChoiceField(choices=Consent.Document.choices)
    says = serializers.CharField()
    stands = serializers.BooleanField()
    given_at = serializers.DateTimeField(allow_null=True)
    changes = serializers.ChoiceField(
        choices=["give and take back", "take back", "no"], help_text="What can be changed here."
    )


class ContextReply(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField()
    weekdays = serializers.ListField(child=serializers.ChoiceField(choices=contexts.DAYS))
    begins = serializers.TimeField(format=TIME, help_text="By the clock on your wall.")
    ends = serializers.TimeField(format=TIME, help_text="Before it begins: on the next day.")
    holds = serializers.BooleanField(help_text="Whether it holds now.")


class ProfileReply(serializers.Serializer[dict[str, Any]]):
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=User.Role.choices)
    time_zone = serializers.CharField()
    joined_at = serializers.DateTimeField()
    preferences = PreferenceReply(many=True)
    consents = ConsentReply(many=True)
    contexts = ContextReply(many=True)


def profile_of(user: User) -> dict[str, Any]:
    """The reply about a user, as of now."""
    now = timezone.now()
    given = {
        row.document: row.given_at
        for row in Consent.objects.filter(user=user, withdrawn_at=None).order_by("given_at")
    }
    holding = contexts.holding([user.pk], now)[user.pk]
    profile = {
        "email": user.email,
        "role": user.role,
        "time_zone": user.time_zone,
        "joined_at": user.joined_at,
        "preferences": [_preference(one) for one in preferences.held(user)],
        "consents": [
            {
                "document": str(document),
                "says": offer.says,
                "stands": document in given,
                "given_at": given.get(document),
                "changes": offer.changes,
            }
            for document, offer in consents.OFFERS.items()
        ],
        "contexts": [
            {
                "name": row.name,
                "weekdays": row.weekdays,
                "begins": row.begins,
                "ends": row.ends,
                "holds": row.name in holding,
            }
            for row in contexts.of(user)
        ],
    }
    return dict(ProfileReply(profile).data)


def _preference(one: preferences.Held) -> dict[str, Any]:
    key = one.key
    return {
        "key": key.name,
        "scope": key.scope,
        "type": key.type,
        "low": key.low,
        "high": key.high,
        "choices": key.choices,
        "hint": key.wants,
        "meaning": key.meaning,
        "default": key.default,
        "value": one.value,
        "source": one.source,
        "confidence": one.confidence,
        "inferred": one.inferred,
        "forgotten_at": one.forgotten_at,
    }


def _sent(request: Request) -> dict[str, Any]:
    """What was sent, by name. Raises Faults."""
    if not isinstance(request.data, dict):
        raise Faults({"body": "Send a JSON object with a value for each name."})
    return request.data


def _refused(error: Faults) -> Response:
    """400, with a sentence for each name that was sent wrong."""
    return problem(400, f"{REFUSED} {error}", errors={k: [v] for k, v in error.errors.items()})


def _by_name(says: str, value: dict[str, Any]) -> dict[str, Any]:
    """A body that has a value for each name, for the OpenAPI document."""
    schema = {"type": "object", "description": says, "additionalProperties": value}
    return {"application/json": schema}


class ProfileView(APIView):
    """Who oO thinks you are: what you want, what you allow, and what is inferred."""

    @extend_schema(responses=ProfileReply)
    def get(self, request: Request) -> Response:
        return Response(profile_of(person(request)))


class PreferencesView(APIView):
    """Your own word on preferences of one scope: all of them or none. null takes one back."""

    @extend_schema(
        request=_by_name("Preferences of this scope by key; null takes your own word back.", {}),
        examples=[
            OpenApiExample("Quiet hours", {"quiet_start": 21, "quiet_end": None}, request_only=True)
        ],
        responses={200: ProfileReply, 404: OpenApiResponse(description="There is no such scope.")},
    )
    def patch(self, request: Request, scope: str) -> Response:
        user = person(request)
        try:
            preferences.say_all(user, scope, _sent(request), now=timezone.now())
        except preferences.NoScope:
            there = ", ".join(preferences.scopes())
            return problem(404, f"There is no such scope of preferences. There are: {there}.")
        except Faults as error:
            return _refused(error)
        preferences.changed(user.pk, now=timezone.now())
        return Response(profile_of(user))


class ConsentsView(APIView):
    """Your yes or no to what oO may do beyond its terms: all of them or none."""

    @extend_schema(
        request=_by_name(
            "Documents by name: true agrees, false takes it back.", {"type": "boolean"}
        ),
        examples=[
            OpenApiExample("A model in the cloud", {"remote_model": True}, request_only=True)
        ],
        responses=ProfileReply,
    )
    def patch(self, request: Request) -> Response:
        user = person(request)
        try:
            consents.change(user, _sent(request), now=timezone.now())
        except Faults as error:
            return _refused(error)
        return Response(profile_of(user))


class ContextsView(APIView):
    """Your named situations and when they hold: all of them or none. null takes one away."""

    @extend_schema(
        request=_by_name(
            "Contexts by name. Of one that is there, what is not sent stays; null takes it away.",
            {
                "type": ["object", "null"],
                "properties": {
                    "weekdays": {
                        "type": "array",
                        "items": {"type": "string", "enum": list(contexts.DAYS)},
                    },
                    "begins": {"type": "string", "examples": ["09:00"]},
                    "ends": {"type": "string", "examples": ["17:30"]},
                },
                "additionalProperties": False,
            },
        ),
        examples=[
            OpenApiExample(
                "Working hours",
                {
                    "work": {
                        "weekdays": ["mon", "tue", "wed", "thu", "fri"],
                        "begins": "09:00",
                        "ends": "17:30",
                    }
                },
                request_only=True,
            )
        ],
        responses=ProfileReply,
    )
    def patch(self, request: Request) -> Response:
        user = person(request)
        try:
            contexts.change(user, _sent(request), now=timezone.now())
        except Faults as error:
            return _refused(error)
        preferences.changed(user.pk, now=timezone.now())
        return Response(profile_of(user))
