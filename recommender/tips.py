"""What someone who looks is shown of a decision."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agents.models import Candidate
from integrations.commands import can_complete, can_postpone
from recommender.answers import WAYS, Way
from recommender.contenders import TITLE


@dataclass(frozen=True)
class Tip:
    """What the user sees of a decision: one sentence, of which `words` are their own, if any.

    `can_wait` says that its task can be put off to tomorrow in its source, `can_complete` that the
    task it reminds of can be told to be done already.
    """

    id: str
    kind: str
    before: str
    words: str
    after: str
    created_at: datetime
    expires_at: datetime
    can_wait: bool = False
    can_complete: bool = False

    @property
    def text(self) -> str:
        return f"{self.before}{self.words}{self.after}"

    @property
    def answers(self) -> tuple[Way, ...]:
        """How its kind is answered."""
        return WAYS[self.kind]


@dataclass(frozen=True)
class Silence:
    """A decision to say nothing, until `expires_at`."""

    id: str
    expires_at: datetime


@dataclass(frozen=True)
class Look:
    """What someone who looks is shown: a tip, silence, or None when there is nothing to say.

    `connections` are their sources as recommender.moment takes them. `said` is their last reaction
    (`id` of the decision, its `kind`, `reaction`, `label`) while it can be undone. `quiet_until` is
    when their own quiet hours end, where those are why there is nothing. `reading` is whether it is
    because their list is read for the first time just now.
    """

    shown: Tip | Silence | None
    connections: list[dict[str, Any]] = field(default_factory=list)
    said: dict[str, str] | None = None
    quiet_until: datetime | None = None
    reading: bool = False

    @property
    def unstocked(self) -> bool:
        """Whether more to say may help. Before there is a list, it would only be in its way."""
        return (
            self.shown is None
            and self.quiet_until is None
            and not self.reading
            and bool(self.connections)
        )

    @property
    def tip(self) -> Tip | None:
        return self.shown if isinstance(self.shown, Tip) else None

    @property
    def silence(self) -> Silence | None:
        return self.shown if isinstance(self.shown, Silence) else None


def told(
    decision_id: object,
    kind: str,
    content: str,
    words: str,
    created_at: datetime,
    expires_at: datetime,
    source: str | None,
) -> Tip:
    """A tip with the user's own words where its content has a place for them."""
    before, mark, after = content.partition(TITLE)
    return Tip(
        id=str(decision_id),
        kind=kind,
        before=before,
        words=words if mark else "",
        after=after,
        created_at=created_at,
        expires_at=expires_at,
        can_wait=source is not None and can_postpone(source),
        can_complete=(
            source is not None and kind == Candidate.Kind.REMINDER and can_complete(source)
        ),
    )
