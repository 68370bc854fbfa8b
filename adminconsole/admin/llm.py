"""The calls of language models: who for, what it cost, what came of it. What was said is not shown."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from adminconsole.admin.base import Long
from adminconsole.admin.show import NONE, link, numeric, status, when
from agents.models import LlmCall


@admin.register(LlmCall)
class LlmCallAdmin(Long):
    list_display = (
        "alias", "model", "user_", "outcome_", "tokens", "cost_", "took", "version", "called",
    )  # fmt: skip
    fields = readonly_fields = (
        "alias", "model", "where", "user_", "outcome_", "note", "tokens_in", "tokens_out", "cost_",
        "took", "version", "called", "kept",
    )  # fmt: skip
    list_filter = ("outcome", "alias", "remote", "model")
    search_fields = ("user__email",)
    search_help_text = "Part of an e-mail address"
    ordering = ("-pk",)
    outcome_ = status("outcome", "outcome")
    cost_ = numeric("cost", "dollars", 5)
    took = numeric("latency_ms", "took (ms)", 0)
    called = when("at", "called")
    kept = when("text_until", "what was said is kept until")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("user").defer("text")

    @display(description="user", ordering="user__email")
    def user_(self, call: LlmCall) -> str:
        return link("accounts_user", call.user_id, call.user) if call.user_id else NONE

    @display(description="tokens")
    def tokens(self, call: LlmCall) -> str:
        return f"{call.tokens_in} + {call.tokens_out}"

    @display(description="prompt", ordering="prompt_version")
    def version(self, call: LlmCall) -> str:
        return call.prompt_version[:12]

    @display(description="where")
    def where(self, call: LlmCall) -> str:
        return "in the cloud" if call.remote else "on a machine of ours"
