"""The statistics behind what is inferred, each from where it is described.

Confidence is always the chance that the belief would stand if there were more of the same history;
never the chance that the numbers it cites are right: those are counted.
"""

import math
from collections.abc import Sequence

# sqrt(1/Phi^-1(3/4)^2): makes the median deviation of a normal sample its standard deviation.
_MAD_TO_STDEV = 1.4826


def normal(z: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def at_least(hits: int, of: int, share: float) -> float:
    """The chance of `hits` or more of so many independent tries, each of chance `share`.

    The binomial tail, added up exactly; log-gamma keeps the terms from overflowing.
    """
    if hits <= 0:
        return 1.0
    if hits > of:
        return 0.0
    if share in (0.0, 1.0):
        return share
    log_hit, log_miss = math.log(share), math.log1p(-share)
    whole = math.lgamma(of + 1)

    def chance(k: int) -> float:
        log_ways = whole - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        return math.exp(log_ways + k * log_hit + (of - k) * log_miss)

    # The shorter tail has fewer terms to add, and what is near 1 comes from what is near 0.
    if hits > of * share:
        return min(1.0, math.fsum(map(chance, range(hits, of + 1))))
    return max(0.0, 1.0 - math.fsum(map(chance, range(hits))))


def stands_out(hits: int, of: int, share: float, *, among: int) -> float:
    """How sure it is that the largest of `among` parts is no accident of an even spread.

    One minus the binomial tail times the number of parts it was picked from (Bonferroni's
    correction; O. J. Dunn, 1961, JASA 56).
    """
    return max(0.0, 1.0 - among * at_least(hits, of, share))


def ahead(first: int, second: int) -> float:
    """How sure it is that one count is really the larger: the sign test, as a normal (Conover, 1999)."""
    total = first + second
    return normal((first - second) / math.sqrt(total)) if total else 0.5


def above_nothing(differences: Sequence[float]) -> float:
    """How sure it is that the mean of these is above 0: one of each day, however much was done on it.

    A standard error between days allows for what goes together within one (Liang and Zeger, 1986).
    """
    if len(differences) < 2:
        return 0.5
    middle, spread = mean(differences), stdev(differences)
    if not spread:
        return 1 - 0.5 ** len(differences) if middle > 0 else 0.5
    return normal(middle / spread * math.sqrt(len(differences)))


def nearest_rank(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them do not exceed.

    Hyndman and Fan (1996), definition 1: always one of the values, so what is said of it is exact.
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def quantile_within(values: Sequence[float], share: float, low: float, high: float) -> float:
    """How sure it is that the real quantile lies in [low, high].

    The coverage of an interval between order statistics (David and Nagaraja, 2003, section 7.1).
    """
    below = sum(value < low for value in values)
    not_above = sum(value <= high for value in values)
    count = len(values)
    return max(0.0, at_least(below + 1, count, share) - at_least(not_above, count, share))


def robust_z(value: float, sample: Sequence[float], usual: float) -> float | None:
    """How many usual deviations a value is from what is usual; None when the sample never varies.

    By the median absolute deviation of the sample (Iglewicz and Hoaglin, 1993): one night without
    sleep does not change what is usual.
    """
    if not sample:
        return None
    middle = median(sample)
    deviation = median([abs(one - middle) for one in sample]) * _MAD_TO_STDEV
    return (value - usual) / deviation if deviation else None


def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def stdev(values: Sequence[float]) -> float:
    """The sample standard deviation, with n - 1."""
    middle = mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def change_z(before: Sequence[float], after: Sequence[float]) -> float | None:
    """How many standard errors the mean went up by; None when nothing ever varies.

    The two-sample z statistic with the standard deviation of both together.
    """
    spread = stdev([*before, *after])
    if not spread:
        return None
    return (mean(after) - mean(before)) / (spread * math.sqrt(1 / len(before) + 1 / len(after)))


def within_a_quarter(error: float, of: float) -> float:
    """How sure an estimate with this standard error is right to within a quarter of itself."""
    if not error:
        return 1.0
    return 2 * normal(0.25 * of / error) - 1


def longest_run(counts: Sequence[int]) -> tuple[int, int, int]:
    """The longest run of parts of a circle below the mean: `(begins, ends, how much is in it)`.

    Of runs of one length the emptiest, then the earliest. `ends` is the first part after it; both
    are 0 when no part is below the mean.
    """
    size = len(counts)

    def emptiest(run: tuple[int, int, int]) -> tuple[int, int, int]:
        begins, ends, inside = run
        return -((ends - begins) % size), inside, begins

    return min(runs(counts), key=emptiest, default=(0, 0, 0))


def runs(counts: Sequence[int]) -> list[tuple[int, int, int]]:
    """All runs of parts of a circle below the mean, as `longest_run` tells them."""
    size, total = len(counts), sum(counts)
    below = [count * size < total for count in counts]
    found = []
    for begins in range(size):
        if not below[begins] or below[begins - 1]:
            continue
        length = next(n for n in range(1, size + 1) if not below[(begins + n) % size])
        inside = sum(counts[(begins + n) % size] for n in range(length))
        found.append((begins, (begins + length) % size, inside))
    return found


def ranks(values: Sequence[float]) -> list[float]:
    """Their places in order, from 1; those that are equal share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    placed = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for place in range(first, last + 1):
            placed[order[place]] = (first + last) / 2 + 1
        first = last + 1
    return placed


def rank_correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Spearman's rho (1904), ties at their mean rank; None when either never varies."""
    first, second = ranks(xs), ranks(ys)
    middle = (len(xs) + 1) / 2
    both = math.fsum((a - middle) * (b - middle) for a, b in zip(first, second, strict=True))
    squares = [math.fsum((a - middle) ** 2 for a in placed) for placed in (first, second)]
    return both / math.sqrt(squares[0] * squares[1]) if all(squares) else None


def rank_correlation_error(rho: float, count: int) -> tuple[float, float]:
    """Rho on Fisher's scale and its standard error there (Fieller, Hartley and Pearson, 1957)."""
    return math.atanh(max(-0.999999, min(0.999999, rho))), math.sqrt(1.06 / (count - 3))
