"""What fills a life: projects, chores, single tasks, advice, insights and reminders, as they come.

Times are in days since the person began, one array of each property for all things.
"""

import numpy as np

from recommender.bandit.arrays import Floats

TASK, ADVICE, INSIGHT, REMINDER = range(4)
Things = dict[str, Floats]
THING = (
    "kind", "born", "gone", "due", "priority", "effort", "work", "appeal", "rests",
)  # fmt: skip
"""`gone` is when it ends by itself or is done elsewhere, `due` NaN without a date, `effort` 0..1,
`work` 1 for the job, `appeal` what only this person sees in it, `rests` until when it is put off."""

NEVER = 1e9
SPAN = 60
"""Days that are made at a time."""
APPEAL = 0.12
LEFT_LYING = 90.0
CHORES = np.array([1.0, 2.0, 7.0, 7.0, 7.0, 14.0, 30.0])
"""How many days apart chores come back."""

WORK = (
    "Write the summary for the review", "Answer the open questions of the audit",
    "Prepare the slides for Thursday", "Read the draft contract", "Fix the flaky build",
    "Call the supplier back", "Plan the next two weeks", "Sort the expense receipts",
    "Give feedback on the proposal", "Update the project board",
)  # fmt: skip
PRIVATE = (
    "Call the dentist", "Buy a present for Sam", "Water the fern", "Do the laundry",
    "Renew the passport", "Cook something with the pumpkin", "Take the bottles away",
    "Book the train", "Repair the bicycle light", "Write to grandmother",
)  # fmt: skip
ADVICES = (
    "Pick the one thing that would make today good", "Take ten minutes outside",
    "Do the smallest thing on your list first", "Close what you are not reading",
)  # fmt: skip
INSIGHTS = ("Most of what you finish, you finish before noon", "You get more done midweek")


def words(kind: int, item: int, *, work: bool) -> str:
    """What a thing may be called: the same thing always the same."""
    if kind in (TASK, REMINDER):
        names = WORK if work else PRIVATE
        return (
            names[item % len(names)] if kind == TASK else f"Coming up: {names[item % len(names)]}"
        )
    said = INSIGHTS if kind == INSIGHT else ADVICES
    return said[item % len(said)]


def things(rng: np.random.Generator, begins: int, *, backlog: bool) -> Things:
    """All that comes up in the SPAN days from `begins`, and what was there before."""
    made = [_project(rng, begins) for _ in range(int(rng.integers(3, 7)))]
    made += [_chore(rng, begins) for _ in range(int(rng.integers(3, 7)))]
    made += [_single(rng, begins), _advice(rng, begins), _reminders(rng, begins)]
    if backlog:
        made.insert(0, _backlog(rng))
    return {name: np.concatenate([one[name] for one in made]) for name in THING}


def walk(rng: np.random.Generator, steps: int) -> Floats:
    """A mood (steps,), within [-1, 1], that stays for a while: the moment before, and a nudge."""
    nudges = rng.normal(size=steps) * 0.35
    mood = np.empty(steps)
    last = 0.0
    for step in range(steps):
        last = 0.8 * last + nudges[step]
        mood[step] = last
    return np.tanh(mood)


def _made(
    rng: np.random.Generator, kind: int | Floats, born: Floats, **known: Floats | float
) -> Things:
    full = {
        "kind": kind, "gone": NEVER, "due": np.nan, "priority": 1.0, "effort": 0.2, "work": 0.0,
        "rests": -1.0, **known,
    }  # fmt: skip
    made = {
        name: np.broadcast_to(value, born.shape).astype(np.float64) for name, value in full.items()
    }
    return {**made, "born": born, "appeal": APPEAL * rng.normal(size=born.size)}


def _elsewhere(rng: np.random.Generator, born: Floats, due: Floats, patience: float) -> Floats:
    """When tasks are done without anyone's advice: some day, most of them about when they are due."""
    some_day = born + rng.exponential(patience, born.size) + 0.5
    at_due = np.where(np.isnan(due), NEVER, due + rng.normal(0.5, 1.5, born.size))
    gone = np.where(rng.random(born.size) < 0.5, some_day, at_due)
    return np.clip(gone, born + 0.1, born + LEFT_LYING)


def _project(rng: np.random.Generator, begins: int) -> Things:
    count = int(rng.integers(5, 12))
    starts = begins + SPAN * 0.7 * rng.random()
    born = starts + np.sort(rng.random(count)) * 10.0
    ends = starts + 10.0 + 20.0 * rng.random()
    due = np.where(rng.random(count) < 0.6, born + (ends - born) * rng.random(count), np.nan)
    priority = np.clip(rng.integers(1, 5) + rng.integers(-1, 2, count), 1, 4)
    return _made(
        rng, TASK, born, due=due, priority=priority, effort=0.3 + 0.7 * rng.random(count),
        work=float(rng.random() < 0.65), gone=_elsewhere(rng, born, due, 14.0),
    )  # fmt: skip


def _chore(rng: np.random.Generator, begins: int) -> Things:
    apart = float(rng.choice(CHORES))
    born = begins + apart * rng.random() + np.arange(0.0, SPAN, apart)
    born = born[born < begins + SPAN]
    due = born + 0.3 * apart + 0.2
    return _made(
        rng, TASK, born, due=due, priority=float(rng.integers(1, 3)),
        effort=0.1 + 0.3 * rng.random(born.size),
        gone=np.minimum(_elsewhere(rng, born, due, apart), born + apart),
    )  # fmt: skip


def _single(rng: np.random.Generator, begins: int) -> Things:
    count = int(rng.poisson(0.8 * SPAN))
    born = begins + SPAN * np.sort(rng.random(count))
    due = np.where(rng.random(count) < 0.35, born + rng.exponential(5.0, count), np.nan)
    return _made(
        rng, TASK, born, due=due, priority=_priorities(rng, count), effort=rng.random(count),
        work=(rng.random(count) < 0.4).astype(np.float64), gone=_elsewhere(rng, born, due, 10.0),
    )  # fmt: skip


def _backlog(rng: np.random.Generator) -> Things:
    count = int(rng.integers(8, 25))
    born = -np.exp(rng.normal(2.3, 1.2, count)).clip(0.1, 300.0)
    due = np.where(rng.random(count) < 0.4, rng.normal(1.0, 6.0, count), np.nan)
    return _made(
        rng, TASK, born, due=due, priority=_priorities(rng, count), effort=rng.random(count),
        work=(rng.random(count) < 0.4).astype(np.float64),
        gone=rng.exponential(20.0, count) + 0.1,
    )  # fmt: skip


def _advice(rng: np.random.Generator, begins: int) -> Things:
    born = begins + np.arange(0.0, SPAN, 0.5)
    insight = rng.random(born.size) < 0.35
    return _made(
        rng, np.where(insight, float(INSIGHT), float(ADVICE)), born,
        effort=0.1 + 0.4 * rng.random(born.size), gone=born + np.where(insight, 1.0, 2.5),
    )  # fmt: skip


def _reminders(rng: np.random.Generator, begins: int) -> Things:
    count = int(rng.poisson(1.4 * SPAN))
    born = begins + SPAN * np.sort(rng.random(count))
    return _made(rng, REMINDER, born, due=born + 0.25, priority=3.0, effort=0.05, gone=born + 0.35)


def _priorities(rng: np.random.Generator, count: int) -> Floats:
    return 1.0 + np.array([0.5, 0.7, 0.88]).searchsorted(rng.random(count)).astype(np.float64)
