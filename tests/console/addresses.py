"""Every address of the console, found in the URLconf itself, so that none is forgotten."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

# Django's catch-all and the addresses that need no row.
SAMPLES = {
    "url": "no-such-page",
    "app_label": "accounts",
    "content_type_id": "1",
    "policy_id": "egreedy-v1",
}


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        whole = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, whole)
        elif whole.startswith("admin/"):
            yield whole, entry


def row_of(pattern: URLPattern) -> models.Model | None:
    """A row of the model whose page this is, by the name Django gives to its addresses."""
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}_"
        if (pattern.name or "").startswith(label):
            return model._default_manager.order_by("-pk").first()
    return None


def addresses() -> list[str]:
    """Each address once, with the id of a row that exists where it takes one."""
    found = []
    for whole, pattern in patterns():
        row = row_of(pattern)
        filled = whole.replace("^", "").replace("$", "").replace("\\Z", "")
        filled = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", filled)
        if "object_id>" in filled:
            key = str(row.pk) if row is not None else "1"
            filled = re.sub(r"<(?:path:)?object_id>", key, filled)
        filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: SAMPLES[match[1]], filled)
        found.append("/" + filled)
    return found


def pages() -> list[str]:
    """What an operator can open and read: every list, every row, every question, every extra page."""
    skip = ("/delete/", "/history/", "/add/", "/logout/", "/login/", "/autocomplete/", "/r/")
    return [
        address
        for address in addresses()
        if not any(part in address for part in skip)
        and "no-such-page" not in address
        and not re.fullmatch(
            r"/admin/\w+/\w+/[^/]+/", address
        )  # an old form, led on to .../change/
        and "password_change" not in address
    ]
