"""Links to sources, and what waits to be said to them. No token is ever read here."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from adminconsole.admin.base import Console, Long, OfUser
from adminconsole.admin.show import link, owner, status, when
from integrations.models import Command, Connection, Delivery, History, Revocation, Upload

# Columns of a row's connection that are sealed, or long.
SEALED_BEYOND = tuple(
    f"connection__{name}" for name in ("access_token", "refresh_token", "label", "cursor")
)


@admin.register(Connection)
class ConnectionAdmin(OfUser, Console):
    list_display = ("user_", "source", "state", "read", "next_read", "failures", "trouble")
    readonly_fields = (
        "user_", "source", "state", "trouble", "failures", "created", "read", "next_read",
        "access_ends", "scope", "tasks", "events",
    )  # fmt: skip
    fields = (
        ("user_", "source"), ("state", "created"), ("read", "next_read"), ("failures", "trouble"),
        ("access_ends", "scope"), "tasks", "events",
    )  # fmt: skip
    list_filter = ("source", "status", "trouble")
    ordering = ("-created_at", "pk")
    state = status()
    created = when("created_at", "made")
    read = when("synced_at", "last read")
    next_read = when("due_at", "next read")
    access_ends = when("access_expires_at", "access token ends")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).defer("cursor")

    @display(description="tasks")
    def tasks(self, connection: Connection) -> str:
        still_open = connection.tasks.filter(closed_at=None).count()
        return f"{still_open} open, {connection.tasks.count()} in all; their text is not kept here"

    @display(description="calendar events")
    def events(self, connection: Connection) -> str:
        return str(connection.calendar_events.count())


@admin.register(Command)
class CommandAdmin(Long):
    """What users completed here and their source has to be told."""

    list_display = ("uuid", "connection_", "state", "created", "due", "attempts", "error")
    fields = readonly_fields = (
        "uuid", "connection_", "state", "created", "due", "finished", "attempts", "error",
    )  # fmt: skip
    list_filter = ("outcome",)
    ordering = ("-created_at",)
    state = status("outcome", "outcome")
    created = when("created_at", "asked")
    due = when("due_at", "next try")
    finished = when("finished_at", "finished")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("connection").defer(*SEALED_BEYOND)

    @display(description="connection")
    def connection_(self, command: Command) -> str:
        return link("integrations_connection", command.connection_id, command.connection)


@admin.register(Revocation)
class RevocationAdmin(Console):
    """Tokens still to be revoked at their source. What they are is not shown."""

    list_display = ("user_", "source", "due", "attempts")
    fields = readonly_fields = ("user_", "source", "due", "attempts")
    list_filter = ("source",)
    ordering = ("due_at",)
    user_ = owner
    due = when("due_at", "next try")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("user")


@admin.register(Delivery)
class DeliveryAdmin(Long):
    """What was posted to us, and what became of it. What it said is not shown."""

    list_display = ("delivery_id", "connection_", "state", "received", "attempts", "reason")
    fields = readonly_fields = (
        "delivery_id", "connection_", "state", "received", "due", "finished", "attempts", "reason",
    )  # fmt: skip
    list_filter = ("outcome", "source")
    ordering = ("-received_at",)
    state = status("outcome", "outcome")
    received = when("received_at", "received")
    due = when("due_at", "next try")
    finished = when("finished_at", "finished")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows = super().get_queryset(request).select_related("connection")
        return rows.defer("body", *SEALED_BEYOND)

    @display(description="connection")
    def connection_(self, delivery: Delivery) -> str:
        return link("integrations_connection", delivery.connection_id, delivery.connection)


@admin.register(History)
class HistoryAdmin(Console):
    """How far back the completed tasks of a connection were read."""

    list_display = ("connection_", "from_", "back_to", "seen", "attempts", "next_try", "finished")
    fields = readonly_fields = list_display
    ordering = ("-due_at",)
    from_ = when("since", "to be read from")
    back_to = when("until", "read back to")
    next_try = when("due_at", "next try")
    finished = when("finished_at", "finished")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("connection").defer(*SEALED_BEYOND)

    @display(description="connection")
    def connection_(self, history: History) -> str:
        return link("integrations_connection", history.connection_id, history.connection)


@admin.register(Upload)
class UploadAdmin(Console):
    """Files that were handed over. The file is gone as soon as it was read or refused."""

    list_display = ("user_", "source", "state_", "progress", "created", "finished", "reason")
    fields = readonly_fields = (
        "user_", "source", "state_", "progress", "size", "created", "finished", "attempts", "reason",
    )  # fmt: skip
    list_filter = ("source",)
    ordering = ("-created_at",)
    user_ = owner
    state_ = status("state", "state")
    created = when("created_at", "handed over")
    finished = when("finished_at", "finished")

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related("user")
