"""The contract of a source: one file in integrations/sources/, one line in settings.SOURCES."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import BinaryIO, ClassVar, Literal

from integrations.formats.facts import (
    CalendarPull,
    CompletedPage,
    HealthPull,
    TaskPull,
    Told,
)
from oo.lib.registry import Registry

# What became of a command: done, there is no such task (any more), or the source won't do it.
Outcome = Literal["ok", "gone", "refused"]
Input = Literal["tasks", "calendar", "health"]


class SourceTrouble(Exception):
    """The source can't be read now, through no fault of the user; try again later.

    `code` is shown to operators; "unreachable" means that no answer came in time. `retry_after` in
    seconds, where the source said so. The message goes to the log: no token, no text of the user's.
    """

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class NeedsReconnect(Exception):
    """The user's grant is gone or too small; only they can mend it."""


class TokenRejected(Exception):
    """The access token was refused: refresh it once and try once more."""


@dataclass(frozen=True)
class Grant:
    """What a token endpoint gave. `refresh_token` None: keep the one we have.

    `expires_at` None: the access token does not expire. `account` says whose account it is, where
    the source tells: a new grant of the same account takes the place of the old one, which is then
    not revoked, for that would end both.
    """

    access_token: str
    refresh_token: str | None
    expires_at: datetime | None
    scope: str
    account: str = ""


