"""The contract of a source: one file in integrations/sources/, one line in settings.SOURCES."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, ClassVar, Literal

from integrations.formats.facts import CalendarPull, TaskPull
from oo.lib.registry import Registry

# What became of a command: done, there is no such task (any more), or the source won't do it.
Outcome = Literal["ok", "gone", "refused"]


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

    `expires_at` None: the access token does not expire.
    """

    access_token: str
    refresh_token: str | None
    expires_at: datetime | None
    scope: str


class SignalSource(ABC):
    """A kind of place that signals come from. Instances hold no state of any user."""

    id: ClassVar[str]
    name: ClassVar[str]
    says: ClassVar[str]  # one sentence on the connect page: what is read and why


class UsesOAuth(SignalSource):
    """A source that the user grants access to, and that is read over the network by workers."""

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
    def pull(self, access_token: str, *, cursor: str, now: datetime) -> TaskPull:
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


class AcceptsFile(SignalSource):
    """A source whose data the user hands over as a file."""

    accept: ClassVar[str]  # for the file chooser

    @abstractmethod
    def read(self, file: BinaryIO, *, time_zone: str, now: datetime) -> CalendarPull:
        """Raises BadFormat with a message for the user. Bounded in time and memory."""


sources: Registry[SignalSource] = Registry("SOURCES", SignalSource)
