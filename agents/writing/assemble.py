"""What a model is told, packed into the room there is. Pure and deterministic."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

# English has about four bytes to a token, other scripts fewer: three errs to the safe side, for a
# model's server cuts what is too long without a word.
BYTES_TO_A_TOKEN = 3
LONGEST_WORDS = 80

Why = Literal["no room", "stays here"]
# Signs that could end or open something in somebody's reading of the text around the data.
_BRACKETS = {"<": "\\u003c", ">": "\\u003e", "{": "\\u007b", "}": "\\u007d", "`": "\\u0060"}
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_NOT_SAID = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


@dataclass(frozen=True)
class Part:
    """A piece of context. `value` is what it is worth to know, `stays` keeps it on our machines."""

    name: str
    section: str
    data: Any  # JSON
    value: float
    stays: bool = False
    must: bool = False

    @cached_property
    def tokens(self) -> int:
        return tokens(dump(self.data)) + 1


@dataclass(frozen=True)
class LeftOut:
    name: str
    why: Why
    tokens: int


@dataclass(frozen=True)
class Packed:
    """The parts that go, in the order of the parts given, and what was left out, by name."""

    parts: tuple[Part, ...]
    left_out: tuple[LeftOut, ...]
    tokens: int

    def text(self) -> str:
        """One JSON object, a list for each section."""
        sections: dict[str, list[Any]] = {}
        for part in self.parts:
            sections.setdefault(part.section, []).append(part.data)
        return dump(sections)

    def has(self, name: str) -> bool:
        return any(part.name == name for part in self.parts)


def tokens(text: str) -> int:
    """About how many tokens a text costs, rather too many than too few."""
    return -(-len(text.encode()) // BYTES_TO_A_TOKEN)


def assemble(parts: Iterable[Part], *, room: int, remote: bool) -> Packed:
    """As much worth as there is room for: what `must` go, then what is worth most for its tokens.

    Or the one most valuable part, where that alone is worth more than all of those: so it is at least
    half of what could have been packed. The same parts give the same text in whatever order the
    values came; what `stays` goes to no remote model, must it or not.
    """
    given = list(parts)
    kept_here = [part for part in given if part.stays and remote]
    open_to_all = [part for part in given if not (part.stays and remote)]
    must = [part for part in open_to_all if part.must]
    left = room - sum(part.tokens for part in must)
    rest = [part for part in open_to_all if not part.must]
    taken: list[Part] = []
    used = 0
    for part in sorted(rest, key=lambda part: (-part.value / part.tokens, part.name)):
        if used + part.tokens <= left:
            taken.append(part)
            used += part.tokens
    fitting = [part for part in rest if part.tokens <= left]
    best = max(fitting, key=lambda part: (part.value, part.name), default=None)
    if best is not None and best.value > sum(part.value for part in taken):
        taken = [best]
    names = {part.name for part in (*must, *taken)}
    packed = tuple(part for part in given if part.name in names and not (part.stays and remote))
    left_out = [LeftOut(part.name, "stays here", part.tokens) for part in kept_here]
    left_out += [LeftOut(part.name, "no room", part.tokens) for part in rest if part not in taken]
    return Packed(
        parts=packed,
        left_out=tuple(sorted(left_out, key=lambda one: one.name)),
        tokens=sum(part.tokens for part in packed),
    )


def dump(value: Any) -> str:
    """JSON in which no string holds a bracket, a brace or a quote that something else could read."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return _STRINGS.sub(lambda found: _escaped(found.group()), text)


def _escaped(string: str) -> str:
    for sign, code in _BRACKETS.items():
        string = string.replace(sign, code)
    return string


def words(text: str) -> str:
    """A user's words as data: one line, no signs that are not seen, not too long."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(" " if unicodedata.category(c) in _NOT_SAID else c for c in plain)
    return " ".join(seen.split())[:LONGEST_WORDS]


def tally(left_out: Iterable[LeftOut]) -> list[Mapping[str, Any]]:
    """What was left out, to be written down."""
    return [{"part": one.name, "why": one.why, "tokens": one.tokens} for one in left_out]
