"""What agents said and what was written of it: without the user's own words."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from adminconsole.admin.base import Long
from adminconsole.admin.show import numeric, owner, when
from adminconsole.templatetags.console import content
from agents.models import AgentOutput, Candidate


@admin.register(AgentOutput)
class AgentOutputAdmin(Long):
    list_display = ("agent", "user_", "text", "confidence_", "computed", "expires", "took", "error")
    fields = readonly_fields = (
        "agent", "version", "user_", "text", "facts", "confidence_", "computed", "expires", "took",
        "error",
    )  # fmt: skip
    list_filter = ("agent",)
    search_fields = ("user__email",)
    search_help_text = "Part of an e-mail address"
    ordering = ("-pk",)
    user_ = owner
    confidence_ = numeric("confidence", "confidence", 2)
    took = numeric("took_ms", "took (ms)", 1)
    computed = when("computed_at", "computed")
    expires = when("expires_at", "holds until")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("user")


@admin.register(Candidate)
class CandidateAdmin(Long):
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
                "not in the database, and operators do not read them.",
            },
        ),
    )
    list_filter = ("kind", "source", "model")
    search_fields = ("user__email",)
    search_help_text = "Part of an e-mail address"
    ordering = ("-expires_at",)
    user_ = owner
    confidence_ = numeric("confidence", "confidence", 2)
    created = when("created_at", "made")
    expires = when("expires_at", "holds until")
    resting = when("resting_until", "rests until")
    retired = when("retired_at", "retired")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("user")

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
        return content(candidate.content)

    @display(description="kind", ordering="kind")
    def kind_(self, candidate: Candidate) -> str:
        return candidate.kind
