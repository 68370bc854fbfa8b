"""Beat's timetable. Entries come from oo/schedule.py; ops pause them, pace them, and add their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, F
from django.http import HttpRequest
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from adminconsole.admin.base import Console
from adminconsole.admin.show import NONE, when
from adminconsole.timetable import OURS, periodic_jobs

# Named as everywhere else in the house. Migrations read what the model was declared with.
for _model, _one, _many in (
    (PeriodicTask, "timetable entry", "timetable entries"),
    (IntervalSchedule, "interval", "intervals"),
    (ClockedSchedule, "one-off time", "one-off times"),
):
    _model._meta.verbose_name, _model._meta.verbose_name_plural = _one, _many


@admin.register(PeriodicTask)
class EntryAdmin(Console):
    """What is removed here and stands in oo/schedule.py comes back: pause it instead."""

    list_display = ("name", "state", "every", "ran", "times", "says")
    list_filter = ("enabled",)
    search_fields = ("name", "task")
    ordering = ("name",)
    readonly_fields = ("name_", "says", "job", "ran", "times")
    pace = (
        "When",
        {
            "fields": ("interval", "crontab", "clocked", "one_off", "start_time", "expire_seconds"),
            "description": "One of interval, crontab and one-off time. A job that no worker took "
            "within the time to live is dropped.",
        },
    )
    ran = when("last_run_at", "last sent")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and not obj.name.startswith(OURS)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("name", "description", "task", "enabled")}), self.pace]
        ours = obj.name.startswith(OURS)
        what = ("name_", "says", "job") if ours else ("name", "description", "task")
        return [(None, {"fields": (*what, "enabled", "ran", "times")}), self.pace]

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows = super().get_queryset(request)
        return rows.select_related("interval", "crontab", "clocked", "solar")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "task":
            return forms.ChoiceField(
                label="Job",
                choices=[(name, name) for name in periodic_jobs()],
                widget=UnfoldAdminSelectWidget,
                help_text="The jobs of the house that need nothing told.",
            )
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        told = {
            "enabled": ("Enabled", "Whether beat sends it."),
            "expire_seconds": ("Time to live (s)", ""),
            "one_off": ("Once only", "Sent once, then paused."),
            "interval": ("Interval", ""),
            "crontab": ("Crontab", ""),
            "clocked": ("One-off time", ""),
            "start_time": ("Not before", ""),
            "name": ("Name", ""),
            "description": ("What for", ""),
        }
        if field and db_field.name in told:
            field.label, field.help_text = told[db_field.name]
        return field

    @display(description="name", ordering="name")
    def name_(self, entry: PeriodicTask) -> str:
        return entry.name

    @display(description="what for")
    def says(self, entry: PeriodicTask) -> str:
        return entry.description

    @display(description="job")
    def job(self, entry: PeriodicTask) -> str:
        return entry.task

    @display(description="times sent", ordering="total_run_count")
    def times(self, entry: PeriodicTask) -> str:
        return str(entry.total_run_count or NONE)

    @display(description="state", ordering="enabled", label={"on": "success", "paused": "warning"})
    def state(self, entry: PeriodicTask) -> str:
        return "on" if entry.enabled else "paused"

    @display(description="when")
    def every(self, entry: PeriodicTask) -> str:
        return NONE if entry.scheduler is None else said(entry.scheduler)


def said(schedule: Any) -> str:
    """A schedule as a person would say it."""
    if isinstance(schedule, CrontabSchedule):
        return schedule.human_readable
    if isinstance(schedule, IntervalSchedule) and schedule.period == IntervalSchedule.SECONDS:
        for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
            count, rest = divmod(schedule.every, seconds)
            if not rest:
                return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    return str(schedule)


class Schedule(Console):
    """Shared by entries, so one is added or removed, not changed; and not removed while in use."""

    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and not obj.periodictask_set.exists()

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).annotate(used=Count("periodictask"))

    @display(description="entries that use it", ordering="used")
    def used(self, schedule: Any) -> str:
        return str(schedule.used)


@admin.register(IntervalSchedule)
class IntervalAdmin(Schedule):
    list_display = ("said_", "used")
    fields = ("every", "period")

    @display(description="interval")
    def said_(self, interval: IntervalSchedule) -> str:
        return said(interval)


@admin.register(CrontabSchedule)
class CrontabAdmin(Schedule):
    list_display = ("human_readable", "__str__", "used")
    fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone")


@admin.register(ClockedSchedule)
class ClockedAdmin(Schedule):
    list_display = ("__str__", "used")
    fields = ("clocked_time",)
    ordering = (F("clocked_time").desc(),)  # type: ignore[assignment]
