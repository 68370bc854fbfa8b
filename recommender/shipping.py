"""Learning a prior from simulated people, to ship with oO. Nobody's data is in it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from recommender.bandit.policies.base import Policy
from recommender.bandit.priors import ship as put
from recommender.simulation.catalogue import WORLDS
from recommender.simulation.entrants import PolicyEntrant
from recommender.simulation.run import Progress, run


def ship(
    cls: type[Policy],
    *,
    world: str,
    people: int,
    decisions: int,
    seed: int,
    version: str = "",
    standard: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> Path:
    """Lets `people` live in a world with a policy that learns of them at night, and keeps the prior
    of the last night as the one that is shipped. Returns its file.

    Raises ValueError for a policy that learns nothing from a population, or a version that is
    shipped already with other numbers.
    """
    if not cls.has_population:
        raise ValueError(f"{cls.id} learns nothing from a population")
    entrant = PolicyEntrant(cls)
    run(
        WORLDS[world](), [entrant], people=people, decisions=decisions, seed=seed, progress=progress
    )
    assert entrant.prior is not None, "who has a population has a prior"
    named = version or f"simulated-{entrant.prior.version.rpartition('-')[2]}"
    facts = {
        "learned from": "simulated people only", "world": world, "people": people,
        "decisions": decisions, "seed": seed, "made": f"{now:%Y-%m-%d}",
    }  # fmt: skip
    return put(
        cls.id, cls.version, replace(entrant.prior, version=named), standard=standard, facts=facts
    )
