"""Titles that say the same: one task noted twice. Pure, and strict: a task wrongly held for another's
twin would not be offered, so numbers, names and single words that differ keep titles apart.

What may differ: case, accents and how umlauts are spelled, punctuation, articles, the order of
words, a plural's s, a letter left out, doubled or swapped in a long word, `buy` and its like.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from agents.alike.words import fold, words

FILLER, RELATION, BUY, CALL = "filler", "relation", "buy", "call"
LONG = 6
"""Letters a word needs for a slip in it to be taken for one."""
MOST_NEAR = 50
"""So many titles with one key are compared: more is a list of numbers or the like."""
FIRM = 2
"""Letters at its beginning in which there is no slip: an-melden is not ab-melden."""

Title = tuple[tuple[str, ...], tuple[str, ...]]  # its telling words, and what relates them


def twins(titles: Sequence[str]) -> dict[int, int]:
    """For each title that says the same as an earlier one: the number of the first of those."""
    read = [_read(title) for title in titles]
    first: dict[int, int] = {}
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, (telling, _) in enumerate(read):
        if not telling:
            continue
        keys = list(_keys(telling))
        near = sorted({other for key in keys for other in places[key][:MOST_NEAR]})
        for other in near:
            if same(read[other], read[number]):
                first[number] = first.get(other, other)
                break
        for key in keys:
            places[key].append(number)
    return first


def same(a: Title, b: Title) -> bool:
    """Whether two titles say the same."""
    (one, links), (two, others) = a, b
    return _match(one, two) and _related(one, links, two, others)


def _read(title: str) -> Title:
    known = _small_words()
    telling: list[str] = []
    links: list[str] = []
    relation = ""
    for word in words(fold(title)):
        kind, plain = known.get(word, ("", word))
        if kind == FILLER:
            continue
        if kind == RELATION:
            relation = plain
            continue
        telling.append(_spelled(plain))
        links.append(relation)
        relation = ""
    if relation:  # "turn the heating on"
        telling.append(relation)
        links.append("")
    if len(telling) > 1 and BUY in telling:
        links.pop(telling.index(BUY))
        telling.remove(BUY)
    return tuple(telling), tuple(links)


def _spelled(word: str) -> str:
    """Umlauts are written in two ways, and folding leaves one of them."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _keys(telling: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Two titles that say the same share at least one of these."""
    yield ("joined", "".join(telling))
    ordered = sorted(map(_stem, telling))
    yield ("words", *ordered)
    for gone, word in enumerate(ordered):
        yield (f"{word[:FIRM]}…", *ordered[:gone], *ordered[gone + 1 :])


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _match(one: Sequence[str], two: Sequence[str]) -> bool:
    if "".join(one) == "".join(two):
        return True
    a, b = Counter(map(_stem, one)), Counter(map(_stem, two))
    mine, theirs = list((a - b).elements()), list((b - a).elements())
    if not mine and not theirs:
        return True
    return len(mine) == len(theirs) == 1 and slip(mine[0], theirs[0])


def slip(one: str, two: str) -> bool:
    """Whether a long word is another with a letter too many, too few, or two of them swapped."""
    short, long = sorted((one, two), key=len)
    if len(short) < LONG or short[:FIRM] != long[:FIRM] or not (short + long).isascii():
        return False  # in other scripts a single sign is often a word
    if any(map(str.isdigit, short + long)):
        return False
    if len(short) == len(long):
        unlike = [place for place in range(len(short)) if short[place] != long[place]]
        return (
            len(unlike) == 2
            and unlike[1] == unlike[0] + 1
            and short[unlike[0]] == long[unlike[1]]
            and short[unlike[1]] == long[unlike[0]]
        )
    return len(long) == len(short) + 1 and any(
        long[:place] + long[place + 1 :] == short for place in range(FIRM, len(long))
    )


def _related(
    one: Sequence[str], links: Sequence[str], two: Sequence[str], others: Sequence[str]
) -> bool:
    """Whether nothing is `for` in one title that is `from` in the other, nor for somebody else."""
    mine = {_stem(word): link for word, link in zip(one, links, strict=True) if link}
    theirs = {_stem(word): link for word, link in zip(two, others, strict=True) if link}
    if any(theirs.get(word, link) != link for word, link in mine.items()):
        return False
    where = {link: word for word, link in theirs.items()}
    return not any(
        link in where and where[link] != word and word not in theirs for word, link in mine.items()
    )


@lru_cache(maxsize=1)
def _small_words() -> dict[str, tuple[str, str]]:
    """What small words are: filler, a relation, or one of the words for buying or for calling."""
    found: dict[str, tuple[str, str]] = {}
    kind = ""
    text = (Path(__file__).parent / "small_words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            kind = line.strip("[] ")
        elif line and not line.startswith("#"):
            plain = {BUY: BUY, CALL: CALL}.get(kind)
            found |= {word: (kind, plain or word) for word in line.split()}
    return found
