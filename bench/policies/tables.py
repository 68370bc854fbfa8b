"""The tables of quality: what is played for each of them, and how it is written down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from statistics import mean, stdev

import numpy as np

from bench.policies import players as who
from bench.policies import tune
from bench.policies.results import Curves, Player, Setting, score
from recommender.bandit.arrays import Floats
from recommender.simulation.catalogue import WORLDS
from recommender.simulation.linear import Mixed

Results = Mapping[tuple[str, str], Sequence[Curves]]
"""(player's name, setting's key): the curves of each seed."""

MIXED, ALIKE, INDIVIDUAL = (Setting(n, WORLDS[n]) for n in ("mixed", "alike", "individual"))
POPULATIONS = (MIXED, ALIKE, INDIVIDUAL)
SMALL = (
    *(Setting(f"{n}, 30 people", WORLDS[n], people=30) for n in ("mixed", "alike", "individual")),
    Setting("mixed, 10 candidates", partial(Mixed, candidates=10)),
    Setting("mixed, 100 candidates", partial(Mixed, candidates=100)),
)
SHIFT = Setting("shift", WORLDS["shift"])
QUIET = Setting("quiet", WORLDS["quiet"])
OTHERS = tuple(
    Setting(name, world)
    for name, world in WORLDS.items()
    if name not in {"mixed", "alike", "individual", "shift", "quiet"}
)
LEAST_PREFIX = 5


@dataclass(frozen=True)
class Table:
    """`players` are asked for each setting; `render` gives lines of markdown."""

    key: str
    settings: Sequence[Setting]
    players: Callable[[Setting], list[Player]]
    render: Callable[["Table", Results], list[str]]


def row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def head(cells: Sequence[str]) -> list[str]:
    return [row(cells), row(["---"] + ["---:"] * (len(cells) - 1))]


def with_error(values: Sequence[float], digits: int = 3) -> str:
    """The mean and its standard error."""
    if len(values) < 2:
        return f"{mean(values):.{digits}f}"
    return f"{mean(values):.{digits}f} ± {stdev(values) / sqrt(len(values)):.{digits}f}"


# --- one population, everyone ---------------------------------------------------------------------


def ranking(table: Table, results: Results) -> list[str]:
    """Everyone's scores in each setting, in order of 1-100."""
    lines = []
    for setting in table.settings:
        n = setting.decisions
        lines += ["", f"**{setting.key}** ({setting.people} people)", ""]
        spans = ["1–20", f"1–{n}", "last third 1–20", f"last third 1–{n}"]
        lines += head(["policy", *spans, f"least lead over the rule, prefix ≥ {LEAST_PREFIX}"])
        here = {name: found for (name, key), found in results.items() if key == setting.key}
        rule = here.get(who.RULE)
        order = sorted(here, key=lambda name: mean(score(c.everyone) for c in here[name]))
        for name in order:
            found = here[name]
            cells = [
                with_error([score(each, 0, end) for each in curves])
                for curves in ([c.everyone for c in found], [c.last for c in found])
                for end in (20, n)
            ]
            lead = "" if rule is None or name == who.RULE else least_lead(found, rule)
            shown = f"**{name}**" if name == who.ACTIVE else name
            lines.append(row([shown, *cells, lead]))
    return lines[1:]


def least_lead(found: Sequence[Curves], rule: Sequence[Curves]) -> str:
    """The least of mean (policy - rule) over the prefixes, with its error, and where it is."""
    end = found[0].everyone.shape[1]
    leads = {
        n: [
            score(mine.everyone, 0, n) - score(theirs.everyone, 0, n)
            for mine, theirs in zip(found, rule, strict=True)
        ]
        for n in range(min(LEAST_PREFIX, end), end + 1)
    }
    at = min(leads, key=lambda n: mean(leads[n]))
    return f"{with_error(leads[at])} at {at}"


# --- the active policy against its ceiling and the rule -------------------------------------------


def shares(table: Table, results: Results) -> list[str]:
    """The active policy's score as a share of the ceiling's."""
    lines = head(
        [
            "world",
            "ceiling 1–100",
            f"{who.ACTIVE} 1–100",
            "share of the ceiling",
            "least lead over the rule",
        ]
    )
    for setting in table.settings:
        mine = results.get((who.ACTIVE, setting.key))
        theirs = results.get(("ceiling", setting.key))
        rule = results.get((who.RULE, setting.key))
        if mine is None or theirs is None or rule is None:
            continue
        ours = [score(c.everyone) for c in mine]
        best = [score(c.everyone) for c in theirs]
        share = [100 * a / b for a, b in zip(ours, best, strict=True)]
        lines.append(
            row(
                [
                    setting.key,
                    with_error(best),
                    with_error(ours),
                    with_error(share, 1) + " %",
                    least_lead(mine, rule),
                ]
            )
        )
    return lines


