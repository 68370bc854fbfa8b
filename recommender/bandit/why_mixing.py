"""What an explanation says of mixing: what a tip was not chosen over, and why, from stored facts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recommender.bandit.mixing import Because

_KINDS = {"task": "tasks", "advice": "advice", "insight": "insights", "reminder": "reminders"}
_WHOSE = {
    "user": ", by the balance you chose",
    "inferred": ", by the balance oO learned from your answers",
}


@dataclass(frozen=True, slots=True)
class Mixing:
    """Kind of each candidate that was left out, and because of what; and whose the balance was."""

    left_out: Sequence[tuple[str, str]] = ()
    whose: str = "default"

    @classmethod
    def of(cls, facts: Mapping[str, object]) -> "Mixing":
        """From the facts of a decision (recommender.mix); of one that has none, nothing."""
        left_out, living = facts.get("left_out"), facts.get("living")
        if not isinstance(left_out, list) or not isinstance(living, Mapping):
            return cls()
        kinds = living["kind"]
        told = [
            (kinds[index] if isinstance(kinds, list) else kinds, because)
            for index, _, because in left_out
        ]
        return cls(told, str(facts.get("whose")))

    @property
    def narrowed(self) -> bool:
        """Whether anything that could have been said was left out."""
        return bool(self.left_out)


NO_MIXING = Mixing()


def of_mixing(mixing: Mixing) -> str:
    """One or two sentences, "" where there is nothing to tell. What somebody does not want is not
    told: they said so.
    """
    because = {str(why) for _, why in mixing.left_out}
    said = []
    full = {kind for kind, why in mixing.left_out if why == Because.SHARE}
    if full:
        said.append(f"{_share_of(full)} lately{_WHOSE.get(mixing.whose, '')}.")
    if Because.SHOWN in because:
        said.append("What you had just been shown was left out.")
    elif because & {Because.ALIKE, Because.TOPIC}:
        said.append("What is much like what you had just been shown was left out.")
    return " ".join(said)


def _share_of(kinds: Collection[str]) -> str:
    names = [name for kind, name in _KINDS.items() if kind in kinds]
    said = " and ".join(names)
    whose = "its" if names == ["advice"] else "their"
    return f"{said[0].upper()}{said[1:]} had had {whose} share"
