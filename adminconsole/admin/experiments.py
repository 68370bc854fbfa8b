"""Online experiments: planned, started, looked at, stopped."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from adminconsole import policy_operations  # noqa: F401  (offered before the pages ask for them)
from adminconsole.admin.base import Console
from adminconsole.admin.show import when
from adminconsole.figures import intervals
from recommender import experiments
from recommender.experiments import BadExperiment
from recommender.models import PolicyExperiment, PolicyRun


class ExperimentForm(forms.ModelForm):
    arms_ = forms.CharField(
        label="Arms",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        initial="control  egreedy-v1  0.5\ntreatment  linucb  0.5",
        help_text="A line each: name, policy, share of the people. The first is what the others are "
        "compared with; the shares sum to 1.",
    )

    class Meta:
        model = PolicyExperiment
        fields = ("name", "mode")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        self.arms: list[tuple[str, str, float]] = []
        for line in str(told.get("arms_", "")).splitlines():
            if not line.strip():
                continue
            try:
                name, policy, share = line.split()
                self.arms.append((name, policy, float(share)))
            except ValueError as error:
                raise ValidationError(
                    {"arms_": f"“{line}” is not a name, a policy and a share."}
                ) from error
        if not self.errors:
            try:
                experiments.check(told["name"], self.arms, mode=told["mode"])
            except BadExperiment as error:
                raise ValidationError({"arms_": str(error)}) from error
        return told


@admin.register(PolicyExperiment)
class ExperimentAdmin(Console):
    form = ExperimentForm
    list_display = ("name", "state", "mode", "shared_out", "started", "stopped")
    readonly_fields = ("name", "mode", "state", "shared_out", "made", "started", "stopped")
    ordering = ("-created_at", "-pk")
    change_form_outer_after_template = "adminconsole/run.html"
    made = when("created_at", "planned")
    started = when("started_at", "started")
    stopped = when("stopped_at", "stopped")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ("name", "mode", "arms_")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        told = form.cleaned_data
        made = experiments.plan(told["name"], form.arms, mode=told["mode"], now=timezone.now())
        obj.pk = made.pk

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except BadExperiment as why:  # somebody else took the name since the form was looked at
            self.message_user(request, f"Not planned: {why}", messages.ERROR)
            return HttpResponseRedirect(request.path)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        row = self.get_object(request, object_id)
        looks = PolicyRun.objects.filter(kind="experiment").order_by("-created_at")
        look = row and looks.filter(numbers__experiment=row.name).first()
        if look:
            context |= {"run": look, "intervals": intervals(look.numbers)}
        return super().change_view(request, object_id, form_url, context)

    @display(description="state", label={"running": "success", "planned": "info", "ended": ""})
    def state(self, row: PolicyExperiment) -> str:
        if row.started_at is None:
            return "planned"
        return "ended" if row.stopped_at else "running"

    @display(description="arms")
    def shared_out(self, row: PolicyExperiment) -> str:
        return ", ".join(f"{arm['name']}: {arm['policy']} {arm['share']:.0%}" for arm in row.arms)
