"""How the console shows things: moments in the operator's zone, people as links, numbers to read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

NONE = "–"

STATUS = {
    "connected": "success", "reconnect": "warning",
    "open": "info", "answered": "success", "expired": "", "kept": "", "untrue": "",
    "waiting": "info", "ok": "success", "gone": "", "failed": "danger",
    "done": "success", "snooze": "info", "dismiss": "warning", "show": "warning",
    "settled": "success", "late": "info", "undone": "warning", "reset": "warning",
    "running": "info", "finished": "success", "interrupted": "warning",
    "reading": "info", "refused": "warning",
    "timeout": "warning", "broken": "warning", "spent": "info", "busy": "", "barred": "",
    "written": "success", "partly": "info",
}  # fmt: skip


def moment(value: datetime | None) -> str:
    """A short form, with the whole of it when one points at it."""
    if value is None:
        return NONE
    local = timezone.localtime(value)
    today = timezone.localdate()
    if local.date() == today:
        short = f"{local:%H:%M:%S}"
    elif local.year == today.year:
        short = f"{local.day} {local:%b %H:%M}"
    else:
        short = f"{local.day} {local:%b %Y}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(), f"{local:%A %d %B %Y, %H:%M:%S %Z}", short,
    )  # fmt: skip


def when(field: str, description: str) -> Callable[[Any, Any], str]:
    """A column or field for a moment."""

    @display(description=description, ordering=field)
    def show(self: Any, row: Any) -> str:
        return moment(getattr(row, field))

    return show


def status(field: str = "status", description: str = "status") -> Callable[[Any, Any], str]:
    """A column for an enum, as a coloured label."""

    @display(description=description, ordering=field, label=STATUS)
    def show(self: Any, row: Any) -> str:
        return str(getattr(row, field))

    return show


def number(value: float | None, digits: int = 3) -> str:
    if value is None:
        return NONE
    text = f"{value:.{digits}f}"
    return text.replace("-", "−")


def numeric(field: str, description: str, digits: int = 3) -> Callable[[Any, Any], str]:
    @display(description=description, ordering=field)
    def show(self: Any, row: Any) -> str:
        return number(getattr(row, field), digits)

    return show


def link(model: str, pk: object, text: object) -> str:
    address = reverse(f"admin:{model}_change", args=[pk])
    return format_html('<a class="oo-link" href="{}">{}</a>', address, text)


def filtered(model: str, query: str, text: object) -> str:
    address = reverse(f"admin:{model}_changelist")
    return format_html('<a class="oo-link" href="{}?{}">{}</a>', address, query, text)


@display(description="user", ordering="user__email")
def owner(self: Any, row: Any) -> str:
    """The user of a row, which was selected with it."""
    return link("accounts_user", row.user_id, row.user)
