"""Links to sources, and what we keep of what they told us: ids, hashes, dates and numbers."""

from integrations.models.calendar import CalendarEvent, Channel
from integrations.models.connection import (
    Connection,
    ConnectionManager,
    ConnectionQuerySet,
    Revocation,
)
from integrations.models.health import HealthDay
from integrations.models.incoming import Delivery
from integrations.models.tasks import Command, History, Task
from integrations.models.upload import Upload

__all__ = [
    "CalendarEvent",
    "Channel",
    "Command",
    "Connection",
    "ConnectionManager",
    "ConnectionQuerySet",
    "Delivery",
    "HealthDay",
    "History",
    "Revocation",
    "Task",
    "Upload",
]
