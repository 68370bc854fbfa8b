"""Days and lists as people have them: hours, meetings, tasks, advice, reminders, insights."""

import numpy as np

from recommender.bandit.arrays import Floats

WAKES, SLEEPS = 7.0, 23.0
AT_WORK = (9.0, 17.0)
MEETING = 0.30
"""How often, at work, a meeting is under way or about to begin."""

KINDS = ("task", "advice", "insight", "reminder")
MIX = np.array([0.66, 0.12, 0.08, 0.14])
PRIORITIES = np.array([0.50, 0.20, 0.18, 0.12])
OVERDUE, DUE_TODAY = 0.20, 0.18

Columns = dict[str, Floats]


def moments(rng: np.random.Generator, weekday: int, days: int, per_day: int) -> Columns:
    """The features of `days` * `per_day` moments in order of time, (moments,) each.

    `weekday` is that of the first day, Monday = 0.
    """
    slot = (SLEEPS - WAKES) / per_day
    begins = WAKES + slot * np.arange(per_day)
    hours = (begins + slot * rng.random((days, per_day))).ravel()
    weekdays = np.repeat((weekday + np.arange(days)) % 7, per_day)
    weekend = weekdays >= 5
    at_work = (hours >= AT_WORK[0]) & (hours < AT_WORK[1]) & ~weekend
    turn = 2.0 * np.pi
    return {
        "hour_sin": np.sin(turn * hours / 24.0),
        "hour_cos": np.cos(turn * hours / 24.0),
        "weekday_sin": np.sin(turn * weekdays / 7.0),
        "weekday_cos": np.cos(turn * weekdays / 7.0),
        "is_weekend": weekend.astype(np.float64),
        "meeting_soon": (at_work & (rng.random(hours.size) < MEETING)).astype(np.float64),
    }


def lists(rng: np.random.Generator, moments: int, candidates: int) -> Columns:
    """The features of `candidates` candidates in each of `moments` moments, (moments, n) each."""
    shape = (moments, candidates)
    kind = MIX.cumsum().searchsorted(rng.random(shape), side="right").clip(max=3)
    task, reminder = kind == 0, kind == 3
    priority = 1.0 + PRIORITIES.cumsum().searchsorted(rng.random(shape), side="right").clip(max=3)
    priority = np.where(task, priority, np.where(reminder, np.maximum(priority, 3.0), 1.0))
    # Half of all tasks are younger than six days, one in ten is older than a month.
    task_age = np.exp(rng.normal(1.8, 1.3, shape)).clip(0.02, 365.0)
    age = np.where(task, task_age, rng.random(shape))
    due = rng.random(shape)
    overdue = task & (due < OVERDUE)
    due_today = (task & (due >= OVERDUE) & (due < OVERDUE + DUE_TODAY)) | (reminder & (due < 0.5))
    columns = {
        "is_tip": np.ones(shape),
        "is_silence": np.zeros(shape),
        "is_overdue": overdue.astype(np.float64),
        "is_due_today": due_today.astype(np.float64),
        "task_age_days": age.round(2),
        "priority": priority,
    }
    columns |= {f"kind_{name}": (kind == i).astype(np.float64) for i, name in enumerate(KINDS)}
    return columns


def with_silence(columns: Columns) -> Columns:
    """The same lists with saying nothing as the last action of each moment."""
    last = {"is_silence": 1.0, "priority": 1.0}
    return {
        name: np.hstack((values, np.full((len(values), 1), last.get(name, 0.0))))
        for name, values in columns.items()
    }


def flat(when: Columns, said: Columns) -> tuple[Columns, tuple[int, int]]:
    """Both as columns of moments * n rows, and (moments, n)."""
    shape = next(iter(said.values())).shape
    columns = {name: values.ravel() for name, values in said.items()}
    columns |= {name: np.repeat(values, shape[1]) for name, values in when.items()}
    return columns, (shape[0], shape[1])
