"""The laboratory at work: runs of the simulator, kept in the database."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from recommender.judging import JudgeTrouble as JudgeTrouble
from recommender.judging import NoJudge, judge
from recommender.live import standard_prior
from recommender.models import SimEvent, SimRun
from recommender.registry import policies
from recommender.runs import storable
from recommender.signs_of_life import give_up, heartbeat
from recommender.simulation.catalogue import WORLDS
from recommender.simulation.curves import Curve, Measured, curve, table
from recommender.simulation.entrants import Ceiling, Entrant, LinUCBAlone, PolicyEntrant
from recommender.simulation.life import Life
from recommender.simulation.run import Outcome, Progress, Step, run
from recommender.simulation.world import World

BATCH = 2_000


class BadRequest(ValueError):
    """What was asked for can't be simulated. Says why, and what would do."""


@dataclass(frozen=True)
class Plan:
    """What is to be simulated. `keep` is of how many people per seed every decision is kept."""

    policies: tuple[str, ...]
    world: str = "mixed"
    people: int = 300
    decisions: int = 100
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    candidates: int = 20
    silence: bool | None = None
    table: bool = False
    population: int = 0
    shipped: bool = False
    epsilon: float | None = None
    """Of one estimate of a prior; None: as this installation does, 0: every night, without noise."""
    nights_apart: int = 1
    judge: str = ""
    keep: int = 20


@dataclass(frozen=True)
class Result:
    """A run as it is kept, with what can be drawn and told of it."""

    run: SimRun
    scores: dict[str, dict[str, Measured]]
    curves: dict[str, Curve]
    outcomes: tuple[Outcome, ...]


def simulate(plan: Plan, *, clock: Callable[[], datetime], progress: Progress) -> Result:
    """Runs the plan, seed by seed, and keeps what comes of it.

    Interrupted from the keyboard it keeps what is through, marks the run and gives the result of
    that; any other trouble is marked and raised. Raises BadRequest before anything is kept.
    """
    world = build(plan, clock=clock)
    contestants(plan, world)  # raises before there is a row
    began = clock()
    give_up(now=began)
    row = SimRun.objects.create(
        world=plan.world,
        policies=list(plan.policies),
        versions={name: policies.get(name).version for name in plan.policies if name in policies},
        seeds=list(plan.seeds),
        people=plan.people,
        decisions=plan.decisions,
        options=_options(plan),
        started_at=began,
        heard_at=began,
    )
    progress = heartbeat(row, progress, clock)
    outcomes: list[Outcome] = []
    status, error = SimRun.Status.FINISHED, ""
    try:
        for seed in plan.seeds:
            outcome = _one_seed(plan, world, row, seed, progress)
            outcomes += [outcome]
    except KeyboardInterrupt:
        status = SimRun.Status.INTERRUPTED
    except Exception as trouble:
        status, error = SimRun.Status.FAILED, f"{type(trouble).__name__}: {trouble}"[:300]
        raise
    finally:
        result = _keep(row, outcomes, status, error, clock())
    return result


def steps(plan: Plan) -> int:
    """How many decisions a plan takes: what `progress` adds up to."""
    return len(plan.seeds) * plan.people * plan.decisions * len(plan.policies)


# --- what a plan means ------------------------------------------------------------------------


def build(plan: Plan, *, clock: Callable[[], datetime]) -> World:
    """The world of a plan. Raises BadRequest."""
    cls = WORLDS.get(plan.world)
    if cls is None:
        raise BadRequest(f"There is no world {plan.world!r}, but {', '.join(sorted(WORLDS))}.")
    chosen: dict[str, Any] = {"candidates": plan.candidates, "table": plan.table}
    if plan.silence is not None:
        chosen["silence"] = plan.silence
    if cls is not Life:
        chosen["population"] = plan.population
    if plan.judge:
        if cls is not Life:
            raise BadRequest("Only in the world `life` is there anything for a judge to look at.")
        try:
            chosen["judge"] = judge(plan.judge, clock=clock)
        except NoJudge as none:
            raise BadRequest(str(none)) from None
    for name in ("people", "decisions", "candidates", "nights_apart"):
        if getattr(plan, name) < (least := 2 if name == "candidates" else 1):
            raise BadRequest(f"{name} must be at least {least}.")
    if plan.population < 0:
        raise BadRequest("population must not be negative.")
    if not plan.seeds:
        raise BadRequest("At least one seed is needed.")
    return cls(**chosen)


