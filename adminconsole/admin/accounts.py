"""People: who they are, what they want and allowed, and what an operator may do for them."""

from collections import Counter
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Subquery
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.models import ApiToken, Consent, Erasure, Preference, User
from adminconsole.admin.base import Console, OfUser, Shown
from adminconsole.admin.show import NONE, filtered, moment, numeric, owner, status, when
from adminconsole.private import shown_of_key
from integrations.models import Connection
from recommender.models import Decision, PolicyState


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "active"), ("blocked", "blocked"), ("deleted", "deleted")]

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        match self.value():
            case "active":
                return rows.filter(is_active=True)
            case "blocked":
                return rows.filter(is_active=False, deleted_at=None)
            case "deleted":
                return rows.filter(deleted_at__isnull=False)
        return rows


class ConnectionsFilter(admin.SimpleListFilter):
    title = "connections"
    parameter_name = "has"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "none"), ("connected", "connected"), ("reconnect", "needs reconnecting")]

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        if self.value() is None:
            return rows
        theirs = Connection.objects.filter(user=OuterRef("pk"))
        if self.value() == "none":
            return rows.filter(~Exists(theirs))
        return rows.filter(Exists(theirs.filter(status=self.value())))


class Connections(Shown):
    model = Connection
    fields = readonly_fields = ("source", "state", "read", "next_read", "failures", "trouble")
    ordering = ("source",)
    show_change_link = True
    state = status()
    read = when("synced_at", "last read")
    next_read = when("due_at", "next read")


class Preferences(Shown):
    model = Preference
    fields = readonly_fields = ("key", "value_", "source", "confidence_", "updated", "forgotten")
    ordering = ("key", "source")
    confidence_ = numeric("confidence", "confidence", 2)
    updated = when("updated_at", "updated")
    forgotten = when("forgotten_at", "forgotten")

    @display(description="value")
    def value_(self, preference: Preference) -> str:
        return str(shown_of_key(preference.key, preference.value))


class Consents(Shown):
    model = Consent
    fields = readonly_fields = ("document", "version", "given", "withdrawn")
    ordering = ("-given_at",)
    given = when("given_at", "given")
    withdrawn = when("withdrawn_at", "taken back")


class States(Shown):
    model = PolicyState
    fields = readonly_fields = ("policy", "version", "count", "updated")
    ordering = ("policy",)
    show_change_link = True
    updated = when("updated_at", "updated")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).defer("state")


class UserForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        operator: User | None = getattr(self, "operator", None)
        if operator and operator.pk == self.instance.pk and self.has_changed():
            raise forms.ValidationError(
                "That is you. Another operator has to change your role or block you."
            )
        return data


