"""May a policy take the place of the live one? Three witnesses, and all must say yes.

It may be asked again every day until it says yes. So the one bound that is of real rewards, the
off-policy one, holds at all times at once (`anytime`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.evaluation.anytime import one_sided
from recommender.evaluation.estimators import Estimate
from recommender.evaluation.log import FLOORS, Floats, Floors, Ints, TooLittleData
from recommender.evaluation.people import Ratio, Spread, spread


@dataclass(frozen=True, eq=False, slots=True)
class Simulation:
    """By world, (seeds,): target's normalised score minus the live policy's, each pair on one seed."""

    differences: Mapping[str, Floats]

    def __post_init__(self) -> None:
        for world, each in self.differences.items():
            if each.ndim != 1 or not np.isfinite(each).all():
                raise ValueError(f"differences in {world}: not a vector of finite numbers")


@dataclass(frozen=True, eq=False, slots=True)
class Shadow:
    """n decisions seen by both. `agreed` (n,) bool: both put most weight on the same action.

    `difference` (n,): the expected reward under the target's distribution minus that under the
    live policy's, by a model that has not seen this person's rewards (`v_target - v_live`).
    `person` (n,): whose decision it was. `same_silence`: both may be silent, or neither; what one
    that may would do instead of the other's tips is not in these numbers. Raises ValueError if
    lengths differ or for NaN.
    """

    agreed: npt.NDArray[np.bool_]
    difference: Floats
    person: Ints
    same_silence: bool = True

    def __post_init__(self) -> None:
        if not self.agreed.shape == self.difference.shape == self.person.shape:
            raise ValueError("agreed, difference and person differ in length")
        if self.difference.ndim != 1 or not np.isfinite(self.difference).all():
            raise ValueError("difference: not a vector of finite numbers")


@dataclass(frozen=True, slots=True)
class Bars:
    """What each witness is asked for. Lower bounds of simulation and shadow are of 95 % intervals.

    worlds: those that must have been simulated, all of them, so that nobody picks what suits. seeds:
    the least number of simulated pairs in each. harm (score): in no world may the lower bound be
    so far below 0; over all worlds alike it must be above. margin (reward a decision): what the
    target must beat the live policy by, in the shadow and off policy. agreement: a policy that
    agrees with the live one less often than this is too different to be judged from its log, and
    belongs into an experiment. alpha: how likely a policy that is no better may ever, over all
    looks, have an off-policy bound above the margin; to be shared where there are several.
    """

    worlds: tuple[str, ...] = ()
    seeds: int = 5
    harm: float = 0.05
    margin: float = 0.0
    agreement: float = 0.05
    alpha: float = 0.05
    floors: Floors = FLOORS


BARS = Bars()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the policy may be promoted, why in plain words, and every number behind it.

    reasons: one sentence for each witness, in the order simulation, shadow, off policy. numbers:
    `<witness>`, `<witness>_low`, `<witness>_high` and counts, as far as there are any.
    """

    passed: bool
    reasons: tuple[str, ...]
    numbers: Mapping[str, float]


def judge(
    simulation: Simulation | None,
    shadow: Shadow | None,
    off_policy: Estimate | TooLittleData | None,
    bars: Bars = BARS,
) -> Verdict:
    """The verdict over a simulation, a time in the shadow and a paired off-policy difference.

    Promotion needs a lower bound above the bar from each. A witness that is missing (None), or was
    refused for too little data, is a no. `off_policy` is what `estimators.difference` gave or
    raised, of a log with an overlap: a difference, never a policy's own value.
    """
    numbers: dict[str, float] = {}
    votes = (
        _in_simulation(simulation, bars, numbers),
        _in_the_shadow(shadow, bars, numbers),
        _off_policy(off_policy, bars, numbers),
    )
    return Verdict(all(yes for yes, _ in votes), tuple(why for _, why in votes), numbers)


Vote = tuple[bool, str]