def quiet(table: Table, results: Results) -> list[str]:
    """What was lost against always doing the best, as a share of what the best is worth."""
    lines = head(
        [
            "policy",
            "regret, % of the oracle's value",
            "of decisions 21–100",
            "of the last third to arrive",
        ]
    )
    rows = []
    for (name, _), found in results.items():
        parts = (
            [c.everyone for c in found],
            [c.everyone[:, 20:] for c in found],
            [c.last for c in found],
        )
        cells = [[100 * regret(curve) for curve in part] for part in parts]
        rows.append((mean(cells[0]), row([name, *(with_error(values, 1) for values in cells)])))
    return lines + [text for _, text in sorted(rows)]


def regret(curve: Floats) -> float:
    """(oracle - policy) / oracle, in sums of worth."""
    worth, oracle, _ = curve.sum(axis=1)
    return float((oracle - worth) / oracle)


# --- recovery -------------------------------------------------------------------------------------

WINDOW = 10


def recovery(table: Table, results: Results) -> list[str]:
    """Scores in windows of decisions since it went wrong, beside each person's own LinUCB."""
    lines: list[str] = []
    for setting in table.settings:
        for part, heading in (
            ("turned", "those who were there when the population turned, since that day"),
            ("after", "those who came after it had turned"),
            ("everyone", "everyone, since they came"),
        ):
            rows = [
                _recovers(name, part_of_each(found, part), theirs)
                for (name, key), found in results.items()
                if key == setting.key and name != "linucb-alone"
                for theirs in [part_of_each(results.get(("linucb-alone", key), []), part)]
                if theirs and (part != "everyone" or found[0].turned is None)
            ]
            if rows:
                ends = range(WINDOW, 51, WINDOW)
                titles = [f"{end - WINDOW + 1}–{end}" for end in ends]
                lines += ["", f"**{setting.key}**: {heading}; score minus LinUCB's", ""]
                lines += head(["policy", *titles, "above from decision"]) + rows
    return lines[1:]


def part_of_each(found: Sequence[Curves], part: str) -> list[Floats]:
    """That part of every seed, empty where it is missing."""
    parts = [getattr(each, part) for each in found]
    return [] if any(each is None for each in parts) else parts


def _recovers(name: str, mine: Sequence[Floats], theirs: Sequence[Floats]) -> str:
    size = min(50, mine[0].shape[1])
    leads = [
        [
            score(a, n, n + WINDOW) - score(b, n, n + WINDOW)
            for a, b in zip(mine, theirs, strict=True)
        ]
        for n in range(size - WINDOW + 1)
    ]
    below = np.flatnonzero([mean(values) < 0 for values in leads])
    first = 1 if not below.size else int(below[-1]) + 2
    cells = [with_error(leads[n]) for n in range(0, len(leads), WINDOW)]
    return row([name, *cells, str(first) if first <= len(leads) else "not within 50"])


def _hostile(setting: Setting) -> list[Player]:
    policy = who.ACTIVE
    wrong = [who.hostile(policy, nights=True), who.hostile(policy, nights=False)]
    return [*wrong, who.ours(policy), who.alone()]


def _quiet(setting: Setting) -> list[Player]:
    mine = [who.ours(who.ACTIVE), who.ours(who.RULE), who.ours("egreedy-v2"), who.ours("thompson")]
    return [*mine, *tune.rivals(setting)[:1], *who.top(setting)]


TABLES = (
    Table("populations", POPULATIONS, who.everyone, ranking),
    Table("privacy", POPULATIONS, who.by_privacy, ranking),
    Table(
        "small", SMALL, lambda s: [who.ours(who.ACTIVE), who.ours(who.RULE), *who.top(s)], shares
    ),
    Table(
        "shift",
        [SHIFT],
        lambda s: [who.ours(who.ACTIVE), who.ours(who.RULE), who.alone()],
        recovery,
    ),
    Table("hostile", POPULATIONS, _hostile, recovery),
    Table("quiet", [QUIET], _quiet, quiet),
    Table(
        "others",
        (*OTHERS, SHIFT, QUIET),
        lambda s: [who.ours(who.ACTIVE), who.ours(who.RULE), who.alone()],
        ranking,
    ),
)


def one_world(setting: Setting) -> Table:
    """Everyone in a world of the caller's."""
    return Table("world", [setting], who.everyone, ranking)
