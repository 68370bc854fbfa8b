"""The list of features as the console shows it and docs/features.md has it."""

from dataclasses import dataclass

from recommender.bandit.feature_list import FEATURES, Feature
from recommender.bandit.features import FEATURE_SETS
from recommender.registry import policies


@dataclass(frozen=True)
class Row:
    """One feature in words, and who looks at it."""

    feature: Feature
    range: str
    within: str
    sets: tuple[str, ...]


def rows() -> list[Row]:
    """Every feature, in the order of the list."""
    return [
        Row(
            feature=one,
            range=f"{one.low:g} to {one.high:g}",
            within=_words(one),
            sets=tuple(version for version, s in FEATURE_SETS.items() if one.name in s.read),
        )
        for one in FEATURES.values()
    ]


def users_of() -> dict[str, list[str]]:
    """Each feature set, and the policies that see it."""
    return {
        version: [policy.id for policy in policies if policy.feature_set.version == version]
        for version in FEATURE_SETS
    }


def _words(one: Feature) -> str:
    if one.within is None:
        return "worked out at the decision"
    minutes = int(one.within.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
