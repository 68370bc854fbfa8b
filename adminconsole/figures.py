"""The numbers of a run, laid out to look at: intervals on one scale, the rest by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recommender.runs import flat


@dataclass(frozen=True)
class Interval:
    """A value with its interval, and where both lie on the scale that all of a run share, in %."""

    name: str
    value: float
    low: float
    high: float
    about: str
    at: float
    left: float
    width: float
    zero: float
    compared: bool  # a difference: what matters is the side of zero


def intervals(numbers: Mapping[str, Any]) -> list[Interval]:
    """Everything in a run that has a value and both ends of an interval, in the order it came."""
    found = [one for one in _found(numbers) if None not in one[1:4]]
    if not found:
        return []
    ends = [end for _, _, low, high, *_ in found for end in (low, high)]
    least, most = min(0.0, *ends), max(0.0, *ends)
    span = (most - least) or 1.0
    least, span = least - 0.04 * span, 1.08 * span

    def place(value: float) -> float:
        return round(100 * (value - least) / span, 2)

    return [
        Interval(
            name, value, low, high, about,
            place(value), place(low), round(100 * (high - low) / span, 2), place(0.0), compared,
        )
        for name, value, low, high, about, compared in found
    ]  # fmt: skip


def _found(numbers: Mapping[str, Any]) -> Iterator[tuple[str, float, float, float, str, bool]]:
    for name, inner in numbers.items():
        if _is_interval(name, inner):
            yield _one(name, inner, compared=name == "difference")
        elif name in ("arms", "comparisons"):
            for one in inner:
                compared = name == "comparisons"
                title = f"{one['arm']} − {one['against']}" if compared else one["arm"]
                yield _one(title, one, compared=compared)


def _is_interval(name: str, inner: Any) -> bool:
    """Whether it is an estimate in units of reward, which importance weights are not."""
    given = isinstance(inner, Mapping) and {"value", "low", "high"} <= inner.keys()
    return given and name != "weight"


def _one(
    name: str, told: Mapping[str, Any], *, compared: bool
) -> tuple[str, float, float, float, str, bool]:
    about = f"{told['n']} decisions, {told['people']} people" if "n" in told else ""
    return name, told["value"], told["low"], told["high"], about, compared


def figures(numbers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """All other numbers, by name."""
    shown = {
        name: inner
        for name, inner in numbers.items()
        if name not in ("arms", "comparisons") and not _is_interval(name, inner)
    }
    return [(name, f"{value:.4g}") for name, value in flat(shown)]