def _in_simulation(witness: Simulation | None, bars: Bars, numbers: dict[str, float]) -> Vote:
    if witness is None:
        return False, "Simulation: not run."
    worlds = bars.worlds or tuple(witness.differences)
    if missing := [world for world in worlds if world not in witness.differences]:
        return False, f"Simulation: not run in {', '.join(missing)}."
    each = [witness.differences[world] for world in worlds]
    numbers["simulation_seeds"] = sum(some.size for some in each)
    for world, some in zip(worlds, each, strict=True):
        if some.size < max(bars.seeds, 2):
            lacking = TooLittleData("seeds", max(bars.seeds, 2), some.size)
            return False, f"Simulation: {world}: {lacking}."
    harmed = []
    for world, some in zip(worlds, each, strict=True):
        found = spread([Ratio(some)], np.arange(some.size))
        low, high = found.interval()
        key = f"simulation_{world}"
        numbers[key], numbers[f"{key}_low"], numbers[f"{key}_high"] = found.value, low, high
        if not low > -bars.harm:
            harmed.append(f"{world} ({found.value:+.4f} score, perhaps {low:+.4f})")
    pooled = _over_all(each)
    interval = pooled.interval()
    yes, why = _against(0.0, "Simulation", "score", "simulation", pooled.value, interval, numbers)
    if harmed:
        return (
            False,
            f"{why} Not surely harmless in {', '.join(harmed)}: {-bars.harm:g} is allowed.",
        )
    return yes, why


def _over_all(each: Sequence[Floats]) -> Spread:
    """The mean of the worlds' means, whatever the number of seeds in each."""
    values = np.concatenate(each)
    world = np.repeat(np.arange(len(each)), [some.size for some in each])
    ratios = []
    for number in range(len(each)):
        mine = (world == number).astype(np.float64)
        ratios.append(Ratio(values * mine, mine, sign=1.0 / len(each)))
    return spread(ratios, np.arange(values.size))


def _in_the_shadow(witness: Shadow | None, bars: Bars, numbers: dict[str, float]) -> Vote:
    if witness is None:
        return False, "Shadow: not run."
    if not witness.same_silence:
        return False, (
            "Shadow: one of the two may be silent and the other not, which a log can't weigh; "
            "try an experiment."
        )
    n, people = witness.difference.size, np.unique(witness.person).size
    numbers["shadow_decisions"], numbers["shadow_people"] = n, people
    for what, needed, there in (
        ("decisions", bars.floors.decisions, n),
        ("people", bars.floors.people, people),
    ):
        if there < needed:
            return False, f"Shadow: {TooLittleData(what, needed, there)}."
    agreement = numbers["shadow_agreement"] = float(witness.agreed.mean())
    if agreement < bars.agreement:
        return False, (
            f"Shadow: agrees with the live policy in {agreement:.1%} of decisions only, "
            f"{bars.agreement:.1%} needed; try it in an experiment first."
        )
    found = spread([Ratio(witness.difference)], witness.person)
    interval = found.interval()
    yes, why = _against(
        bars.margin, "Shadow", "expected reward", "shadow", found.value, interval, numbers
    )
    return yes, f"{why} Agrees with the live policy in {agreement:.1%} of decisions."


def _off_policy(
    witness: Estimate | TooLittleData | None, bars: Bars, numbers: dict[str, float]
) -> Vote:
    if witness is None:
        return False, "Off policy: not evaluated."
    if isinstance(witness, TooLittleData):
        return False, f"Off policy: {witness}."
    if "difference" not in witness.estimator:
        raise ValueError(f"the gate needs a paired difference, got {witness.estimator!r}")
    if witness.unsupported is None or witness.worst is None:
        return False, "Off policy: not known how much of it the log can tell."
    numbers["off_policy_unsupported"] = witness.unsupported
    numbers["off_policy_decisions"], numbers["off_policy_people"] = witness.n, witness.people
    numbers["off_policy_effective_sample_size"] = witness.effective_sample_size
    low = witness.worst.value - one_sided(witness.worst, bars.alpha)
    numbers["off_policy"] = witness.value
    numbers["off_policy_low"], numbers["off_policy_high"] = low, witness.high
    # Written as "low > bar" because a NaN must not promote anyone.
    yes = low > bars.margin
    says = "better" if yes else ("worse" if witness.high < bars.margin else "not surely better")
    return yes, (
        f"Off policy: {says}, {witness.value:+.4f} reward a decision (at least {low:+.4f} however "
        f"often one looks, above {bars.margin:g} needed)."
    )


def _against(
    bar: float,
    witness: str,
    unit: str,
    key: str,
    value: float,
    interval: tuple[float, float],
    numbers: dict[str, float],
) -> Vote:
    low, high = interval
    numbers[key], numbers[f"{key}_low"], numbers[f"{key}_high"] = value, low, high
    # Written as "low > bar" because a NaN must not promote anyone.
    yes = low > bar
    says = "better" if yes else ("worse" if high < bar else "not surely better")
    return yes, (
        f"{witness}: {says}, {value:+.4f} {unit} (95 % interval {low:+.4f} to {high:+.4f}, "
        f"above {bar:g} needed)."
    )
