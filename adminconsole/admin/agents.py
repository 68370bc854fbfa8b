"""What agents said and what was written of it: without the user's own words."""

import json
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator
from unfold.decorators import display

from adminconsole.admin.base import Long, OfUser
from adminconsole.admin.show import numeric, when
from adminconsole.private import PRIVATE, is_private, tells_private, with_ground
from adminconsole.templatetags.console import content
from agents.models import AgentOutput, Belief, Candidate

SHORT = 40  # what a list has room for; the whole is on the row's own page
COMPUTED = {
    "new": "it had not spoken yet",
    "changed": "something changed",
    "expired": "its time was up",
    "asked": "it was asked to",
}


@admin.register(AgentOutput)
class AgentOutputAdmin(OfUser, Long):
    list_display = (
        "agent", "user_", "short", "confidence_", "why_", "computed", "expires", "failed",
    )  # fmt: skip
    fields = readonly_fields = (
        "agent", "version", "user_", "text_", "facts_", "confidence_", "why_", "computed", "expires",
        "took", "error",
    )  # fmt: skip
    list_filter = ("agent", "why")
    ordering = ("-pk",)
    confidence_ = numeric("confidence", "confidence", 2)
    took = numeric("took_ms", "took (ms)", 1)
    computed = when("computed_at", "computed")
    expires = when("expires_at", "holds until")

    @display(description="text")
    def text_(self, output: AgentOutput) -> str:
        return PRIVATE if is_private(output.agent) else output.text

    @display(description="text")
    def short(self, output: AgentOutput) -> str:
        return Truncator(self.text_(output)).chars(SHORT)

    @display(description="error", label={"failed": "danger"})
    def failed(self, output: AgentOutput) -> str:
        return "failed" if output.error else ""

    @display(description="facts")
    def facts_(self, output: AgentOutput) -> str:
        return PRIVATE if is_private(output.agent) else json.dumps(output.facts)

    @display(description="computed because", ordering="why")
    def why_(self, output: AgentOutput) -> str:
        return COMPUTED.get(output.why, output.why)


@admin.register(Belief)
class BeliefAdmin(OfUser, Long):
    list_display = (
        "key", "agent", "user_", "short", "confidence_", "history", "outcome", "inferred",
    )  # fmt: skip
    fields = readonly_fields = (
        "key", "agent", "version", "user_", "value_", "confidence_", "history", "evidence_", "outcome",
        "inferred", "took",
    )  # fmt: skip
    list_filter = ("agent", "why")
    ordering = ("-pk",)
    confidence_ = numeric("confidence", "confidence", 2)
    took = numeric("took_ms", "took, with its agent's others (ms)", 1)
    inferred = when("inferred_at", "inferred")

    @display(description="value")
    def value_(self, belief: Belief) -> str:
        return PRIVATE if is_private(belief.agent) else json.dumps(belief.value)

    @display(description="value")
    def short(self, belief: Belief) -> str:
        return Truncator(self.value_(belief)).chars(SHORT)

    @display(description="evidence")
    def evidence_(self, belief: Belief) -> str:
        return PRIVATE if is_private(belief.agent) else json.dumps(belief.evidence)

    @display(
        description="outcome",
        ordering="why",
        label={"inferred": "success", "failed": "danger", "too little": "info", "unsure": "info"},
    )
    def outcome(self, belief: Belief) -> str:
        return belief.why.replace("_", " ") or "inferred"


@admin.register(Candidate)
class CandidateAdmin(OfUser, Long):
    list_display = (
        "content_", "kind_", "user_", "state", "source", "confidence_", "model", "expires",
    )  # fmt: skip
    readonly_fields = (
        "content_", "kind_", "user_", "state", "key", "source", "model", "prompt_version",
        "confidence_", "created", "expires", "resting", "retired",
    )  # fmt: skip
    fieldsets = (
        (
            None,
            {
                "fields": readonly_fields,
                "description": "“their words” stands where the page puts the user's own. Those are "
                "not in the database, and operators do not read them. “theirs alone” stands for what "
                "tells of their health.",
            },
        ),
    )
    list_filter = ("kind", "source", "model")
    ordering = ("-expires_at",)
    confidence_ = numeric("confidence", "confidence", 2)
    created = when("created_at", "made")
    expires = when("expires_at", "holds until")
    resting = when("resting_until", "rests until")
    retired = when("retired_at", "retired")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return with_ground(super().get_queryset(request))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # The key of an insight tells what it says.
        return not lookup.startswith("key") and super().lookup_allowed(lookup, value, request)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        candidate = super().get_object(request, object_id, from_field)
        if candidate is not None and tells_private(candidate):
            candidate.key = PRIVATE  # which the page is titled by, and which tells enough
        return candidate

    @display(description="state", label={"live": "success", "resting": "info"})
    def state(self, candidate: Candidate) -> str:
        now = timezone.now()
        if candidate.retired_at:
            return "retired"
        if candidate.expires_at <= now:
            return "ran out"
        if candidate.resting_until and candidate.resting_until > now:
            return "resting"
        return "live"

    @display(description="content")
    def content_(self, candidate: Candidate) -> str:
        return PRIVATE if tells_private(candidate) else content(candidate.content)

    @display(description="kind", ordering="kind")
    def kind_(self, candidate: Candidate) -> str:
        return candidate.kind
