"""Decisions with everything they were made from, reactions to them, and what was learned."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Length
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from unfold.decorators import display

from adminconsole.admin.base import Console, Long, OfUser
from adminconsole.admin.show import NONE, link, number, numeric, status, when
from adminconsole.explain import explain
from adminconsole.private import PRIVATE
from recommender import live
from recommender.models import Decision, Feedback, PolicyState, Reward, Score
from recommender.registry import policies
from recommender.why import explained


class Reacted(admin.SimpleListFilter):
    title = "reaction"
    parameter_name = "reaction"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*Feedback.Reaction.choices, ("none", "none")]

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        match self.value():
            case None:
                return rows
            case "none":
                return rows.filter(feedback=None)
            case reaction:
                return rows.filter(feedback__reaction=reaction)


class PolicyFilter(admin.SimpleListFilter):
    """From what is installed: looking for what is in the table would read all of it."""

    title = "policy"
    parameter_name = "policy"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(id_, id_) for id_ in policies.ids()]

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        return rows.filter(policy=self.value()) if self.value() else rows


@admin.register(Decision)
class DecisionAdmin(OfUser, Long):
    list_display = (
        "served", "user_", "kind", "policy", "propensity_", "state", "reaction", "reward",
    )  # fmt: skip
    readonly_fields = (
        "served", "user_", "kind", "state", "holds", "closed", "reaction", "reward",
    )  # fmt: skip
    fields = (
        ("user_", "kind"), ("served", "state"), ("holds", "closed"), ("reaction", "reward"),
    )  # fmt: skip
    list_filter = ("status", Reacted, PolicyFilter, "kind")
    ordering = ("-created_at",)
    change_form_outer_after_template = "adminconsole/decision.html"
    served = when("created_at", "served")
    holds = when("expires_at", "holds until")
    closed = when("closed_at", "closed")
    state = status()
    propensity_ = numeric("propensity", "propensity")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("user", "feedback")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        decision = self.get_object(request, object_id)
        score = decision and Score.objects.filter(pk=decision.pk).first()
        if score:
            told = explained(decision, now=timezone.now())
            context |= {"score": score, "explained": explain(score), "why": told, "theirs": PRIVATE}
        return super().change_view(request, object_id, form_url, context)

    @display(
        description="reaction",
        label={"done": "success", "snooze": "info", "dismiss": "warning", "show": "warning"},
    )
    def reaction(self, decision: Decision) -> str:
        return decision.feedback.reaction if hasattr(decision, "feedback") else ""

    @display(description="reward", ordering="feedback__reward")
    def reward(self, decision: Decision) -> str:
        if not hasattr(decision, "feedback"):
            return NONE
        return (
            number(decision.feedback.reward, 1) if decision.feedback.settled_at else "not settled"
        )


@admin.register(Feedback)
class FeedbackAdmin(OfUser, Long):
    list_display = ("reacted", "user_", "label", "dwell", "reward_", "learned", "decision_")
    fields = readonly_fields = (
        "decision_", "user_", "label", "dwell", "reacted", "reward_", "settled", "learned",
    )  # fmt: skip
    list_filter = ("reaction", ("settled_at", admin.EmptyFieldListFilter))
    ordering = ("-created_at",)
    label = status("reaction", "reaction")
    reacted = when("created_at", "reacted")
    settled = when("settled_at", "reward settled")
    reward_ = numeric("reward", "reward", 1)

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        own = Reward.objects.filter(decision=OuterRef("pk"), why=Reward.Why.SETTLED)
        resets = Reward.objects.filter(
            user=OuterRef("user"), why=Reward.Why.RESET, position__gt=OuterRef("place")
        )
        rows = super().get_queryset(request)
        return rows.annotate(
            place=Subquery(own.order_by("-position").values("position")[:1]),
            forgotten=Exists(resets),
        )

    @display(description="dwell", ordering="dwell_ms")
    def dwell(self, feedback: Feedback) -> str:
        seconds = feedback.dwell_ms / 1000
        return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

    @display(description="learned")
    def learned(self, feedback: Any) -> str:
        if feedback.place is None:
            return "waits"
        return f"as no. {feedback.place}" + (", forgotten since" if feedback.forgotten else "")

    @display(description="decision")
    def decision_(self, feedback: Feedback) -> str:
        return link("recommender_decision", feedback.decision_id, str(feedback.decision_id)[:8])


@admin.register(Reward)
class RewardAdmin(OfUser, Long):
    """The ledger: what each policy was taught, in order."""

    list_display = ("learned", "user_", "position_", "reward_", "label", "decision_", "folded")
    fields = readonly_fields = list_display
    list_filter = ("why", ("folded_at", admin.EmptyFieldListFilter))
    ordering = ("-pk",)
    learned = when("at", "entered")
    folded = when("folded_at", "folded")
    label = status("why", "why")
    position_ = numeric("position", "no.", 0)
    reward_ = numeric("reward", "reward", 1)

    @display(description="decision")
    def decision_(self, reward: Reward) -> str:
        if reward.decision_id is None:
            return NONE
        return link("recommender_decision", reward.decision_id, str(reward.decision_id)[:8])


@admin.register(PolicyState)
class PolicyStateAdmin(OfUser, Console):
    list_display = ("user_", "policy", "version", "count", "size", "chooses", "updated")
    fields = readonly_fields = (
        "user_", "policy", "version", "count", "through_", "size", "chooses", "updated",
    )  # fmt: skip
    list_filter = (PolicyFilter,)
    ordering = ("-updated_at", "pk")
    updated = when("updated_at", "updated")
    through_ = numeric("through", "holds rewards up to no.", 0)

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows = super().get_queryset(request)
        return rows.defer("state").annotate(bytes=Length("state"))

    @display(description="size", ordering="bytes")
    def size(self, state: Any) -> str:
        return filesizeformat(state.bytes)

    @display(description="chooses", boolean=True)
    def chooses(self, state: PolicyState) -> bool:
        """Whether it is of a policy that chooses for someone, as it is now."""
        return any((state.policy, state.version) == (cls.id, cls.version) for cls in live.serving())
