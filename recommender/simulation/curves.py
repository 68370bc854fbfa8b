"""What a run says: normalised scores over any stretch, with standard errors over seeds.

score = (policy - random) / (oracle - random), sums of worth over all decisions of the stretch: 0 is
chance, 1 is knowing everything. Standard errors are of the mean over seeds, since people of one
seed share a prior that is learned from all of them; NaN for a single seed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.bandit.arrays import Floats
from recommender.simulation.run import Outcome

Mask = npt.NDArray[np.bool_]
Stretch = Callable[[Outcome], Mask]
"""Which decisions (people, decisions) of a run are meant."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over seeds, its standard error, and what each seed gave."""

    mean: float
    error: float
    each: tuple[float, ...]

    def __str__(self) -> str:
        if math.isnan(self.error):
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ± {self.error:.3f}"


def measured(each: Sequence[float]) -> Measured:
    """The mean of one number per seed. Raises ValueError for none."""
    if not each:
        raise ValueError("there is nothing to take a mean of")
    error = float(np.std(each, ddof=1) / math.sqrt(len(each))) if len(each) > 1 else math.nan
    return Measured(float(np.mean(each)), error, tuple(float(one) for one in each))


def score(outcome: Outcome, name: str, where: Mask) -> float:
    """The normalised score of an entrant where `where` (people, decisions) is true.

    NaN where there is nothing to gain: the best is no better than chance.
    """
    track = outcome.tracks[name]
    chance = track.random[where].sum()
    gain = track.oracle[where].sum() - chance
    return float((track.worth[where].sum() - chance) / gain) if gain > 1e-12 else math.nan


# --- stretches --------------------------------------------------------------------------------


def prefix(decisions: int, *, start: int = 0) -> Stretch:
    """Decisions start + 1 to `decisions` of each person."""

    def where(outcome: Outcome) -> Mask:
        mask = _nowhere(outcome)
        mask[:, start:decisions] = True
        return mask

    return where


def last_third(decisions: int) -> Stretch:
    """The first `decisions` of the last third of people to arrive, who meet a learned prior."""

    def where(outcome: Outcome) -> Mask:
        mask = _nowhere(outcome)
        people = len(mask)
        mask[people - max(1, people // 3) :, :decisions] = True
        return mask

    return where


def since_turn(first: int, last: int) -> Stretch:
    """Each person's decisions no. first + 1 to `last` since the population changed, of those who
    had arrived before. Raises ValueError in a world that does not turn.
    """

    def where(outcome: Outcome) -> Mask:
        since = _since_turn(outcome)
        return (since >= first) & (since < last)

    return where


def _since_turn(outcome: Outcome) -> npt.NDArray[np.intp]:
    """How many decisions after the change each decision is, -1 for those of later arrivals."""
    if outcome.turned is None:
        raise ValueError(f"nothing turns in the world {outcome.world!r}")
    decisions = _nowhere(outcome).shape[1]
    turned_at = (outcome.turned - outcome.arrives) * outcome.per_day
    since = np.arange(decisions) - turned_at[:, None]
    return np.where(turned_at[:, None] > 0, since, -1)


def _nowhere(outcome: Outcome) -> Mask:
    track = next(iter(outcome.tracks.values()))
    return np.zeros(track.worth.shape, dtype=np.bool_)


# --- tables and curves ------------------------------------------------------------------------


def over_seeds(outcomes: Sequence[Outcome], name: str, stretch: Stretch) -> Measured:
    """An entrant's score over a stretch, one number per seed."""
    return measured([score(outcome, name, stretch(outcome)) for outcome in outcomes])


def ahead(outcomes: Sequence[Outcome], name: str, other: str, stretch: Stretch) -> Measured:
    """How far one entrant is ahead of another, seed by seed: the same luck, so a smaller error."""
    return measured(
        [
            score(outcome, name, stretch(outcome)) - score(outcome, other, stretch(outcome))
            for outcome in outcomes
        ]
    )


def stretches(outcome: Outcome) -> dict[str, Stretch]:
    """The columns of a table: those that a run of this size has."""
    decisions = _nowhere(outcome).shape[1]
    columns = {f"1-{n}": prefix(n) for n in (20, 100) if n < decisions}
    columns[f"1-{decisions}"] = prefix(decisions)
    if decisions > 20:
        columns["last third 1-20"] = last_third(20)
    columns[f"last third 1-{decisions}"] = last_third(decisions)
    if outcome.turned is not None:
        for first, last in ((0, 30), (30, 60)):
            if since_turn(first, last)(outcome).any():
                columns[f"turn +{first + 1}-{last}"] = since_turn(first, last)
    return columns


def table(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Measured]]:
    """Scores by entrant, then by stretch."""
    columns = stretches(outcomes[0])
    return {
        name: {column: over_seeds(outcomes, name, where) for column, where in columns.items()}
        for name in outcomes[0].tracks
    }


@dataclass(frozen=True, eq=False)
class Curve:
    """A score at each decision, smoothed: `at`, `mean` and `error`, (points,) each."""

    at: npt.NDArray[np.intp]
    mean: Floats
    error: Floats


def curve(outcomes: Sequence[Outcome], name: str, *, window: int = 5) -> Curve:
    """Score over decision number, each point over `window` decisions that end there."""
    decisions = _nowhere(outcomes[0]).shape[1]
    window = min(window, decisions)
    ends = np.arange(window, decisions + 1)
    points = [over_seeds(outcomes, name, prefix(int(end), start=int(end) - window)) for end in ends]
    return Curve(
        ends, np.array([one.mean for one in points]), np.array([one.error for one in points])
    )


def recovered(
    outcomes: Sequence[Outcome], name: str, other: str, *, window: int = 10
) -> int | None:
    """After how many decisions since the change an entrant is back above another: the end of the
    first stretch of `window` decisions, pooled over seeds, from which on it stays above. None
    where it never does.
    """
    longest = max(int(_since_turn(outcome).max()) for outcome in outcomes) + 1
    back = None
    for end in range(window, longest + 1):
        where = since_turn(end - window, end)
        if ahead(outcomes, name, other, where).mean < 0:
            back = None
        elif back is None:
            back = end
    return back
