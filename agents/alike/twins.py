"""Titles that say the same: one task noted twice. Pure, and strict: a task wrongly held for another's
twin would not be offered, so numbers, names and single words that differ keep titles apart.

What may differ: case, accents and how umlauts are spelled, punctuation, articles, the order of
words, a plural's s, a letter left out, doubled or swapped in a long word, `buy` and its like. Not so
of what may be a name, which is what begins with a capital: only its case and its accents may differ.
And not of what holds a digit, or is an address: that is compared sign by sign, in its order.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from agents.alike.words import ADDRESS, LONGEST, fold, words

FILLER, RELATION, BUY, CALL = "filler", "relation", "buy", "call"
LONG = 6
"""Letters a word needs for a slip in it to be taken for one."""
LONGER_THAN_NAMES = 12
"""Letters a word with a capital needs for that: Christian is not Christina."""
MOST_NEAR = 50
"""So many titles with one key are compared: more is a list of numbers or the like."""
FIRM = 2
"""Letters at its beginning in which there is no slip: an-melden is not ab-melden."""

_EXACT = re.compile(r"\d|\w[+#]")  # 1.12 is not 11.2, C is not C++
_OPENING, _CLOSING = "([{“„«", ".,;:!?…)]}“”»"
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe"})


class Word(NamedTuple):
    """A telling word: as folding leaves it, and with its umlauts written out. `exact` is what holds a
    digit, `capital` what may be a name, `initials` what is all capitals.
    """

    plain: str
    spelled: str
    exact: bool = False
    capital: bool = False
    initials: bool = False


class Title(NamedTuple):
    """Its telling words, and what relates each to what is before it."""

    telling: tuple[Word, ...]
    links: tuple[str, ...]


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
    stands = _match(a.telling, b.telling)
    return stands is not None and _related(a, b, stands)


def _read(title: str) -> Title:
    known = _small_words()
    telling: list[Word] = []
    links: list[str] = []
    relation = ""
    for word in _words(title):
        kind, plain = known.get(word.plain, ("", word.plain))
        if kind == FILLER:
            continue
        if kind == RELATION:
            relation = plain
            continue
        telling.append(Word(plain, plain) if kind else word)
        links.append(relation)
        relation = ""
    if relation:  # "turn the heating on"
        telling.append(Word(relation, relation))
        links.append("")
    buy = Word(BUY, BUY)
    if len(telling) > 1 and buy in telling:
        links.pop(telling.index(buy))
        telling.remove(buy)
    return Title(tuple(telling), tuple(links))


def _words(title: str) -> Iterator[Word]:
    for piece in unicodedata.normalize("NFKC", title[:LONGEST]).split():
        if _EXACT.search(piece) or ADDRESS.search(piece):
            sign = piece.lstrip(_OPENING).rstrip(_CLOSING).casefold()
            yield Word(sign, sign, exact=True)
            continue
        capital = any(map(str.isupper, piece))
        initials = piece.isupper() and sum(map(str.isalpha, piece)) > 1
        plain, spelled = (words(fold(form)) for form in (piece, _written_out(piece)))
        if len(plain) != len(spelled):  # a sign that is another once it is folded
            spelled = plain
        for word, other in zip(plain, spelled, strict=True):
            yield Word(word, other, capital=capital, initials=initials)


def _written_out(text: str) -> str:
    """Umlauts are written in two ways: Müll is Muell. Where there is none, ue is no umlaut."""
    return text if text.isascii() else text.casefold().translate(_UMLAUTS)


def _keys(telling: Sequence[Word]) -> Iterator[tuple[str, ...]]:
    """Two titles that say the same share at least one of these."""
    exact = _exact(telling)
    free = [word.plain for word in telling if not word.exact]
    yield ("joined", _loose("".join(free)), *exact)
    ordered = sorted(_stem(_loose(word)) for word in free)
    yield ("words", *ordered, *exact)
    for gone, word in enumerate(ordered):
        yield (f"{word[:FIRM]}…", *ordered[:gone], *ordered[gone + 1 :], *exact)


def _loose(word: str) -> str:
    """One spelling for whatever may be an umlaut: to look further, not to take it for the same."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _match(one: Sequence[Word], two: Sequence[Word]) -> dict[str, str] | None:
    """Which other words of the second title stand for which of the first; None where the two differ."""
    if _exact(one) != _exact(two) or not _in_order(one, two):
        return None
    mine, theirs = _beyond(one, two), _beyond(two, one)
    if len(mine) != len(theirs):
        return {} if _joined(one) & _joined(two) else None
    stands: dict[str, str] = {}
    for alike in (_spelled_so, _slipped):
        for word in tuple(mine):
            other = next((other for other in theirs if alike(word, other)), None)
            if other is not None:
                mine.remove(word)
                theirs.remove(other)
                stands[other.plain] = word.plain
        if len(mine) > 1:  # more than one slip is another title
            break
    return stands if not mine or _joined(one) & _joined(two) else None


def _exact(telling: Sequence[Word]) -> list[str]:
    return [word.plain for word in telling if word.exact]


def _in_order(one: Sequence[Word], two: Sequence[Word]) -> bool:
    """Whether initials stand as they do in the other: from BER to MUC is not from MUC to BER."""
    fixed = {word.plain for word in (*one, *two) if word.initials}
    fixed &= {word.plain for word in one} & {word.plain for word in two}
    a, b = ([word.plain for word in some if word.plain in fixed] for some in (one, two))
    return a == b


def _joined(telling: Sequence[Word]) -> set[str]:
    free = [word for word in telling if not word.exact]
    return {"".join(word.plain for word in free), "".join(word.spelled for word in free)}


def _beyond(one: Sequence[Word], two: Sequence[Word]) -> list[Word]:
    """The words of one that are not, letter for letter, in the other."""
    there = Counter(word.plain for word in two)
    found = []
    for word in one:
        there[word.plain] -= 1
        if there[word.plain] < 0:
            found.append(word)
    return found


def _spelled_so(one: Word, two: Word) -> bool:
    """Whether a word is another, but for how it is spelled, or for a plural's s if it is no name."""
    if one.spelled == two.spelled:
        return True
    return not (one.capital or two.capital) and _stem(one.spelled) == _stem(two.spelled)


def _slipped(one: Word, two: Word) -> bool:
    if one.exact or two.exact:
        return False
    if one.capital or two.capital:
        return slip(one.plain, two.plain, least=LONGER_THAN_NAMES)
    return slip(_stem(one.plain), _stem(two.plain))


def slip(one: str, two: str, *, least: int = LONG) -> bool:
    """Whether a long word is another with a letter too many, too few, or two of them swapped."""
    short, long = sorted((one, two), key=len)
    if len(short) < least or short[:FIRM] != long[:FIRM] or not (short + long).isascii():
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


def _related(a: Title, b: Title, stands: Mapping[str, str]) -> bool:
    """Whether nothing is `for` in one title that is `from` in the other, nor for somebody else."""
    mine = {word.plain: link for word, link in zip(*a, strict=True) if link}
    theirs = {
        stands.get(word.plain, word.plain): link for word, link in zip(*b, strict=True) if link
    }
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
