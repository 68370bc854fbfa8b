"""One language, as far as the lint can read it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """`refused` maps what is wrong with a phrase (a key of agents.writing.lint.WRONG) to phrases.

    A phrase is a pattern of whole words in lower case and without accents, `\\w*` for any ending.
    `common` are the words that tell one language from another, with their accents.
    """

    code: str
    name: str
    refused: Mapping[str, tuple[str, ...]]
    common: frozenset[str]


def phrases(block: str) -> tuple[str, ...]:
    """The phrases of a block, in which slashes stand between them."""
    return tuple(" ".join(phrase.split()) for phrase in block.split("/") if phrase.strip())


def words(block: str) -> frozenset[str]:
    return frozenset(block.split())
