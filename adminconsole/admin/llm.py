"""The calls of language models, and what came of having one write: who for, what it cost. What was
said is not shown; what was written is among the candidates.
"""

from collections import Counter
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from adminconsole.admin.base import Long, OfUser
from adminconsole.admin.show import NONE, link, numeric, status, when
from agents.models import LlmCall, Writing

# Named as in the menu.
for _model, _one, _many in (
    (LlmCall, "model call", "model calls"),
    (Writing, "writing", "writings"),
):
    _model._meta.verbose_name, _model._meta.verbose_name_plural = _one, _many


class OfModel(OfUser, Long):
    """What was asked of a model: what came of it, what it cost, and where the model runs."""

    ordering = ("-pk",)
    outcome_ = status("outcome", "outcome")
    cost_ = numeric("cost", "dollars", 5)

    @display(description="tokens")
    def tokens(self, row: LlmCall | Writing) -> str:
        return f"{row.tokens_in} + {row.tokens_out}"

    @display(description="where")
    def where(self, row: LlmCall | Writing) -> str:
        return "in the cloud" if row.remote else "on a machine of ours"


@admin.register(LlmCall)
class LlmCallAdmin(OfModel):
    list_display = (
        "alias", "model", "user_", "outcome_", "tokens", "cost_", "took", "version", "called",
    )  # fmt: skip
    fields = readonly_fields = (
        "alias", "model", "where", "user_", "outcome_", "note", "tokens_in", "tokens_out", "cost_",
        "took", "version", "called", "kept",
    )  # fmt: skip
    list_filter = ("outcome", "alias", "remote", "model")
    took = numeric("latency_ms", "took (ms)", 0)
    called = when("at", "called")
    kept = when("text_until", "what was said is kept until")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).defer("text")

    @display(description="user", ordering="user__email")
    def user_(self, call: LlmCall) -> str:
        return link("accounts_user", call.user_id, call.user) if call.user_id else NONE

    @display(description="prompt", ordering="prompt_version")
    def version(self, call: LlmCall) -> str:
        return call.prompt_version[:12]


@admin.register(Writing)
class WritingAdmin(OfModel):
    """Never what was written: that is about people's own things, and some of it about their health."""

    list_display = ("user_", "outcome_", "tries_", "faults_", "tokens", "cost_", "model", "written")
    fields = readonly_fields = (
        "user_", "outcome_", "kept", "tries_", "faults_", "left_out_", "model", "where",
        "prompt_version", "tokens_in", "tokens_out", "cost_", "took", "written", "again",
    )  # fmt: skip
    list_filter = ("outcome", "remote", "model")
    took = numeric("took_ms", "took (ms)", 0)
    written = when("at", "written")
    again = when("again_at", "not again before")

    @display(description="let in, by try")
    def tries_(self, writing: Writing) -> str:
        return " + ".join(str(count) for count in writing.tries) or NONE

    @display(description="refused, by fault")
    def faults_(self, writing: Writing) -> str:
        return ", ".join(f"{kind} {count}" for kind, count in writing.faults.items()) or NONE

    @display(description="left out of the brief")
    def left_out_(self, writing: Writing) -> str:
        why = Counter(str(part["why"]) for part in writing.left_out)
        return ", ".join(f"{reason} {count}" for reason, count in why.items()) or NONE

    @display(description="sentences kept")
    def kept(self, writing: Writing) -> str:
        return str(len(writing.tips))
