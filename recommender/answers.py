"""How each kind of tip is answered: the reactions it takes, and what they are called there.

On the wire a reaction has one name for all kinds; "done" is the good answer. Only of a task does it
mean that it was done.
"""

from collections.abc import Mapping
from typing import NamedTuple

from recommender.bandit.reward import Reaction

# Two words that are more than a reaction. A snooze, for what is learned; and its task is put off to
# tomorrow in its source, where that can be.
NOT_TODAY = "not_today"
# The good answer to a reminder, for what is learned; and its task is completed.
COMPLETE = "complete"
COMPLETED, POSTPONED = "Done already", "Not today"  # what their buttons say
REACTIONS = (*(str(one) for one in Reaction), NOT_TODAY, COMPLETE)


class Way(NamedTuple):
    """One way to answer: what is sent, what its button says, its key, what is said then."""

    reaction: str
    label: str
    key: str
    says: str

    @property
    def spoken(self) -> str:
        """Its label in the middle of a sentence."""
        return (
            self.label if self.label.startswith("I’") else self.label[:1].lower() + self.label[1:]
        )


_LATER = Way("snooze", "Later", "s", "Later, then.")
WAYS: Mapping[str, tuple[Way, ...]] = {
    "task": (
        Way("done", "Done", "d", "Done."),
        _LATER,
        Way("dismiss", "Not this", "x", "Gone."),
    ),
    "advice": (
        Way("done", "I’ll do it", "d", "Good."),
        _LATER,
        Way("dismiss", "Not for me", "x", "Gone."),
    ),
    "insight": (
        Way("done", "Good to know", "d", "Noted."),
        Way("dismiss", "Not useful", "x", "Gone."),
    ),
    "reminder": (
        Way("done", "Got it", "d", "All right."),
        Way("dismiss", "Not this", "x", "Gone."),
    ),
    "silence": (Way("show", "Show me one anyway", "", "Here is one."),),
}


def way(kind: str, reaction: str) -> Way:
    """How this reaction goes for a kind, also where it is not offered: an older page may send it."""
    return next((one for one in WAYS[kind] if one.reaction == reaction), _LATER)


def meant(word: str) -> Reaction:
    """The reaction that a word stands for. Raises ValueError for another word."""
    if word == NOT_TODAY:
        return Reaction.SNOOZE
    return Reaction.DONE if word == COMPLETE else Reaction(word)


def takes(kind: str, word: str) -> bool:
    """Whether a kind, or silence, can be answered with a word."""
    if word == COMPLETE:
        return kind in ("task", "reminder")
    silent = kind == "silence"
    return silent == (meant(word) is Reaction.SHOW)


def completes(kind: str, word: str) -> bool:
    """Whether a word says that the task of a tip is done."""
    return word == COMPLETE or (kind == "task" and meant(word) is Reaction.DONE)
