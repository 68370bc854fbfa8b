"""Language models as authors of tips: tried on simulated people, through the gate, and judged.

What a model is told, how often it is asked again and what of its answers is let through is as for
real people. Those here are made up (recommender.simulation.life), so nobody's words leave anything.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from agents.generate import ALIAS, COUNT, ROOM, TRIES, Count, ask
from agents.library.base import Inputs, TaskFact
from agents.llm.config import behind, model_of
from agents.registry import agents
from agents.writing.advices import TOPICS
from agents.writing.brief import Brief, Material, brief
from agents.writing.draft import TipCandidate
from agents.writing.plain import write
from recommender.simulation.days import KINDS
from recommender.simulation.judges import Judge, JudgeError, Tip, When
from recommender.simulation.life import Life, LifePerson
from recommender.simulation.personas import Persona

PLAIN = "plain"
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
GIVES_UP = 3
"""So many moments without an answer, one after the other, and a model is asked no more."""
TASK = KINDS.index("task")


@dataclass(frozen=True)
class Moment:
    """Somebody's moment: what is known of them, what of it is told to whom, and what a judge knows."""

    material: Material
    tips: Mapping[str, Tip]  # by the key of the draft that is about it
    when: When
    persona: Persona

    def told(self, *, remote: bool) -> Brief:
        return brief(self.material, topics=TOPICS, room=ROOM, remote=remote)

    def as_read(self, key: str, kind: str, content: str) -> Tip:
        """A tip as its reader would see it."""
        about = self.tips.get(key)
        if about is None:
            return Tip(text=content, kind=kind)
        return replace(about, kind=kind, text=content.replace("{title}", about.text))


@dataclass
class Tally:
    """What came of one author. `tries` is how many tips were let through at each try."""

    name: str
    model: str = ""
    moments: int = 0
    tries: list[int] = field(default_factory=lambda: [0] * TRIES)
    none: int = 0  # moments in which nothing was let through
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    seconds: list[float] = field(default_factory=list)
    verdicts: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)  # of each moment
    unjudged: int = 0
    texts: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        return sum(self.tries)


def moments(people: int, each: int, *, seed: int) -> list[Moment]:
    """Moments of simulated lives, the same for the same seed."""
    found = []
    for person in Life().people(people, seed):
        assert isinstance(person, LifePerson)
        # Each at another time of another day, so that no two are alike.
        found += [_moment(person, number * (person.per_day + 1)) for number in range(each)]
    return found


def compare(
    names: Sequence[str],
    some: Sequence[Moment],
    *,
    judge: Judge | None,
    clock: Callable[[], datetime],
    progress: Callable[[int], None] = lambda count: None,
    count: int = COUNT,
) -> Iterator[Tally]:
    """What comes of our own writing, then of each model, in the same moments."""
    yield _plain(some, judge, count, progress)
    for name in names:
        with behind(ALIAS, name):
            yield _model(name, some, judge, count, clock, progress)


def _plain(
    some: Sequence[Moment], judge: Judge | None, count: int, progress: Callable[[int], None]
) -> Tally:
    tally = Tally(PLAIN, PLAIN)
    for moment in some:
        drafts = sorted(moment.material.drafts, key=lambda draft: -draft.confidence)[:count]
        tally.moments += 1
        tally.tries[0] += len(drafts)
        _judged(tally, moment, [(one.key, one.kind, one.content) for one in drafts], judge)
        progress(1)
    return tally


def _model(
    name: str,
    some: Sequence[Moment],
    judge: Judge | None,
    count: int,
    clock: Callable[[], datetime],
    progress: Callable[[int], None],
) -> Tally:
    tally, silent = Tally(name), 0
    model = model_of(ALIAS)
    remote = model is None or model.remote
    for moment in some:
        found = Count()
        began = time.perf_counter()
        ask(moment.told(remote=remote), found, user_id=None, now=clock(), count=count)
        tally.seconds.append(time.perf_counter() - began)
        tally.moments += 1
        tally.model = found.model or tally.model
        tally.outcomes[found.outcome] += 1
        tally.faults += found.faults
        tally.none += not found.accepted
        for number, let_in in enumerate(found.tries):
            tally.tries[number] += let_in
        tally.tokens_in += found.tokens_in
        tally.tokens_out += found.tokens_out
        tally.cost += found.cost
        said = [(one.key, one.kind, one.content) for one in found.accepted]
        _judged(tally, moment, said, judge)
        progress(1)
        silent = 0 if found.tries else silent + 1
        if silent == GIVES_UP:
            break
    return tally


def _judged(
    tally: Tally, moment: Moment, said: Sequence[tuple[str, str, str]], judge: Judge | None
) -> None:
    """Counts what was said, and has it judged. A verdict that can't be had is none."""
    rewards = []
    for key, kind, content in said:
        tip = moment.as_read(key, kind, content)
        tally.texts[tip.text] += 1
        if judge is None:
            continue
        try:
            rewards.append(judge.judge(tip, moment.when, moment.persona).reward)
        except JudgeError:
            tally.unjudged += 1
    tally.verdicts += rewards
    if rewards:
        tally.best.append(max(rewards))


def mean(values: Sequence[float]) -> tuple[float, float]:
    """The mean and its standard error. Raises statistics.StatisticsError for no values."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return statistics.fmean(values), error


# --- a simulated moment, as agents would see it ---------------------------------------------------


def _moment(person: LifePerson, k: int) -> Moment:
    person.occasion(k)
    tasks, titles, tips = [], {}, {}
    told = {int(item): person.as_told(int(item), k) for item in person.offered}
    _, when, persona = next(iter(told.values()))
    days = k // person.per_day
    now = MONDAY + timedelta(days=when.weekday + 7 * (days // 7), hours=float(when.hour))
    for item, (tip, _, _) in told.items():
        if tip.kind != KINDS[TASK]:
            continue
        due = None if tip.days_to_due is None else now + timedelta(days=tip.days_to_due)
        task = TaskFact(
            id=item + 1,
            priority=tip.priority,
            added_at=now - timedelta(days=tip.age_days),
            due_on=due.date() if due else None,
            project="work" if tip.work else "home",
        )
        tasks.append(task)
        titles[f"task:{task.id}"] = tip.text
        tips[f"task:{task.id}"] = tip
    inputs = Inputs(user_id=person.seed[1], now=now, zone=ZoneInfo("UTC"), tasks=tuple(tasks))
    snippets = {agent.id: said for agent in agents if (said := agent.compute(inputs))}
    drafts: list[TipCandidate] = write(inputs, snippets)
    titles = {draft.key: titles[draft.key] for draft in drafts if draft.key in titles}
    material = Material(inputs=inputs, snippets=snippets, drafts=drafts, titles=titles)
    return Moment(material, tips, when, persona)
