"""Changing policies safely: what is live, what decides in the shadow, what was found out, and priors."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Avg, Count, OuterRef, Subquery
from django.db.models.functions import Length
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from adminconsole import policy_operations  # noqa: F401  (offered before the pages ask for them)
from adminconsole.admin.base import Console, Long
from adminconsole.admin.recommender import PolicyFilter
from adminconsole.admin.show import NONE, link, moment, number, when
from adminconsole.figures import figures, intervals
from recommender import shadow
from recommender.models import (
    PolicyDeployment,
    PolicyPrior,
    PolicyRun,
    PolicyShadow,
    ShadowScore,
)
from recommender.registry import policies

VERDICTS = {
    "better": "success", "passed": "success", "worse": "danger", "failed": "danger",
    "alarm": "danger", "refused": "warning", "undecided": "info", "too little": "",
}  # fmt: skip
HOWS = {
    "setting": "", "promoted": "success", "forced": "warning", "rolled back": "warning",
    "guard": "danger",
}  # fmt: skip


def card_of(policy_id: str, text: str = "") -> str:
    address = reverse("console_policy", args=[policy_id])
    return format_html('<a class="oo-link" href="{}">{}</a>', address, text or policy_id)


@display(description="policy", ordering="policy")
def policy_(self: Any, row: Any) -> str:
    return card_of(row.policy) if row.policy in policies else row.policy


@admin.register(PolicyDeployment)
class DeploymentAdmin(Console):
    list_display = ("began", "policy_", "policy_version", "how_", "ended", "reason")
    fields = readonly_fields = (
        "policy_", "policy_version", "how_", "reason", "gate_", "before_", "began", "ended",
    )  # fmt: skip
    list_filter = ("how", PolicyFilter)
    ordering = ("-began_at", "-pk")
    list_select_related = ("gate", "before")
    policy_ = policy_
    began = when("began_at", "from")

    @display(description="to", ordering="ended_at")
    def ended(self, row: PolicyDeployment) -> str:
        return moment(row.ended_at) if row.ended_at else "live now"

    @display(description="how", ordering="how", label=HOWS)
    def how_(self, row: PolicyDeployment) -> str:
        return row.how

    @display(description="what the gate said")
    def gate_(self, row: PolicyDeployment) -> str:
        return link("recommender_policyrun", row.gate_id, row.gate) if row.gate_id else NONE

    @display(description="a roll-back returns to")
    def before_(self, row: PolicyDeployment) -> str:
        return row.before.policy if row.before else NONE


class ShadowForm(forms.ModelForm):
    policy = forms.ChoiceField(widget=UnfoldAdminSelectWidget)

    class Meta:
        model = PolicyShadow
        fields = ("policy",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "policy" not in self.fields:
            return
        there = set(PolicyShadow.objects.values_list("policy", flat=True))
        self.fields["policy"].choices = [  # type: ignore[attr-defined]
            (id_, id_) for id_ in policies.ids() if id_ not in there
        ]
        self.fields[
            "policy"
        ].help_text = "It decides, unseen, what the live policy decides from now on."


@admin.register(PolicyShadow)
class ShadowAdmin(Console):
    form = ShadowForm
    list_display = ("policy", "state", "seen", "agrees", "found", "swept", "error", "card")
    readonly_fields = (
        "policy_", "state", "source", "seen", "agrees", "begun", "swept", "found", "error",
    )  # fmt: skip
    ordering = ("policy",)
    policy_ = policy_
    begun = when("begins", "since")
    swept = when("swept_to", "has seen all until")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ("policy",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        shadow.start(obj.policy, now=timezone.now())
        obj.pk = PolicyShadow.objects.get(policy=obj.policy).pk

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        mine = ShadowScore.objects.filter(policy=OuterRef("policy")).order_by().values("policy")
        runs = PolicyRun.objects.filter(kind="evaluate", policy=OuterRef("policy"))
        newest = runs.order_by("-created_at")
        return super().get_queryset(request).annotate(
            count=Subquery(mine.annotate(n=Count("pk")).values("n")),
            agreement=Subquery(mine.annotate(a=Avg("agreement")).values("a")),
            verdict=Subquery(newest.values("verdict")[:1]),
        )  # fmt: skip

    @display(description="card")
    def card(self, row: PolicyShadow) -> str:
        return card_of(row.policy, "card") if row.policy in policies else NONE

    @display(description="state", label={"running": "success", "stopped": ""})
    def state(self, row: PolicyShadow) -> str:
        return "running" if row.running else "stopped"

    @display(description="decisions", ordering="count")
    def seen(self, row: Any) -> str:
        return str(row.count or 0)

    @display(description="agrees", ordering="agreement")
    def agrees(self, row: Any) -> str:
        return NONE if row.agreement is None else f"{row.agreement:.0%}"

    @display(description="against the live one", ordering="verdict", label=VERDICTS)
    def found(self, row: Any) -> str:
        return row.verdict or "not evaluated"


@admin.register(PolicyRun)
class RunAdmin(Long):
    list_display = ("made", "kind", "policy_", "against", "verdict_", "says_", "took")
    readonly_fields = (
        "kind", "policy_", "against", "verdict_", "says", "begins_", "ends_", "made", "took",
        "mlflow",
    )  # fmt: skip
    fields = (
        ("kind", "policy_"), ("against", "verdict_"), "says", ("begins_", "ends_"),
        ("made", "took"), "mlflow",
    )  # fmt: skip
    list_filter = ("kind", "verdict", PolicyFilter)
    ordering = ("-created_at", "-pk")
    change_form_outer_after_template = "adminconsole/run.html"
    policy_ = policy_
    made = when("created_at", "made")
    begins_ = when("begins", "looked at from")
    ends_ = when("ends", "to")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        run = self.get_object(request, object_id)
        if run is not None:
            context |= {"intervals": intervals(run.numbers), "figures": figures(run.numbers)}
        return super().change_view(request, object_id, form_url, context)

    @display(description="verdict", ordering="verdict", label=VERDICTS)
    def verdict_(self, run: PolicyRun) -> str:
        return run.verdict

    @display(description="what was found")
    def says_(self, run: PolicyRun) -> str:
        return Truncator(run.says).chars(120)

    @display(description="took", ordering="took_ms")
    def took(self, run: PolicyRun) -> str:
        # A space that does not break: the column is narrow.
        return (
            f"{run.took_ms}\u00a0ms" if run.took_ms < 2_000 else f"{run.took_ms / 1000:.1f}\u00a0s"
        )

    @display(description="in MLflow")
    def mlflow(self, run: PolicyRun) -> str:
        return run.mlflow_id or "not sent"


@admin.register(PolicyPrior)
class PriorAdmin(Console):
    list_display = (
        "made", "policy_", "version", "source", "people", "epsilon_", "in_use", "size",
    )  # fmt: skip
    fields = readonly_fields = (
        "policy_", "version", "policy_version", "source", "people", "epsilon_", "spent_", "in_use",
        "size", "made", "run_",
    )  # fmt: skip
    list_filter = ("source", PolicyFilter, "current")
    ordering = ("-created_at", "-pk")
    policy_ = policy_
    made = when("created_at", "made")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows = super().get_queryset(request).select_related("made_by")
        return rows.defer("payload").annotate(bytes=Length("payload"))

    @display(description="privacy (ε)", ordering="epsilon")
    def epsilon_(self, prior: PolicyPrior) -> str:
        return number(prior.epsilon, 2)

    @display(description="privacy spent with it (ε), by someone who took part in all")
    def spent_(self, prior: PolicyPrior) -> str:
        if prior.made_by is None:
            return NONE
        return number(prior.made_by.numbers.get("epsilon_spent"), 2)

    @display(description="in use", label={"in use": "success", "held": "warning"})
    def in_use(self, prior: PolicyPrior) -> str:
        if not prior.current:
            return ""
        return "held" if prior.pinned else "in use"

    @display(description="size", ordering="bytes")
    def size(self, prior: Any) -> str:
        return filesizeformat(prior.bytes)

    @display(description="made by")
    def run_(self, prior: PolicyPrior) -> str:
        return (
            link("recommender_policyrun", prior.made_by_id, prior.made_by)
            if prior.made_by
            else NONE
        )
