"""Have features, predictions or rewards changed? With alarms that do not cry wolf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.evaluation.log import Floats, Ints, TooLittleData

# Differences smaller than these are not worth anyone's attention, however sure. An index of 0.1 is
# where credit scoring, which the index comes from, begins to look.
PSI_MATTERS = DISTANCE_MATTERS = 0.1

BINS = 10
FLIPS = 1999
AT_ONCE = 1_000_000  # signs drawn at a time: memory stays flat with many people

LEAST_PEOPLE, LEAST_DECISIONS = 10, 100


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Values (n,) of each watched quantity over the days [begin, end) (ordinals), and whose (n,).

    Every quantity has as many values as `person`. Where there are only few people, give the day's
    ordinal for `person`: what is taken to be independent is what stands there. Take whole weeks, or
    the weekday is found to have changed. NaN: not known in that decision, left out. Raises
    ValueError for another length, infinity, and a window without days.
    """

    values: Mapping[str, Floats]
    person: Ints
    begin: int
    end: int

    def __post_init__(self) -> None:
        for name, values in self.values.items():
            if values.shape != self.person.shape or np.isinf(values).any():
                raise ValueError(f"{name}: of another length than person, or infinite")
        if self.begin >= self.end:
            raise ValueError("a window begins before it ends")


@dataclass(frozen=True, slots=True)
class Shift:
    """How a quantity differs between two windows.

    psi: population stability index over bins of both windows taken together. distance: the largest
    difference of the two distribution functions (Kolmogorov and Smirnov). p_value: that people's
    own ups and downs made such a difference. flagged: significant among all quantities of the
    look, and large enough to matter.
    """

    name: str
    psi: float
    distance: float
    p_value: float
    flagged: bool


@dataclass(frozen=True, slots=True)
class Look:
    """All shifts of the window [begin, end) against the reference, and how many were in either."""

    begin: int
    end: int
    shifts: tuple[Shift, ...]
    people: int


def compare(
    reference: Window, recent: Window, rng: np.random.Generator, *, q: float = 0.05
) -> Look:
    """One look. Of the quantities flagged, at most the share `q` is expected to be chance.

    The p-value asks what would be if each person's two windows might as well be exchanged: the
    signs of people's contributions to the difference are flipped at random (the wild cluster
    bootstrap under the null, Cameron, Gelbach & Miller 2008, "Bootstrap-based improvements for
    inference with clustered errors", section III). It is taken for the index and for the distance,
    and the smaller counts, doubled. Over quantities: Benjamini & Hochberg 1995.

    Raises TooLittleData for too few people or decisions, ValueError if the windows overlap or hold
    different quantities.
    """
    if reference.values.keys() != recent.values.keys() or not reference.values:
        raise ValueError("the windows hold different quantities, or none")
    if reference.begin < recent.end and recent.begin < reference.end:
        raise ValueError("the windows overlap")
    who = np.concatenate((reference.person, recent.person))
    people, codes = np.unique(who, return_inverse=True)
    is_recent = np.repeat((False, True), (reference.person.size, recent.person.size))
    for window in (reference, recent):
        there = np.unique(window.person).size
        if there < LEAST_PEOPLE:
            raise TooLittleData("people", LEAST_PEOPLE, there)
    binned = []
    for name in reference.values:
        values = np.concatenate((reference.values[name], recent.values[name]))
        known = ~np.isnan(values)
        for which in (known & is_recent, known & ~is_recent):
            if which.sum() < LEAST_DECISIONS:
                raise TooLittleData(f"decisions with {name}", LEAST_DECISIONS, which.sum())
        binned.append(_bin(values[known], is_recent[known], codes[known], people.size))
    p_values = _p_values(binned, people.size, rng)
    significant = benjamini_hochberg(p_values, q)
    shifts = tuple(
        Shift(
            name,
            found.psi,
            found.distance,
            float(p),
            bool(sure) and (found.psi >= PSI_MATTERS or found.distance >= DISTANCE_MATTERS),
        )
        for name, found, p, sure in zip(
            reference.values, binned, p_values, significant, strict=True
        )
    )
    return Look(recent.begin, recent.end, shifts, people.size)


