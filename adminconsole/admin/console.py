"""The operators' log."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from unfold.decorators import display

from accounts.models import User
from adminconsole.admin.base import Console
from adminconsole.admin.show import NONE, link, when
from adminconsole.models import AdminAction


@admin.register(AdminAction)
class AdminActionAdmin(Console):
    """Who did what to whom. To be read: there is no way to change or delete a line."""

    list_display = ("at_", "actor_", "action", "about", "outcome")
    fields = readonly_fields = ("at_", "actor_", "action", "subject", "about", "outcome")
    list_filter = ("action",)
    search_fields = ("subject", "actor__email")
    search_help_text = "“user 12”, or part of the operator's address"
    ordering = ("-at", "-pk")
    at_ = when("at", "when")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        # The log itself names people by id. Who is still here is shown by address.
        person = User.objects.filter(pk=OuterRef("subject_user_id")).values("email")[:1]
        rows = super().get_queryset(request).select_related("actor")
        return rows.annotate(about_email=Subquery(person))

    @display(description="operator")
    def actor_(self, row: AdminAction) -> str:
        return link("accounts_user", row.actor_id, row.actor) if row.actor else NONE

    @display(description="about")
    def about(self, row: Any) -> str:
        if row.subject_user_id is None:
            return row.subject
        name = row.about_email or row.subject
        shown = name if row.subject.startswith("user ") else f"{row.subject} ({name})"
        return link("accounts_user", row.subject_user_id, shown)
