"""Every address of the URLconf, with somebody's ids filled in."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from recommender.models import Decision
from tests.privacy.lives import Life

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HOLE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True)
class Address:
    route: str
    name: str
    path: str

    def __str__(self) -> str:
        return f"/{self.route}"

    @property
    def is_admin(self) -> bool:
        return self.path.startswith("/admin/")

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def routes() -> Iterator[tuple[str, str]]:
    yield from _walk(get_resolver(), "")


def _walk(resolver: URLResolver, before: str) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.name or ""
        else:
            yield from _walk(entry, route)


def addresses(subject: Life) -> list[Address]:
    """With the subject's own ids, so that whoever opens them asks for what is theirs."""
    found = []
    for route, name in routes():
        for source in ("todoist", "ical") if "<slug:source_id>" in route else ("",):
            values = _values(subject, name, source)
            filled = HOLE.sub(lambda hole, v=values: v[hole[1] or hole[2]], route)  # type: ignore[misc]
            found.append(Address(route, name, "/" + filled.replace("^", "").replace("$", "")))
    return found


def _values(subject: Life, name: str, source: str) -> dict[str, str]:
    decision = Decision.objects.filter(user=subject.user).values_list("pk", flat=True).first()
    return {
        "source_id": source,
        "decision_id": str(decision or uuid.uuid4()),
        "tip": str(decision or uuid.uuid4()),
        "connection_id": str(subject.person.connection.pk),
        "receipt": str(uuid.uuid4()),
        "policy_id": "egreedy-v1",
        "scope": "moment",
        "name": "preferred_hour",
        "agent_id": "time-of-day",
        "content_type_id": "1",
        "object_id": _admin_object(name, subject),
        "app_label": "accounts",
        "url": "no-such-page/",
        "rest": "no-such-call",
    }


def _admin_object(name: str, subject: Life) -> str:
    app_label, _, rest = name.partition("_")
    for model in apps.get_models():
        if rest.startswith(f"{model._meta.model_name}_") and name.startswith(model._meta.app_label):
            rows = model._base_manager.all()
            if "user" in {field.name for field in model._meta.fields}:
                rows = rows.filter(user_id=subject.user.pk)
            row = rows.first()
            return str(row.pk) if row else "1"
    return str(subject.user.pk)


def bodies(subject: Life) -> dict[str, Any]:
    """What a form or a call could say to reach what is the subject's."""
    tip = subject.user.decisions.filter(status="open").first()
    assert tip is not None
    return {
        "tip": str(tip.pk),
        "reaction": "done",
        "id": str(subject.person.connection.pk),
        "connection": str(subject.person.connection.pk),
        "user": subject.user.pk,
        "user_id": subject.user.pk,
        "email": subject.user.email,
        "role": "admin",
        "is_active": "",
        "time_zone": "Asia/Tokyo",
        "post": "yes",
        "action": "delete_selected",
        "_selected_action": subject.user.pk,
    }


def state_of(user_id: int) -> dict[str, list[Any]]:
    """Every row that is someone's, field by field."""
    found: dict[str, list[Any]] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            related = field.related_model if field.is_relation else None
            own = model._meta.label == "accounts.User" and field.primary_key
            if (
                own
                or field.column == "user_id"
                or (related and related._meta.label == "accounts.User")
            ):
                names = [f.attname for f in model._meta.concrete_fields if f.attname != "password"]
                rows = model._base_manager.filter(**{field.attname: user_id})
                found[f"{model._meta.label}.{field.name}"] = list(
                    rows.order_by("pk").values(*names)
                )
    return found
