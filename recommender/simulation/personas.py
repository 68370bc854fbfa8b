"""People as a judge may know them: what they like, and why a tip pleases them or not.

Deliberately not linear in our features, and of things that no feature tells (mood, effort, what was
shown lately), so that no policy's model of a life is exactly right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.simulation.days import AT_WORK, KINDS


@dataclass(frozen=True, slots=True)
class Traits:
    """How strongly each thing moves a person, in reward units before it saturates, but for
    `prime`, the local hour at which they get things done, and `tires`.
    """

    deadline: float = 0.6
    priority: float = 0.45
    stale: float = 0.3
    effort: float = 0.4
    place: float = 0.25
    advice: float = 0.1
    insight: float = 0.0
    reminder: float = 0.2
    mood: float = 0.2
    disturbed: float = 0.6
    level: float = -0.02
    prime: float = 10.0
    tires: float = 0.12
    """What each showing of a kind takes from the next one of that kind, until it is forgotten."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody: of a cluster, told in a sentence, with traits of their own."""

    name: str
    cluster: int
    told: str
    traits: Traits


CLUSTERS = (
    Persona(
        "early bird", 0, "gets up early, likes to have the hard things done before noon",
        Traits(prime=8.0, deadline=0.5, priority=0.6, effort=0.25),
    ),
    Persona(
        "night owl", 1, "wakes up slowly, works late, hates to be told things in the morning",
        Traits(prime=20.5, deadline=0.5, place=0.1, mood=0.35, advice=0.15),
    ),
    Persona(
        "firefighter", 2, "does what burns: deadlines move them and little else does",
        Traits(prime=14.0, deadline=0.9, priority=0.3, advice=-0.2, reminder=0.4, stale=0.5),
    ),
    Persona(
        "gardener", 3, "likes small things and chores, advice on habits, and no pressure at all",
        Traits(prime=17.0, deadline=0.2, priority=0.1, effort=0.7, advice=0.45, insight=0.3),
    ),
    Persona(
        "planner", 4, "lives by priorities and projects, at work in working hours only",
        Traits(prime=11.0, priority=0.7, place=0.5, disturbed=0.9, insight=0.15, stale=0.1),
    ),
)  # fmt: skip

_OWN = 0.12
_HOURS = 1.5


def somebody(rng: np.random.Generator) -> Persona:
    """A person of some cluster, with noise of their own in every trait."""
    kind = CLUSTERS[int(rng.integers(len(CLUSTERS)))]
    noise = rng.normal(size=len(fields(Traits)))
    changed = {
        field.name: getattr(kind.traits, field.name) + size * scale
        for field, size in zip(fields(Traits), noise, strict=True)
        for scale in [{"prime": _HOURS, "tires": 0.03}.get(field.name, _OWN)]
    }
    changed["tires"] = max(changed["tires"], 0.0)
    return replace(kind, traits=Traits(**changed))


@dataclass(frozen=True, slots=True)
class Scene:
    """The moment: local `hour`, and `energy` from -1 (worn out) to 1."""

    hour: float
    weekend: bool
    meeting_soon: bool
    energy: float

    @property
    def at_work(self) -> bool:
        return not self.weekend and AT_WORK[0] <= self.hour < AT_WORK[1]


Said = Mapping[str, Floats]
"""What could be said, as columns (n,): kind (index in KINDS), days_to_due (NaN: none), priority
(1..4), age_days, effort (0..1), work (1 for the job, 0 for the rest of life), shown (how often that
kind was shown lately)."""

TERMS = {
    "deadline": "its deadline",
    "priority": "its priority",
    "stale": "that it has been lying about",
    "effort": "the effort it takes just now",
    "place": "whether it fits the place and hour",
    "kind": "what kind of thing it is",
    "mood": "their mood",
    "disturbed": "the meeting they are in",
    "tired": "that they have seen too much of its kind",
}


def terms(traits: Traits, said: Said, scene: Scene) -> dict[str, Floats]:
    """What speaks for each of n things to say and what against it, by the names of TERMS."""
    task = said["kind"] == KINDS.index("task")
    reminder = said["kind"] == KINDS.index("reminder")
    days = said["days_to_due"]
    # Nearer is more urgent; what is long overdue was not so important after all.
    near = np.where(days >= 0, np.exp(-np.abs(days) / 2.0), np.exp(-np.abs(days) / 20.0))
    awake = float(np.exp(-(((scene.hour - traits.prime) / 4.0) ** 2)))
    fits = np.where(said["work"] == 1.0, float(scene.at_work), float(not scene.at_work))
    kinds = np.array([0.0, traits.advice, traits.insight, traits.reminder])
    return {
        "deadline": traits.deadline * np.nan_to_num(near),
        "priority": traits.priority * task * ((said["priority"] - 1.0) / 3.0) ** 1.2,
        "stale": -traits.stale * task * np.minimum(said["age_days"] / 60.0, 1.0),
        "effort": -traits.effort * np.maximum(said["effort"] - 0.5 * (scene.energy + awake), 0.0),
        "place": traits.place * task * (2.0 * fits - 1.0) * 0.5,
        "kind": kinds[said["kind"].astype(np.intp)],
        "mood": np.full(task.size, traits.mood * scene.energy + 0.3 * (awake - 0.5)),
        "disturbed": -traits.disturbed * scene.meeting_soon * np.where(reminder, 0.2, 1.0),
        "tired": -traits.tires * said["shown"],
    }


def worth(traits: Traits, said: Said, scene: Scene) -> Floats:
    """The expected reward (n,) of each, within (-1, 1)."""
    total = traits.level + sum(terms(traits, said, scene).values())
    expected: Floats = 0.97 * np.tanh(1.3 * total)
    return expected
