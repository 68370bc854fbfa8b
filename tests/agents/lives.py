"""Invented pasts of people who never were, each from one number: for the tests and benches of agents."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from agents.inference.run import run_inference
from agents.library.base import DoneFact, EventFact, HealthFact, History, Inputs, TaskFact
from agents.registry import agents

# Half an hour's offset, a quarter's, a day ahead, clocks that change at midnight or by half an hour.
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati",
    "America/St_Johns", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe",
)  # fmt: skip
# Around these days clocks change somewhere above.
CHANGES = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 9, 6),
    date(2026, 10, 25),
)


def past(seed: int, *, days: int | None = None, per_day: float | None = None) -> History:
    """Somebody's last year, or so much of it: habits or none, in a zone with its clock changes."""
    rng = Random(seed)
    zone = ZoneInfo(rng.choice(ZONES))
    day = rng.choice(CHANGES) + timedelta(days=rng.randrange(-2, 30))
    now = _at(day, rng.uniform(0, 24), zone)
    days = days or rng.choice((3, 10, 20, 28, 40, 90, 200))
    per_day = per_day or rng.choice((0.1, 1, 3, 8))
    habits = [rng.uniform(0, 24) for _ in range(rng.randrange(1, 4))]
    steady = rng.random()  # how much of what they do follows a habit
    lists = [f"list{n}" for n in range(rng.randrange(0, 5))]
    sleeper = rng.choice((-1, 0, 0, 2))  # what an hour more of sleep does to a day
    busy_weekday = rng.randrange(7)
    slept, done, events = {}, [], []
    for back in range(days, -1, -1):
        that = day - timedelta(days=back)
        slept[that] = rng.gauss(430, 45)
        rate = per_day + sleeper * (slept[that] - 430) / 60
        rate *= 3 * steady if that.weekday() == busy_weekday else 1
        for _ in range(_count(rng, rate)):
            hour = rng.gauss(rng.choice(habits), 1) if rng.random() < steady else rng.uniform(0, 24)
            done.append(_finished(rng, _at(that, hour % 24, zone), lists))
        for number in range(rng.choice((0, 0, 2, 4))):
            begins = _at(that, rng.uniform(7, 20), zone)
            length = timedelta(minutes=rng.choice((0, 30, 45, 120)))
            events.append(EventFact(back * 10 + number, begins, begins + length))
    done.sort(key=lambda one: one.at)
    return History(
        user_id=seed % 1000,
        now=now,
        zone=zone,
        done=tuple(one for one in done if one.at <= now),
        tasks=tuple(_open(rng, number, now, lists) for number in range(rng.randrange(0, 25))),
        events=tuple(sorted(events, key=lambda one: one.starts_at)),
        health=_health(rng, slept),
    )


def present(history: History, seed: int = 0, **own_words) -> Inputs:
    """The inputs of the same person, with what can be inferred of them and their own words."""
    rng = Random(seed)
    wants = {param.name: param.default for agent in agents for param in agent.manifest.params}
    if rng.random() < 0.7:
        for agent in agents:
            found = run_inference(agent.manifest, history)
            wants |= {name: one.value for name, one in found.items() if not one.why}
    now = history.now
    coming = [
        EventFact(n, begins := now + timedelta(minutes=rng.uniform(-200, 2000)),
                  begins + timedelta(minutes=rng.choice((0, 15, 60, 400))),
                  kind=rng.choice(("busy", "busy", "focus", "away")))
        for n in range(rng.randrange(0, 6))
    ]  # fmt: skip
    return Inputs(
        user_id=history.user_id,
        now=now,
        zone=history.zone,
        tasks=history.tasks,
        events=tuple(event for event in coming if event.ends_at.astimezone(UTC) > now),
        done_at=tuple(
            one.at for one in history.done if one.at > now.astimezone(UTC) - timedelta(days=28)
        ),
        health=tuple(h for h in history.health if h.day >= now.date() - timedelta(days=14)),
        preferences=wants | own_words,
    )


def _at(day: date, hour: float, zone: ZoneInfo) -> datetime:
    """An hour of somebody's day, one of the two where the clock goes back, as an instant that is."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(hours=hour)
    return wall.astimezone(UTC).astimezone(zone)


def _count(rng: Random, rate: float) -> int:
    return sum(rng.random() < rate / 10 for _ in range(10))


def _finished(rng: Random, at: datetime, lists: Sequence[str]) -> DoneFact:
    project = rng.choice(["", *lists, *list(lists[:1]) * 3])
    slip = rng.choice((-3, 0, 0, 0, 1, 2, 9, 40)) * (2 if project == "list1" else 1)
    return DoneFact(
        at=at.astimezone(UTC),
        added_at=at - timedelta(days=10),
        due_on=at.date() - timedelta(days=slip) if rng.random() < 0.6 else None,
        project=project,
        recurring=rng.random() < 0.1,
    )


def _open(rng: Random, number: int, now: datetime, lists: Sequence[str]) -> TaskFact:
    due_at = now + timedelta(hours=rng.uniform(-2000, 300)) if rng.random() < 0.3 else None
    due_on = now.date() + timedelta(days=rng.randrange(-60, 20)) if rng.random() < 0.6 else None
    return TaskFact(
        id=number + 1,
        priority=rng.randrange(1, 5),
        added_at=now - timedelta(days=rng.uniform(0, 300)),
        due_on=due_at.date() if due_at else due_on,
        due_at=due_at,
        recurring=rng.random() < 0.2,
        project=rng.choice(["", *lists]),
        cluster=rng.choice(("", "", "a", "b", "c")),
    )


def _health(rng: Random, slept: dict[date, float]) -> tuple[HealthFact, ...]:
    facts = []
    for day, minutes in slept.items():
        if rng.random() < 0.9:
            facts.append(HealthFact(day, "sleep", float(round(minutes))))
        facts.append(HealthFact(day, "steps", float(rng.randrange(2000, 12000))))
        if rng.random() < 0.8:
            facts.append(HealthFact(day, "resting", float(rng.randrange(52, 64))))
    return tuple(facts)