@admin.register(User)
class UserAdmin(Console):
    """Everything here is to look at, but the role and whether they may sign in."""

    form = UserForm
    list_display = ("person", "role_", "state", "joined", "time_zone", "links", "last_tip")
    list_filter = ("role", StateFilter, ConnectionsFilter)
    search_fields = ("email",)
    search_help_text = "Part of an e-mail address"
    ordering = ("-joined_at", "-pk")
    readonly_fields = ("email", "time_zone", "joined", "signed_in", "deleted", "more")
    person_fields = ("email", "time_zone", "joined", "signed_in", "more")
    may = (
        "May",
        {
            "fields": ("role", "is_active"),
            "description": "An admin sees and does all that this console offers. Who is not "
            "active can't sign in; to erase someone, use “Delete account”.",
        },
    )
    inlines = (Connections, Preferences, Consents, States)

    joined = when("joined_at", "joined")
    signed_in = when("last_login", "last signed in")
    deleted = when("deleted_at", "deleted")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and obj.deleted_at is None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and obj.deleted_at:
            return [(None, {"fields": ("deleted", "more")})]
        return [(None, {"fields": self.person_fields}), self.may]

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        theirs = Connection.objects.defer("access_token", "refresh_token").order_by("source")
        last = Decision.objects.filter(user=OuterRef("pk")).order_by("-created_at")
        return (
            super()
            .get_queryset(request)
            .annotate(last_tip_at=Subquery(last.values("created_at")[:1]))
            .prefetch_related(Prefetch("connections", theirs))
        )

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        form.operator = request.user
        return form

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "is_active":
            field.label, field.help_text = "Active", "May sign in."
        return field

    @display(description="user", ordering="email")
    def person(self, user: User) -> str:
        return str(user)

    @display(description="role", ordering="role", label={"admin": "primary", "user": ""})
    def role_(self, user: User) -> str:
        return user.role

    @display(
        description="state",
        label={"active": "success", "blocked": "warning", "deleted": "", "deleting": "danger"},
    )
    def state(self, user: User) -> str:
        if user.deleted_at:
            return "deleted"
        return "active" if user.is_active else "blocked"

    @display(description="connections")
    def links(self, user: User) -> str:
        alike = Counter(
            (c.source, c.status == "connected" and not c.failures) for c in user.connections.all()
        )
        rows = [
            (
                "oo-dot-ok" if well else "oo-dot-warn",
                f"{count} × {source}" if count > 1 else source,
            )
            for (source, well), count in alike.items()
        ]
        return format_html_join(SafeString(" "), '<span class="oo-dot {}">{}</span>', rows) or NONE

    @display(description="last tip")
    def last_tip(self, user: Any) -> str:
        return moment(user.last_tip_at)

    @display(description="see also")
    def more(self, user: User) -> str:
        query = f"user__id__exact={user.pk}"
        links = [
            filtered("recommender_decision", query, "decisions"),
            filtered("recommender_feedback", query, "reactions"),
            filtered("agents_candidate", query, "candidates"),
            filtered("agents_agentoutput", query, "agent outputs"),
            filtered("events_record", f"user_id={user.pk}", "events"),
            filtered("adminconsole_adminaction", f"subject_user_id={user.pk}", "operators' log"),
        ]
        return format_html_join(SafeString(" · "), "{}", ((each,) for each in links))


SocialAccount._meta.verbose_name = "sign-in"
SocialAccount._meta.verbose_name_plural = "sign-ins"


@admin.register(SocialAccount)
class SignInAdmin(OfUser, Console):
    """Which Google account opens which user. What Google said about it is not shown."""

    list_display = ("user_", "provider", "joined", "last")
    fields = readonly_fields = ("user_", "provider", "uid", "joined", "last")
    list_filter = ("provider",)
    ordering = ("-date_joined",)
    list_select_related = ("user",)
    joined = when("date_joined", "first used")
    last = when("last_login", "last used")


@admin.register(Erasure)
class ErasureAdmin(Console):
    """The receipts of deletions: how far each is, and what could not be confirmed."""

    list_display = ("receipt", "state", "asked", "next_try", "finished", "attempts", "error")
    fields = readonly_fields = (
        "receipt", "state", "asked", "next_try", "finished", "attempts", "error", "progress",
    )  # fmt: skip
    list_filter = (("finished_at", admin.EmptyFieldListFilter),)
    ordering = ("-asked_at",)
    asked = when("asked_at", "asked")
    finished = when("finished_at", "finished")

    @display(description="next try")
    def next_try(self, erasure: Erasure) -> str:
        return NONE if erasure.finished_at else moment(erasure.due_at)

    @display(
        description="state", label={"finished": "success", "under way": "info", "stuck": "danger"}
    )
    def state(self, erasure: Erasure) -> str:
        if erasure.finished_at:
            return "finished"
        return "stuck" if erasure.error else "under way"


@admin.register(ApiToken)
class ApiTokenAdmin(Console):
    """Tokens given to machines. Only their hashes are kept, and those are not shown either."""

    list_display = ("__str__", "user_", "created", "expires")
    fields = readonly_fields = ("user_", "created", "expires")
    ordering = ("-created_at",)
    list_select_related = ("user",)
    user_ = owner
    created = when("created_at", "given")
    expires = when("expires_at", "ends")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).defer("digest").select_related("user")
