"""The tail of the event log."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from adminconsole.admin.base import Console
from adminconsole.admin.show import NONE, link, when
from oo.events.catalogue import subjects
from oo.events.log import TAIL
from oo.events.models import Record


class SubjectFilter(admin.SimpleListFilter):
    title = "subject"
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(subject, subject) for subject in subjects()]

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        return rows.filter(subject=self.value()) if self.value() else rows


@admin.register(Record)
class RecordAdmin(Console):
    """The last 500 events, newest first. They carry ids, enums and numbers, never a user's text."""

    list_display = ("id", "subject", "user_", "facts", "occurred", "delivered", "trouble")
    fields = readonly_fields = (
        "uid", "subject", "user_", "facts", "occurred", "due", "delivered", "attempts", "error",
    )  # fmt: skip
    list_filter = (SubjectFilter, ("delivered_at", admin.EmptyFieldListFilter))
    ordering = ("-pk",)
    sortable_by = ()
    occurred = when("occurred_at", "occurred")
    due = when("due_at", "next try")
    delivered = when("delivered_at", "delivered")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        newest = Record.objects.order_by("-pk").values_list("pk", flat=True)
        oldest_shown = newest[TAIL - 1 : TAIL].first()
        rows = super().get_queryset(request)
        return rows.filter(pk__gte=oldest_shown) if oldest_shown else rows

    @display(description="facts")
    def facts(self, record: Record) -> str:
        parts = ((name, self._fact(name, value)) for name, value in record.payload.items())
        return format_html_join(SafeString(" · "), '<span class="oo-quiet">{}</span> {}', parts)

    def _fact(self, name: str, value: object) -> object:
        if name == "decision_id":
            return link("recommender_decision", value, str(value)[:8])
        if name == "connection_id":
            return link("integrations_connection", value, str(value)[:8])
        return value

    @display(description="trouble")
    def trouble(self, record: Record) -> str:
        return f"{record.error} ({record.attempts} attempts)" if record.error else NONE

    @display(description="user")
    def user_(self, record: Record) -> str:
        return link("accounts_user", record.user_id, f"#{record.user_id}")
