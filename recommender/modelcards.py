"""A policy's card: what it is, what it starts from, what was measured of it. Made from facts alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from inspect import cleandoc
from typing import Any

from django.db.models import Avg, Count

from recommender import live, priors
from recommender.bandit.policies.base import Policy
from recommender.models import (
    PolicyDeployment,
    PolicyPrior,
    PolicyRun,
    PolicyShadow,
    PolicyState,
    Score,
    ShadowScore,
    SimRun,
)
from recommender.registry import RULE, policies

LATELY = timedelta(days=28)
NOTHING = "–"
LIMITS = (
    "It ranks tips for one person. It is not made to judge people, to compare them, or to decide "
    "anything that matters to them beyond which sentence they see. Its inputs are the named "
    "features above; it sees no text."
)


@dataclass(frozen=True)
class Section:
    """A heading with a table (`head` may be empty), or with a sentence where there is none."""

    title: str
    head: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    says: str = ""


@dataclass(frozen=True)
class Card:
    title: str
    says: str
    sections: tuple[Section, ...]


def card(policy_id: str, *, now: datetime) -> Card:
    """The card of an installed policy. Raises KeyError for another."""
    live.refresh()
    cls = type(policies.get(policy_id))
    return Card(
        f"{cls.id}, version {cls.version}",
        cleandoc(cls.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        (
            Section("What it is", rows=list(_what(cls))),
            Section("What it starts from", rows=list(_start(cls))),
            Section("What it does here", rows=list(_use(cls, now))),
            _measured(cls),
            _simulated(cls),
            _history(cls),
            Section("What it is not for", says=LIMITS),
        ),
    )


def markdown(told: Card, *, now: datetime) -> str:
    """A card as a Markdown document."""
    parts = [f"# {told.title}", told.says]
    parts += [f"*As of {now:%Y-%m-%d %H:%M} UTC, from this installation's own records.*"]
    for section in told.sections:
        parts += [f"## {section.title}", _rows(section) if section.rows else section.says]
    return "\n\n".join(part for part in parts if part) + "\n"


def _what(cls: type[Policy]) -> Iterator[tuple[str, str]]:
    yield "class", f"{cls.__module__}.{cls.__name__}"
    yield "features", f"{cls.feature_set.version}, {cls.feature_set.width} columns"
    yield "reads", ", ".join(cls.feature_set.names)
    yield "may choose silence", "yes" if cls.feature_set.silence else "no"
    yield "learns from rewards", "yes" if cls.learns else "no"
    yield "learns from a population", "yes" if cls.has_population else "no"
    yield "floor", f"each of n candidates is drawn with at least {cls.floor:g} / n"
    yield "stands in when another fails", "yes" if cls.id == RULE else "no"


def _start(cls: type[Policy]) -> Iterator[tuple[str, str]]:
    prior = live.prior_in_use(cls)
    yield "prior", prior.version if prior else (cls.fresh().prior_version or "none")
    row = prior and PolicyPrior.objects.filter(policy=cls.id, version=prior.version).first()
    if row:
        yield "made", f"{row.source}, {row.created_at:%Y-%m-%d}"
        if row.epsilon is not None:
            yield "from", f"{row.people} people who agreed, at ε = {row.epsilon:g}"
    elif prior:
        yield "made", "shipped with oO, learned from simulated people"
    if cls.has_population:
        spent = priors.spent()
        yield (
            "privacy spent so far",
            (
                f"ε = {spent['epsilon_spent']:.2f} over {spent['estimates']:.0f} estimates, "
                "for someone who took part in all"
            ),
        )


def _use(cls: type[Policy], now: datetime) -> Iterator[tuple[str, str]]:
    states = PolicyState.objects.filter(policy=cls.id, version=cls.version)
    yield "people it knows", str(states.filter(count__gt=0).count())
    made = Score.objects.filter(
        policy=cls.id, policy_version=cls.version, decision__created_at__gt=now - LATELY
    ).aggregate(decisions=Count("pk"), latency=Avg("latency_us"))
    yield "decisions in four weeks", str(made["decisions"])
    yield "mean time to decide", f"{made['latency']:.0f} µs" if made["latency"] else NOTHING
    failed = Score.objects.filter(
        fell_back_from=cls.id, decision__created_at__gt=now - LATELY
    ).count()
    yield "failures in four weeks", str(failed)
    shadow = PolicyShadow.objects.filter(policy=cls.id).first()
    if shadow:
        seen = ShadowScore.objects.filter(policy=cls.id, policy_version=cls.version).aggregate(
            count=Count("pk"), agreement=Avg("agreement")
        )
        said = f"{seen['count']} decisions" + (
            f", it would have done the same in {seen['agreement']:.0%}" if seen["count"] else ""
        )
        yield "in the shadow", f"{'running' if shadow.running else 'stopped'}; {said}"
    yield "live now", "yes" if live.standing() is cls else "no"


def _measured(cls: type[Policy]) -> Section:
    rows = []
    for kind in PolicyRun.Kind:
        mine = PolicyRun.objects.filter(kind=kind, policy=cls.id, policy_version=cls.version)
        run = mine.order_by("-created_at").first()
        if run:
            rows.append((f"{kind.label}, {run.created_at:%Y-%m-%d}", run.verdict, run.says))
    return Section("Measured", ("what", "verdict", "what was found"), rows, "Nothing yet.")


def _simulated(cls: type[Policy]) -> Section:
    rows: list[tuple[str, ...]] = []
    worlds: set[str] = set()
    finished = SimRun.objects.filter(status=SimRun.Status.FINISHED).defer("curves")
    for run in finished.order_by("-started_at")[:200]:
        mine: dict[str, Any] = run.scores.get(cls.id, {})
        if not mine or run.world in worlds or run.versions.get(cls.id) != cls.version:
            continue
        worlds.add(run.world)
        rows += [
            (run.world, stretch, _number(told["mean"]), _number(told["error"]), f"{len(run.seeds)}")
            for stretch, told in mine.items()
        ]
    head = ("world", "decisions", "normalised score", "standard error", "seeds")
    return Section("Simulated", head, rows, "Not simulated here yet: `manage.py simulate`.")


def _history(cls: type[Policy]) -> Section:
    rows = [
        (
            f"{one.began_at:%Y-%m-%d %H:%M}",
            f"{one.ended_at:%Y-%m-%d %H:%M}" if one.ended_at else "now",
            one.how,
            one.reason,
        )
        for one in PolicyDeployment.objects.filter(policy=cls.id).order_by("-began_at")[:20]
    ]
    head = ("from", "to", "how", "why")
    return Section("Where it was live", head, rows, "It was never promoted here.")


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _rows(section: Section) -> str:
    head = section.head or ("",) * len(section.rows[0])
    lines = [head, tuple("---" for _ in head), *section.rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
