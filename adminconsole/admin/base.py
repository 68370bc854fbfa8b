"""What all pages of the console share: they show, they don't change; operations are asked for first."""

from collections import Counter
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from kombu.exceptions import OperationalError
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from adminconsole.admin.show import owner
from adminconsole.audit import record
from adminconsole.jobs import operate
from adminconsole.operate import (
    AT_ONCE,
    Operation,
    Outcome,
    batches,
    operations_on,
    perform,
    perform_all,
    rows_of,
)
from adminconsole.subjects import named
from adminconsole.theme import TITLES

CONFIRMED = "confirmed"
NAMED_AT_MOST = 12

# Filtering a list by these from the address bar would tell them, letter by letter.
SECRETS = {
    "access_token", "refresh_token", "token", "digest", "password", "cursor", "state", "label", "body",
    # What agents know by a consent of its own, and what was written of it: adminconsole.private.
    "text", "facts", "value", "evidence", "content", "claims", "topic", "tips",
}  # fmt: skip


class Console(ModelAdmin):
    """A page of the console. It shows rows, never sealed columns, and offers operations on them."""

    list_per_page = 50
    list_fullwidth = True
    actions_on_top = True
    show_facets = None
    compressed_fields = True
    save_on_top = False
    empty_value_display = "–"

    def __init__(self, model: type[models.Model], admin_site: Any) -> None:
        super().__init__(model, admin_site)
        self.operations = operations_on(model)
        ids = [offered.id for offered in self.operations]
        # A few stand side by side, more of them in a menu.
        menu = len(ids) > 3
        for offered in self.operations:
            setattr(self, offered.id, MethodType(_detail_action(offered, in_menu=menu), self))
        self.actions_detail = [{"title": "Operate", "icon": "bolt", "items": ids}] if menu else ids

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows = rows_of(self.model)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        if SECRETS.intersection(lookup.split("__")):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        meta = self.model._meta
        in_menu = TITLES.get(f"{meta.app_label}_{meta.model_name}")
        title = in_menu or capfirst(str(meta.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        # One way to save is enough.
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(
            request, object_id, form_url, {**one, **(extra_context or {})}
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        # An address with an empty `_to_field` means none; Django looks for a field of that name.
        return super().get_object(request, object_id, from_field or None)

    # --- the operators' log stands in for Django's own -----------------------------------------

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> str:
        if add:
            return "Added."
        told = (
            f"{name}: {form.initial.get(name)} → {form.cleaned_data.get(name)}"
            for name in form.changed_data
        )
        return "; ".join(told) or "Nothing changed."

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self._log(request, "Add", obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self._log(request, "Change", obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> None:
        for obj in queryset:
            self._log(request, "Delete", obj, "Deleted.")

    def _log(self, request: HttpRequest, what: str, obj: Any, message: Any) -> None:
        subject, subject_user_id = named(obj)
        record(
            request.user, f"{what} {self.opts.verbose_name}", subject,  # type: ignore[arg-type]
            subject_user_id=subject_user_id, outcome=str(message), now=timezone.now(),
        )  # fmt: skip

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Where Django shows its own log, the console shows the operators'."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        address = reverse("admin:adminconsole_adminaction_changelist")
        return HttpResponseRedirect(f"{address}?subject={named(obj)[0]}")

    # --- operations ------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        for offered in self.operations:
            actions[offered.id] = (_list_action(offered), offered.id, offered.label)
        return actions

    def operate_on_one(
        self, request: HttpRequest, operation: Operation, object_id: str
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        here = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        if CONFIRMED not in request.POST:
            return self._ask(request, operation, [row], 1, back=here, hidden=[])
        outcome = perform(
            operation, row.pk, actor=request.user, now=timezone.now(), why=_why(request)  # type: ignore[arg-type]
        )  # fmt: skip
        self._tell(request, operation, [outcome])
        if self.get_queryset(request).filter(pk=row.pk).exists():
            return HttpResponseRedirect(here)
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        )

    def operate_on_many(
        self, request: HttpRequest, operation: Operation, rows: "models.QuerySet[Any]"
    ) -> HttpResponse | None:
        """The changelist's action: asks, then does it here, or has workers do what is too much."""
        if CONFIRMED not in request.POST:
            hidden = [("action", operation.id)]
            hidden += [("select_across", request.POST.get("select_across", "0"))]
            selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
            hidden += [(ACTION_CHECKBOX_NAME, pk) for pk in selected]
            back = request.get_full_path()
            return self._ask(
                request, operation, list(rows[:NAMED_AT_MOST]), rows.count(), back, hidden
            )
        pks = list(rows.order_by("pk").values_list("pk", flat=True))
        if len(pks) <= AT_ONCE:
            outcomes = perform_all(
                operation, pks, actor=request.user, now=timezone.now(), why=_why(request)  # type: ignore[arg-type]
            )  # fmt: skip
            self._tell(request, operation, outcomes)
        else:
            self._hand_over(request, operation, pks)
        return None

    def _ask(
        self,
        request: HttpRequest,
        operation: Operation,
        rows: list[Any],
        count: int,
        back: str,
        hidden: list[tuple[str, str]],
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": operation.label,
            "opts": self.opts,
            "operation": operation,
            "rows": rows,
            "count": count,
            "more": count - len(rows),
            "words": self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural,
            "by_workers": count > AT_ONCE,
            "back": back,
            "hidden": [*hidden, (CONFIRMED, "yes")],
        }
        return TemplateResponse(request, "adminconsole/confirm.html", context)

    def _tell(self, request: HttpRequest, operation: Operation, outcomes: list[Outcome]) -> None:
        """What came of it, the same outcomes together."""
        for done, level in ((True, messages.SUCCESS), (False, messages.ERROR)):
            said = Counter(outcome.says for outcome in outcomes if outcome.done is done)
            if not said:
                continue
            parts = [
                f"{n} × {says}" if len(outcomes) > 1 else says for says, n in said.most_common(4)
            ]
            if len(said) > 4:
                parts.append(f"and {len(said) - 4} more kinds of outcome, see the operators' log.")
            self.message_user(request, f"{operation.label}: {' '.join(parts)}", level)

    def _hand_over(self, request: HttpRequest, operation: Operation, pks: list[Any]) -> None:
        handed = 0
        try:
            for batch in batches(pks):
                words = [str(pk) for pk in batch]
                operate.apply_async((operation.id, words, request.user.pk), retry=False)
                handed += len(batch)
        except (OperationalError, OSError):
            self.message_user(
                request,
                f"{operation.label}: the broker can't be reached. {handed} of {len(pks)} were "
                "handed to workers; select the others again later.",
                messages.ERROR,
            )
            return
        self.message_user(
            request,
            f"{operation.label}: workers are at it, {handed} in all. Each is in the operators' log "
            "once it is done.",
        )


class Long(Console):
    """A list that may hold millions of rows: it is never counted."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_disable_select_all = True


class OfUser(ModelAdmin):
    """A list whose rows are each somebody's, and found by their address. Named before Long or Console."""

    search_fields = ("user__email",)
    search_help_text = "Part of an e-mail address"
    user_ = owner

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("user")


class Shown(TabularInline):
    """Rows beside the one they belong to: to look at."""

    extra = 0
    max_num = 0
    can_delete = False
    hide_title = True
    per_page = 10
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows = rows_of(self.model)
        return rows.order_by(*self.ordering) if self.ordering else rows


def _why(request: HttpRequest) -> str:
    return request.POST.get("why", "").strip()[:300]


def _detail_action(operation: Operation, *, in_menu: bool) -> Callable[..., HttpResponse]:
    def view(console: Console, request: HttpRequest, object_id: str) -> HttpResponse:
        return console.operate_on_one(request, operation, object_id)

    view.__name__ = operation.id
    return action(
        view,
        description=operation.label,
        url_path=operation.id.replace("_", "-"),
        icon=operation.icon,
        # As a button it would shout; the page that asks first is red enough.
        variant=ActionVariant.DANGER if operation.danger and in_menu else ActionVariant.DEFAULT,
    )


def _list_action(operation: Operation) -> Callable[..., HttpResponse | None]:
    def act(
        console: Console, request: HttpRequest, rows: "models.QuerySet[Any]"
    ) -> HttpResponse | None:
        return console.operate_on_many(request, operation, rows)

    return act