class SignalSource(ABC):
    """A kind of place that signals come from. Instances hold no state of any user.

    `kind` names the templates that show it: integrations/kinds/<kind>.html on the connect page,
    integrations/kinds/<kind>_link.html for each connection on the settings page.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    says: ClassVar[str]  # one sentence on the connect page: what is read and why
    kind: ClassVar[str]
    # Whether it is read because its user looks. What changes slowly is only read when it is due.
    read_on_look: ClassVar[bool] = True
    # How often it is read when nobody looks; 0: as SYNC_EVERY_SECONDS says.
    every_seconds: ClassVar[int] = 0
    # What it tells of, which says how old that may be: integrations/freshness.py.
    gives: ClassVar[Input] = "tasks"


class UsesOAuth(SignalSource):
    """A source that the user grants access to, and that is read over the network by workers."""

    kind = "oauth"

    @abstractmethod
    def is_configured(self) -> bool:
        """Whether the operator has set credentials."""

    @abstractmethod
    def authorize_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """Where the browser is sent. `challenge` is the PKCE S256 challenge."""

    @abstractmethod
    def exchange(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Grant:
        """The grant for a code. Raises NeedsReconnect when the code is refused, SourceTrouble."""

    @abstractmethod
    def refresh(self, refresh_token: str, *, now: datetime) -> Grant:
        """A new grant. Raises NeedsReconnect when it was revoked, SourceTrouble."""

    @abstractmethod
    def revoke(self, token: str) -> None:
        """Ends a grant at the source; an already dead one is fine. Raises SourceTrouble."""

    @abstractmethod
    def pull(self, access_token: str, *, cursor: str, now: datetime) -> TaskPull | CalendarPull:
        """Reads what changed since `cursor`; all of it (`complete`) when that is empty or the source
        knows it no more. Raises TokenRejected, NeedsReconnect, SourceTrouble.
        """


class CompletesTasks(ABC):
    """A source in which oO may tick off a task for the user."""

    @abstractmethod
    def complete(
        self, access_token: str, commands: Mapping[str, str], *, now: datetime
    ) -> dict[str, Outcome]:
        """Completes tasks: `{command uuid: external task id}`. The same uuid never acts twice.

        Returns an outcome for each; a uuid that is missing is to be tried again.
        Raises TokenRejected, NeedsReconnect, SourceTrouble.
        """


class ReopensTasks(ABC):
    """A source in which oO may open a task again that it ticked off."""

    @abstractmethod
    def reopen(
        self, access_token: str, commands: Mapping[str, str], *, now: datetime
    ) -> dict[str, Outcome]:
        """Opens tasks again, as CompletesTasks.complete completes them."""


class PostponesTasks(ABC):
    """A source in which oO may put a task off to another day. One that recurs goes on to."""

    @abstractmethod
    def postpone(
        self,
        access_token: str,
        commands: Mapping[str, tuple[str, date]],
        *,
        zone: tzinfo,
        now: datetime,
    ) -> dict[str, Outcome]:
        """Puts tasks off: `{command uuid: (external task id, the day)}`, which is a day in `zone`.
        Else as complete does.
        """


class RemembersCompleted(ABC):
    """A source that can be asked what was completed."""

    @abstractmethod
    def completed(
        self, access_token: str, *, since: datetime, until: datetime, cursor: str
    ) -> CompletedPage:
        """A page of the tasks completed from `since` to before `until`, at most three months.

        Raises TokenRejected, NeedsReconnect, SourceTrouble.
        """

    @abstractmethod
    def completed_lately(
        self, access_token: str, *, since: datetime, now: datetime
    ) -> dict[str, dict[datetime, str]]:
        """When tasks were completed, each time, those that recur too, and by whom if it says so: as
        far as the source remembers.

        Raises TokenRejected, NeedsReconnect, SourceTrouble.
        """


class TellsOfChanges(ABC):
    """A source that posts to our one address for it when something changed for one of its users."""

    most_bytes: ClassVar[int]
    signed_in: ClassVar[str]  # the header that holds the signature
    named_in: ClassVar[str]  # the header that holds the id of the delivery

    @abstractmethod
    def is_genuine(self, body: bytes, signature: str) -> bool:
        """Whether the source itself signed these bytes."""

    @abstractmethod
    def hear(self, body: bytes) -> Told:
        """What a genuine body says. Raises BadFormat."""


@dataclass(frozen=True)
class Watch:
    """A channel that a source has opened: what it watches, and until when."""

    resource_id: str
    expires_at: datetime


class SharesCalendar(UsesOAuth):
    """A calendar that the user grants access to: when they are busy, and titles only if they wish.

    What was granted, not what was asked for, says what is read.
    """

    kind = "calendar"
    gives = "calendar"

    @abstractmethod
    def authorize_url(
        self, *, state: str, challenge: str, redirect_uri: str, titles: bool = False
    ) -> str: ...

    @abstractmethod
    def gives_titles(self, scope: str) -> bool:
        """Whether a grant of this scope reaches to titles."""

    @abstractmethod
    def without_titles(self, scope: str) -> str:
        """The scope without what titles need."""

    @abstractmethod
    def pull(
        self,
        access_token: str,
        *,
        cursor: str,
        now: datetime,
        scope: str = "",
        time_zone: str = "UTC",
    ) -> CalendarPull: ...

    @abstractmethod
    def can_watch(self, scope: str) -> bool:
        """Whether the source can tell us of changes, under this scope and on this installation."""

    @abstractmethod
    def watch(
        self, access_token: str, *, channel_id: str, token: str, address: str, now: datetime
    ) -> Watch:
        """Has changes told to `address`. Raises TokenRejected, NeedsReconnect, SourceTrouble."""

    @abstractmethod
    def stop(self, access_token: str, *, channel_id: str, resource_id: str) -> None:
        """Ends a channel; one that is gone is fine. Raises TokenRejected, SourceTrouble."""


class UsesAddress(SignalSource):
    """A source that is read from a secret address which the user pastes; there may be several."""

    kind = "feed"
    gives = "calendar"
    read_on_look = False
    every_seconds = 1_800
    most: ClassVar[int]  # for one user

    @abstractmethod
    def understand(self, typed: str) -> str:
        """The address as it will be fetched. Raises BadFormat with a message for the user."""

    @abstractmethod
    def pull(self, address: str, *, cursor: str, now: datetime, time_zone: str) -> CalendarPull:
        """Reads what is there, unless nothing changed since `cursor`. Raises SourceTrouble, whose
        code tells the user what to do (integrations/troubles.py).
        """


class AcceptsFile(SignalSource):
    """A source whose data the user hands over as a file."""

    kind = "file"
    accept: ClassVar[str]  # for the file chooser

    @abstractmethod
    def read(self, file: BinaryIO, *, time_zone: str, now: datetime) -> CalendarPull | TaskPull:
        """Raises BadFormat with a message for the user. Bounded in time and memory."""


class AcceptsExport(SignalSource):
    """A source whose data the user hands over as a file too large to be read while they wait.

    `consent` is the document that they agree to with each file, for itself and beforehand.
    """

    kind = "file_export"
    gives = "health"
    read_on_look = False
    accept: ClassVar[str]  # for the file chooser
    consent: ClassVar[str]

    @abstractmethod
    def read(self, file: BinaryIO, *, tell: Callable[[int], None], now: datetime) -> HealthPull:
        """Raises BadFormat with a message for the user. Bounded in time and memory.

        `tell` is called with the percentage that was read, every few seconds also when that is the
        same: the claim on the file lasts as long. What it raises ends the reading.
        """


class TakesPosts(SignalSource):
    """A source that posts to us, at endpoints that the user makes: named, each with its secret."""

    kind = "endpoint"
    read_on_look = False

    @abstractmethod
    def understand(self, body: bytes, *, now: datetime) -> TaskPull:
        """What a delivery says. Raises BadFormat with a message for who sent it."""


sources: Registry[SignalSource] = Registry("SOURCES", SignalSource)


def posting_sources() -> list[str]:
    """The ids of the sources that post to endpoints of their users'."""
    return [source.id for source in sources if isinstance(source, TakesPosts)]
