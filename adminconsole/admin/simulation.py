"""What was tried in the laboratory: runs with their scores, and the decisions that were kept."""

from typing import Any

import numpy as np
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import mark_safe
from unfold.decorators import display

from adminconsole.admin.base import Console, Long
from adminconsole.admin.show import NONE, filtered, link, number, numeric, status, when
from recommender.models import SimEvent, SimRun
from recommender.simulation.catalogue import WORLDS
from recommender.simulation.curves import Curve
from recommender.simulation.figure import HEIGHT, WIDTH, drawing


class WorldFilter(admin.SimpleListFilter):
    title = "world"
    parameter_name = "world"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(WORLDS)]

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        return rows.filter(world=self.value()) if self.value() else rows


@admin.register(SimRun)
class SimRunAdmin(Console):
    list_display = (
        "began", "world", "policies_", "people", "decisions", "seeds_", "best", "state", "took",
    )  # fmt: skip
    readonly_fields = (
        "world", "state", "policies_", "options_", "people", "decisions", "seeds_", "made_", "began",
        "took", "error_", "kept",
    )  # fmt: skip
    fields = (
        ("policies_", "state"), ("world", "options_"), ("people", "decisions"), ("seeds_", "made_"),
        ("began", "took"), ("kept", "error_"),
    )  # fmt: skip
    list_filter = ("status", WorldFilter)
    ordering = ("-started_at",)
    change_form_outer_after_template = "adminconsole/simulation.html"
    began = when("started_at", "began")
    state = status()
    made_ = numeric("made", "decisions made", 0)

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).defer("curves")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        run = self.get_object(request, object_id)
        if run and run.scores:
            context |= {
                "stretches": stretches(run),
                "scored": scored(run),
                "curves": drawn(run),
                "size": (WIDTH, HEIGHT),
            }
        return super().change_view(request, object_id, form_url, context)

    @display(description="policies")
    def policies_(self, run: SimRun) -> str:
        return ", ".join(run.policies)

    @display(description="seeds")
    def seeds_(self, run: SimRun) -> str:
        return f"{len(run.seeds)}: {', '.join(map(str, run.seeds))}" if run.seeds else NONE

    @display(description="options")
    def options_(self, run: SimRun) -> str:
        told = (
            name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value}"
            for name, value in run.options.items()
            if value not in (None, "", False)
        )
        return ", ".join(told) or NONE

    @display(description="best score")
    def best(self, run: SimRun) -> str:
        """The policy that did best over the whole run."""
        whole = f"1-{run.decisions}"
        known = {name: columns[whole] for name, columns in run.scores.items() if whole in columns}
        known = {name: one for name, one in known.items() if one["mean"] is not None}
        if not known:
            return NONE
        name = max(known, key=lambda name: known[name]["mean"])
        return f"{number(known[name]['mean'], 2)} {name}"

    @display(description="took")
    def took(self, run: SimRun) -> str:
        if run.finished_at is None:
            return NONE
        seconds = (run.finished_at - run.started_at).total_seconds()
        return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

    @display(description="trouble")
    def error_(self, run: SimRun) -> str:
        return run.error or NONE

    @display(description="decisions that were kept")
    def kept(self, run: SimRun) -> str:
        return filtered("recommender_simevent", f"run__id__exact={run.pk}", "look at them")


def stretches(run: SimRun) -> list[str]:
    """The columns of a run's table, in the order they were measured in."""
    found = {name: None for columns in run.scores.values() for name in columns}
    return sorted(
        found, key=lambda name: (not name.startswith("1-"), "turn" in name, len(name), name)
    )


def scored(run: SimRun) -> list[tuple[str, list[str]]]:
    """The rows of a run's table: a policy, and its score with its standard error by stretch."""
    rows = []
    for name in run.policies:
        columns = run.scores.get(name, {})
        cells = []
        for stretch in stretches(run):
            one = columns.get(stretch) or {"mean": None, "error": None}
            error = f" ± {number(one['error'])}" if one["error"] is not None else ""
            cells.append(number(one["mean"]) + error)
        rows.append((name, cells))
    return rows


def drawn(run: SimRun) -> str:
    """The run's reward curves, without a curve that has nowhere to go."""
    curves = {
        name: Curve(
            np.array(one["at"], dtype=np.intp),
            np.array(one["mean"], dtype=np.float64),
            np.array(one["error"], dtype=np.float64),
        )
        for name, one in run.curves.items()
    }
    known = {name: curve for name, curve in curves.items() if np.isfinite(curve.mean).any()}
    return mark_safe(drawing(known)) if known else ""  # noqa: S308  (names are escaped there)


@admin.register(SimEvent)
class SimEventAdmin(Long):
    list_display = (
        "run_", "policy", "seed", "person", "no", "kind", "worth_", "best_", "reward_", "delay",
    )  # fmt: skip
    fields = readonly_fields = (
        "run_", "policy", "seed", "person", "cluster", "no", "day", "kind", "chosen", "count",
        "worth_", "best_", "reward_", "delay",
    )  # fmt: skip
    list_filter = ("kind",)
    ordering = ("-pk",)
    worth_ = numeric("worth", "worth")
    best_ = numeric("best", "the best was worth")
    reward_ = numeric("reward", "reward", 2)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "run__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description="decision")
    def no(self, event: SimEvent) -> str:
        return f"no. {event.k + 1}"

    @display(description="run")
    def run_(self, event: SimEvent) -> str:
        return link("recommender_simrun", event.run_id, event.run_id)
