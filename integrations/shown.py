"""What the connect and settings pages show of sources and connections: words, and no secret."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from integrations import snapshot
from integrations.models import Connection
from integrations.source import (
    AcceptsExport,
    AcceptsFile,
    SharesCalendar,
    SignalSource,
    UsesAddress,
    UsesOAuth,
    sources,
)
from integrations.troubles import in_words
from oo.lib.encrypted import CannotDecrypt


@dataclass(frozen=True)
class Link:
    """A source on the connect page, with what the user has of it."""

    source: SignalSource
    connections: list[Connection]

    @property
    def needs_you(self) -> bool:
        return any(one.status == Connection.Status.RECONNECT for one in self.connections)

    @property
    def available(self) -> bool:
        return is_available(self.source)

    @property
    def room(self) -> bool:
        """Whether the user may have one more of it."""
        return not isinstance(self.source, UsesAddress) or len(self.connections) < self.source.most

    @property
    def door(self) -> list[str]:
        """The template that connects it. A kind without one has its door elsewhere."""
        kind = self.source.kind
        return [f"integrations/kinds/{kind}.html", "integrations/kinds/plain.html"]


@dataclass(frozen=True)
class Shown:
    """A connection on the settings page."""

    connection: Connection
    source: SignalSource
    label: str
    aside: str
    read: str
    trouble: str
    notes: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.connection.pk)

    @property
    def name(self) -> str:
        """What to call it: the user's word for it, else the source's."""
        return self.label or self.source.name

    @property
    def verb(self) -> str:
        handed_over = isinstance(self.source, AcceptsFile | AcceptsExport)
        return "Handed over" if handed_over else "Last read"

    @property
    def needs_you(self) -> bool:
        return self.connection.status == Connection.Status.RECONNECT

    @property
    def available(self) -> bool:
        return is_available(self.source)

    @property
    def titles(self) -> bool:
        source = self.source
        return isinstance(source, SharesCalendar) and source.gives_titles(self.connection.scope)

    @property
    def connections(self) -> list[Connection]:
        return [self.connection]

    @property
    def row(self) -> list[str]:
        kind = self.source.kind
        return [f"integrations/kinds/{kind}_link.html", "integrations/kinds/plain_link.html"]


def links(user_id: int) -> list[Link]:
    """Every source, in the order of SOURCES, with the user's connections to it."""
    mine: dict[str, list[Connection]] = defaultdict(list)
    for connection in Connection.objects.filter(user=user_id).order_by("created_at"):
        mine[connection.source].append(connection)
    return [Link(source, mine[source.id]) for source in sources]


def shown(user_id: int, *, now: datetime) -> list[Shown]:
    """The user's connections, in the order of SOURCES."""
    everything = links(user_id)
    ids = [connection.pk for link in everything for connection in link.connections]
    texts = snapshot.read_many(ids) if ids else {}
    return [
        Shown(
            connection=connection,
            source=link.source,
            label=(label := label_of(connection)),
            aside=_aside(link.source, connection, label),
            read=ago(connection.synced_at, now),
            trouble=in_words(connection),
            notes=list(_notes(texts.get(str(connection.pk), {}))),
        )
        for link in everything
        for connection in link.connections
    ]


def is_available(source: SignalSource) -> bool:
    return not isinstance(source, UsesOAuth) or source.is_configured()


def label_of(connection: Connection) -> str:
    """What the user calls it; empty also when no key opens that."""
    try:
        return connection.label
    except CannotDecrypt:
        return ""


def masked(address: str) -> str:
    """Of a secret address what tells it from others and opens nothing."""
    try:
        return f"{urlsplit(address).hostname or ''}/••••"
    except ValueError:
        return "••••"


def ago(moment: datetime | None, now: datetime) -> str:
    """When it was, in words: "3 minutes ago"."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count != 1 else ''} ago"
    return "just now"


def _aside(source: SignalSource, connection: Connection, label: str) -> str:
    said = [source.name] if label else []
    if isinstance(source, UsesAddress):
        try:
            said.append(masked(connection.access_token))
        except CannotDecrypt:
            said.append("••••")
    elif isinstance(source, SharesCalendar) and connection.scope:
        titles = source.gives_titles(connection.scope)
        said.append("Busy times and titles." if titles else "Busy times only, no titles.")
    return " · ".join(said)


def _notes(texts: dict[str, str]) -> Iterator[str]:
    """What the last read had to leave out, and why."""
    yield from filter(None, texts.get(snapshot.NOTES, "").split("\n"))