def contestants(plan: Plan, world: World) -> list[Entrant]:
    """Those that compete, made afresh. Raises BadRequest for a name that nobody has."""
    if len(set(plan.policies)) != len(plan.policies) or not plan.policies:
        raise BadRequest("Name at least one policy, and none twice.")
    return [_contestant(name, plan, world) for name in plan.policies]


def _contestant(name: str, plan: Plan, world: World) -> Entrant:
    if name == LinUCBAlone.name:
        return LinUCBAlone()
    if name == Ceiling.name:
        try:
            return Ceiling(world.truth(Ceiling.feature_set))
        except ValueError as error:
            raise BadRequest(f"The ceiling is not known here: {error}.") from None
    if name not in policies:
        known = [*policies.ids(), Ceiling.name, LinUCBAlone.name]
        raise BadRequest(f"There is no policy {name!r}, but {', '.join(known)}.")
    cls = type(policies.get(name))
    epsilon = settings.PRIOR_EPSILON if plan.epsilon is None else plan.epsilon
    prior = standard_prior(cls) if plan.shipped else None
    return PolicyEntrant(cls, prior=prior, epsilon=epsilon or None)


# --- keeping it ---------------------------------------------------------------------------------


def _one_seed(plan: Plan, world: World, row: SimRun, seed: int, progress: Progress) -> Outcome:
    waiting: list[SimEvent] = []

    def flush() -> None:
        SimEvent.objects.bulk_create(waiting, batch_size=BATCH)
        waiting.clear()

    def record(step: Step) -> None:
        if 0 <= plan.keep <= step.person:
            return
        waiting.append(_event(row, seed, step))
        if len(waiting) >= BATCH:
            flush()

    try:
        return run(
            world,
            contestants(plan, world),
            people=plan.people,
            decisions=plan.decisions,
            seed=seed,
            nights_apart=plan.nights_apart,
            progress=progress,
            record=record,
        )
    finally:
        flush()


def _event(row: SimRun, seed: int, step: Step) -> SimEvent:
    return SimEvent(
        run=row,
        seed=seed,
        policy=step.entrant,
        person=step.person,
        cluster=step.cluster,
        k=step.k,
        day=step.day,
        kind=step.kind,
        chosen=step.index,
        count=step.count,
        worth=round(step.worth, 4),
        best=round(step.best, 4),
        reward=step.answer.reward,
        delay=step.answer.delay,
    )


def _keep(
    row: SimRun, outcomes: Sequence[Outcome], status: str, error: str, now: datetime
) -> Result:
    scores, curves = {}, {}
    if outcomes:
        scores = table(outcomes)
        curves = {name: curve(outcomes, name) for name in scores}
    row.status, row.error, row.finished_at = status, error, now
    row.scores = storable(
        {
            name: {stretch: asdict(one) for stretch, one in columns.items()}
            for name, columns in scores.items()
        }
    )
    row.curves = storable(
        {
            name: {"at": c.at.tolist(), "mean": c.mean.tolist(), "error": c.error.tolist()}
            for name, c in curves.items()
        }
    )
    row.save()
    return Result(row, scores, curves, tuple(outcomes))


def _options(plan: Plan) -> dict[str, Any]:
    kept = (
        "candidates", "silence", "table", "population", "shipped", "epsilon", "nights_apart", "judge",
    )  # fmt: skip
    return {name: getattr(plan, name) for name in kept}


DEFAULTS = _options(Plan(()))
"""The options of a plan that changes none."""
