"""What everyday words are about: a lexicon that needs no model, in topics.txt. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LIGHT, FAINT = "light", "faint"
FAINTLY = 0.3
SHORTEST_STEM = 3


@dataclass(frozen=True)
class Lexicon:
    """Which topics a word may belong to, "faint" among them where it tells less than others do.
    `light` are words that belong to none.
    """

    topics: tuple[str, ...]
    whole: dict[str, frozenset[str]]
    begins: dict[str, frozenset[str]]
    within: tuple[tuple[str, frozenset[str]], ...]
    light: frozenset[str]

    def of(self, word: str) -> frozenset[str]:
        """The topics of a folded word. What is known of the word itself goes before its beginning,
        and the longest beginning before what is in it.
        """
        if word in self.light:
            return frozenset()
        if word in self.whole:
            return self.whole[word]
        for end in range(len(word), SHORTEST_STEM - 1, -1):
            if word[:end] in self.begins:
                return self.begins[word[:end]]
        inside = [(part, topics) for part, topics in self.within if part in word]
        return max(inside, key=lambda one: len(one[0]), default=("", frozenset[str]()))[1]

    def weights(self, word: str) -> dict[str, float]:
        """How much a folded word says for each topic; 1 in all, FAINTLY where it is faint."""
        topics = self.of(word)
        telling = topics - {FAINT}
        weight = FAINTLY if FAINT in topics else 1.0
        return {topic: weight / len(telling) for topic in telling}


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    return read((Path(__file__).parent / "topics.txt").read_text(encoding="utf-8").splitlines())


def read(lines: Iterable[str]) -> Lexicon:
    """Raises ValueError for a line that is no line of a lexicon."""
    topic, names = "", []
    whole: dict[str, set[str]] = {}
    begins: dict[str, set[str]] = {}
    within: dict[str, set[str]] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("[") and text.endswith("]"):
            topic = text[1:-1]
            names.append(topic)
            continue
        for pattern in text.split():
            stem = pattern.strip("*")
            if not topic or not stem or "*" in stem:
                raise ValueError(f"line {number}: {pattern!r} is no word under a topic")
            kind = within if pattern.startswith("*") else begins if pattern[-1] == "*" else whole
            kind.setdefault(stem, set()).add(topic)
            if kind is begins:  # a word is the beginning of itself
                whole.setdefault(stem, set()).add(topic)
    light = frozenset(word for word, of in whole.items() if LIGHT in of)
    return Lexicon(
        topics=tuple(name for name in names if name not in (LIGHT, FAINT)),
        whole={word: frozenset(of) for word, of in whole.items()},
        begins={word: frozenset(of) for word, of in begins.items()},
        within=tuple((word, frozenset(of)) for word, of in sorted(within.items())),
        light=light,
    )