def alarms(looks: Sequence[Look]) -> tuple[str, ...]:
    """The quantities to raise an alarm for, given all looks so far, in order of `end`.

    A quantity that is flagged in the last look and in the last look before it whose window does
    not overlap with it: a bad week is no drift, two in a row are.
    """
    if not looks:
        return ()
    last = looks[-1]
    before = next((look for look in reversed(looks[:-1]) if look.end <= last.begin), None)
    if before is None:
        return ()
    flagged = {shift.name for shift in before.shifts if shift.flagged}
    return tuple(s.name for s in last.shifts if s.flagged and s.name in flagged)


def benjamini_hochberg(p_values: Floats, q: float) -> npt.NDArray[np.bool_]:
    """Which hypotheses are rejected at a false discovery rate of q. p_values (m,)."""
    order = np.argsort(p_values)
    fits = p_values[order] <= q * np.arange(1, p_values.size + 1) / p_values.size
    rejected = np.zeros(p_values.size, dtype=np.bool_)
    if fits.any():
        rejected[order[: int(np.flatnonzero(fits)[-1]) + 1]] = True
    return rejected


@dataclass(frozen=True, eq=False, slots=True)
class _Binned:
    """A quantity in k bins: who contributed what to the difference (people, k), and its sizes."""

    contributions: Floats
    expected: Floats
    psi: float
    distance: float


def _bin(
    values: Floats, is_recent: npt.NDArray[np.bool_], codes: npt.NDArray[np.intp], people: int
) -> _Binned:
    # Both windows together decide on the bins, so that neither is special when they are exchanged.
    distinct = np.unique(values)
    if distinct.size > BINS:
        distinct = np.unique(np.quantile(values, np.arange(1, BINS + 1) / BINS, method="lower"))
    place = np.minimum(np.searchsorted(distinct, values), distinct.size - 1)
    cells = (codes * distinct.size + place, people * distinct.size)
    counts = [
        np.bincount(cells[0][which], minlength=cells[1]).reshape(people, distinct.size)
        for which in (~is_recent, is_recent)
    ]
    before, after = (count.sum(axis=0) for count in counts)
    together = (before + after) / values.size
    parts = [
        (count - count.sum(axis=1, keepdims=True) * together) / count.sum() for count in counts
    ]
    # Half a decision in each bin, so that an empty one is not infinitely surprising.
    old, new = ((count + 0.5) / (count.sum() + 0.5 * distinct.size) for count in (before, after))
    return _Binned(
        contributions=parts[1] - parts[0],
        expected=together,
        psi=float(((new - old) * np.log(new / old)).sum()),
        distance=float(np.abs(np.cumsum(after / after.sum() - before / before.sum())).max()),
    )


def _p_values(binned: Sequence[_Binned], people: int, rng: np.random.Generator) -> Floats:
    contributions = np.concatenate([found.contributions for found in binned], axis=1)
    seen = _statistics(binned, contributions.sum(axis=0)[None])
    as_large = np.zeros(seen.shape[1:])
    chunk = max(1, AT_ONCE // people)
    for begin in range(0, FLIPS, chunk):
        count = min(chunk, FLIPS - begin)
        signs = rng.integers(0, 2, (count, people)) * 2.0 - 1.0
        # The slack is for rounding: flipping everyone gives the same difference.
        as_large += (_statistics(binned, signs @ contributions) >= seen * (1 - 1e-9)).sum(axis=0)
    smaller: Floats = ((1.0 + as_large) / (1.0 + FLIPS)).min(axis=1)
    return np.minimum(1.0, 2.0 * smaller)


def _statistics(binned: Sequence[_Binned], differences: Floats) -> Floats:
    """Of each row of differences (rows, all bins): (rows, quantities, 2), the index to first order
    (Σ difference² / share) and the distance."""
    result = np.empty((len(differences), len(binned), 2))
    begin = 0
    for index, found in enumerate(binned):
        part = differences[:, begin : begin + found.expected.size]
        begin += found.expected.size
        result[:, index, 0] = (part**2 / found.expected).sum(axis=1)
        result[:, index, 1] = np.abs(part.cumsum(axis=1)).max(axis=1)
    return result
