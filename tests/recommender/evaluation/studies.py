"""How often the statistics are wrong: the simulations behind the tests and docs/evaluation.md.

A test asks for 200 repetitions of each, `python -m bench.evaluation` for more.
"""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np

from recommender.evaluation import drift, estimators, experiment, gate, guard
from recommender.evaluation.anytime import one_sided
from recommender.evaluation.log import TooLittleData
from recommender.evaluation.people import Ratio, spread
from tests.recommender.evaluation import problems

LOGS: dict[str, dict] = {
    "300 decisions, 50 people": {"people": 50, "each": 6},
    "1 000 decisions, 100 people": {"people": 100, "each": 10},
    "1 000 decisions, 100 people, heavy weights": {
        "people": 100, "each": 10, "sharp": 4.5, "floor": 0.07,
    },
    "1 200 decisions, 60 people, a live policy that learns": {
        "people": 60, "each": 20, "learns": True,
    },
    "3 000 decisions, 300 people": {"people": 300, "each": 10},
}  # fmt: skip
ESTIMATES = {
    "ips": lambda log: estimators.ips(log),
    "snips": lambda log: estimators.snips(log),
    "dr": lambda log: estimators.doubly_robust(log),
    "dr-sn": lambda log: estimators.doubly_robust(log, normalised=True),
    "live": lambda log: estimators.on_policy(log),
    "difference ips": lambda log: estimators.difference(log, estimator="ips"),
    "difference snips": lambda log: estimators.difference(log, estimator="snips"),
    "difference dr": lambda log: estimators.difference(log),
}


def coverage(people, each, *, logs, seed, **kind):
    """{estimator: (share of intervals that hold the truth, mean width)} and how many were refused."""
    hits = {name: [] for name in ESTIMATES}
    widths = {name: [] for name in ESTIMATES}
    refused = 0
    for number in range(logs):
        rng = np.random.default_rng([seed, number])
        world = problems.problem(rng, **kind)
        log = problems.log_of(world, problems.live_through(world, rng, people, each))
        try:
            found = {name: estimate(log) for name, estimate in ESTIMATES.items()}
        except TooLittleData:
            refused += 1
            continue
        for name, estimate in found.items():
            truth = world.value(world.target)
            if name.startswith("difference"):
                truth = true_gain(world, truth)
            elif name == "live":
                truth -= true_gain(world, truth)
            # A policy that learns has no value by adding up: nothing to compare with.
            if truth is not None and not np.isnan(truth):
                hits[name].append(estimate.low <= truth <= estimate.high)
                widths[name].append(estimate.high - estimate.low)
    return {
        n: (float(np.mean(h)), float(np.mean(widths[n]))) for n, h in hits.items() if h
    }, refused


def true_gain(world, truth):
    return np.nan if world.learns else truth - world.value(world.live)


def replay_coverage(people, each, *, logs, seed):
    """Of replay, which wants a live policy that draws all alike and a target that draws none."""
    hits = []
    for number in range(logs):
        rng = np.random.default_rng([seed, number])
        q = rng.uniform(-0.6, 0.6, (problems.CONTEXTS, problems.ACTIONS))
        alike = np.full(q.shape, 1.0 / problems.ACTIONS)
        best = np.eye(problems.ACTIONS)[(q + rng.normal(0, 0.3, q.shape)).argmax(axis=1)]
        world = problems.Problem(q, alike, best)
        log = problems.log_of(world, problems.live_through(world, rng, people, each))
        found = estimators.replay(log)
        hits.append(found.low <= world.value(best) <= found.high)
    return float(np.mean(hits))


def promotions(make, *, logs, seed, people=150, each=15, simulated=0.0):
    """Verdicts of the gate over logs of worlds that `make(rng)` gives, with 5 simulated seeds whose
    differences are normal around `simulated` with a spread of 0.02."""
    return [found[0] for found in judged(make, logs, seed, people, each, simulated)]


def judged(make, logs, seed, people=150, each=15, simulated=0.05, bare=False):
    """Of each log: the gate's verdict, the off-policy difference or its refusal, the true gain.

    `bare`: as if only the drawn actions' probabilities were known.
    """
    for number in range(logs):
        rng = np.random.default_rng([seed, number])
        world = make(rng)
        sample = problems.live_through(world, rng, people, each)
        log = problems.log_of(world, sample, problems.products)
        target, live = world.target[sample.context], world.live[sample.context]
        try:
            found = estimators.difference(replace(log, overlap=None) if bare else log)
            if bare:
                found = replace(found, unsupported=0.0)
        except TooLittleData as refusal:
            found = refusal
        verdict = gate.judge(
            gate.Simulation({"one": rng.normal(simulated, 0.02, 5)}),
            gate.Shadow(
                target.argmax(axis=1) == live.argmax(axis=1),
                log.v_target - log.v_live,
                log.person,
            ),
            found,
        )
        yield verdict, found, world.gain


def gate_again_and_again(*, runs, seed, people=60, per_day=3, days=90, window=28):
    """The shares of runs in which an equal policy's off-policy bound is ever above 0, looked at daily
    over the last `window` days: the gate's bound, and that of one look. The live policy draws one of
    two equal actions, the target one of them in four of five draws."""
    gates = once = 0
    who = np.repeat(np.arange(people), per_day)
    for number in range(runs):
        rng = np.random.default_rng([seed, number])
        own = 0.2 * rng.standard_normal(people)
        weight = np.where(rng.random((days, who.size)) < 0.5, 1.6, 0.4)
        noise = 0.6 * rng.standard_normal(weight.shape)
        reward = np.clip(own[who] + noise, -1.0, 1.0)
        above = np.zeros(2, dtype=bool)
        for end in range(window, days + 1):
            rows = slice(end - window, end)
            error = reward[rows] - reward[rows].mean()
            gain = ((weight[rows] - 1.0) * error).ravel()
            found = spread([Ratio(gain)], np.tile(who, window))
            bound = found.value - one_sided(found, gate.BARS.alpha)
            above |= (bound > 0.0, found.interval()[0] > 0.0)
        gates, once = gates + above[0], once + above[1]
    return gates / runs, once / runs


# Live policies from mild to all but greedy, by sharpness and floor; the last two have the floor of
# the product's hierarchical policy.
LIVE = ((3.0, 0.1), (10.0, 0.02), (30.0, 0.004), (100.0, 0.004))
# How often the target does the twin's bidding where it differs: always, or in a few draws.
TARGETS = {
    "a twin, as good": {}, "a twin, worse by 0.05": {"worse": 0.05},
    "in 5 % of draws a twin, as good": {"share": 0.05},
    "in 5 % of draws a twin, worse by 0.05": {"share": 0.05, "worse": 0.05},
}  # fmt: skip


def support(sharp, floor, *, logs, seed, bare=False, people=150, each=15, **target):
    """Of logs by such a live policy: how many were judged, how many of those intervals missed the
    true gain, and how many targets, none of them better, were promoted; and why the rest was not
    judged."""
    make = partial(problems.twins, sharp=sharp, floor=floor, **target)
    there = missed = promoted = 0
    refusals = Counter()
    for verdict, found, gain in judged(make, logs, seed, people, each, bare=bare):
        promoted += verdict.passed
        if isinstance(found, TooLittleData):
            refusals[found.what] += 1
        else:
            there += 1
            missed += not found.low <= gain <= found.high
    return there, missed, promoted, dict(refusals)


def rewards(rng, people, days, per_day, mean=0.1, dismiss=0.2, spread=0.25):
    """(people, days, per day) rewards and whether dismissed; people differ by `spread`, days in
    mood by 0.1. A dismissed tip is worth -1, the others make up for it."""
    own = rng.uniform(-spread, spread, (people, 1, 1))
    mood = rng.uniform(-0.1, 0.1, (people, days, 1))
    shape = (people, days, per_day)
    dismissed = rng.random(shape) < dismiss * (1.0 - own - mood)
    rest = (mean + dismiss) / (1.0 - dismiss) + 0.6 * (own + mood)
    other = np.clip(rest + rng.choice((-0.35, 0.35), shape), -1.0, 1.0)
    return np.where(dismissed, -1.0, other), dismissed


def guard_alarms(*, runs, seed, people=40, before_days=21, days=30, per_day=6, looks=60, worse=0.0):
    """The share of runs with an alarm at any of many looks, and the median day of those alarms.

    `worse`: by how much the promoted policy raises the share of dismissed tips.
    """
    when = []
    for number in range(runs):
        rng = np.random.default_rng([seed, number])
        own = rng.bit_generator.state  # the same people before and after: the same first draws
        before, before_dismissed = rewards(rng, people, before_days, per_day)
        again = np.random.default_rng()
        again.bit_generator.state = own
        later = np.random.default_rng([seed, number, 1])
        after, after_dismissed = continued(again, later, people, days, per_day, worse)
        who = np.arange(people)
        earlier = guard.Stream(
            before.ravel(),
            before_dismissed.ravel(),
            np.repeat(who, before_days * per_day),
            np.tile(np.repeat(np.arange(before_days) % 7, per_day), people),
        )
        total = days * per_day
        alarm = None
        for cut in np.unique(np.geomspace(per_day, total, looks).astype(int)):
            rows = after.reshape(people, total)[:, :cut]
            promoted = guard.Stream(
                rows.ravel(),
                after_dismissed.reshape(people, total)[:, :cut].ravel(),
                np.repeat(who, cut),
                np.tile(np.arange(cut) // per_day % 7, people),
            )
            if guard.watch(earlier, promoted).roll_back:
                alarm = cut / per_day
                break
        when.append(alarm)
    found = [day for day in when if day is not None]
    return len(found) / runs, float(np.median(found)) if found else None


def continued(own_rng, rng, people, days, per_day, worse):
    own = own_rng.uniform(-0.25, 0.25, (people, 1, 1))
    mood = rng.uniform(-0.1, 0.1, (people, days, 1))
    shape = (people, days, per_day)
    dismissed = rng.random(shape) < (0.2 + worse) * (1.0 - own - mood)
    rest = 0.3 / 0.8 + 0.6 * (own + mood)
    other = np.clip(rest + rng.choice((-0.35, 0.35), shape), -1.0, 1.0)
    return np.where(dismissed, -1.0, other), dismissed


def promoted_on_a_friday(*, runs, seed, people, weekend, worse=0.0, days=4, per_day=4):
    """The share of runs with an alarm at a look on any of the first days after a Friday night.

    `weekend`: by how much rewards are lower on Saturdays and Sundays, whatever the policy. `worse`:
    by how much the promoted policy lowers them.
    """

    def lived(rng, own, first, length, lower):
        shape = (people, length, per_day)
        weekday = np.broadcast_to((np.arange(first, first + length) % 7)[:, None], shape)
        mean = own[:, None, None] - weekend * (weekday >= 5) - lower
        reward = np.clip(mean + 0.6 * rng.standard_normal(shape), -1.0, 1.0)
        who = np.broadcast_to(np.arange(people)[:, None, None], shape)
        return reward, who, weekday

    def stream(reward, who, weekday):
        return guard.Stream(reward.ravel(), reward.ravel() < -0.7, who.ravel(), weekday.ravel())

    alarmed = 0
    for number in range(runs):
        rng = np.random.default_rng([seed, number])
        own = 0.2 + 0.25 * rng.standard_normal(people)
        before = stream(*lived(rng, own, 5, 28, 0.0))
        since = lived(rng, own, 5, days, worse)
        looks = (stream(*(part[:, :day] for part in since)) for day in range(1, days + 1))
        alarmed += any(guard.watch(before, look).roll_back for look in looks)
    return alarmed / runs


def experiment_misses(*, runs, seed, bandit, gain=0.0, people=120, days=40, per_day=4):
    """Shares of runs in which any daily report's interval missed the truth, in which one said
    better, and the mean share of decisions that the second arm got."""
    missed = better = 0
    traffic = []
    plan = experiment.Experiment("study", ("live", "new"), (0.5, 0.5), bandit=bandit)
    for number in range(runs):
        rng = np.random.default_rng([seed, number])
        own = rng.uniform(-0.3, 0.3, people)
        columns = [[], [], [], []]
        wrong = said = False
        shares = plan.split
        for day in range(days):
            if bandit and day:
                shares = experiment.shares_of_day(plan, outcomes, str(day))  # noqa: F821
            names = [f"{number}/{who}" for who in range(people)]
            drawn = [
                experiment.assign(plan, name, shares=shares, day=str(day)) if bandit
                else experiment.assign(plan, name)
                for name in names
            ]  # fmt: skip
            arm = np.repeat([a.index for a in drawn], per_day)
            who = np.repeat(np.arange(people), per_day)
            mean = 0.1 + own[who] + gain * arm
            reward = np.where(rng.random(who.size) < (1 + mean) / 2, 1.0, -1.0)
            chance = np.repeat([a.propensity for a in drawn], per_day)
            for column, new in zip(columns, (arm, chance, who, reward), strict=True):
                column.append(new)
            outcomes = experiment.Outcomes(*(np.concatenate(column) for column in columns))
            found = experiment.report(plan, outcomes).comparisons[0]
            wrong |= not found.low <= gain <= found.high
            said |= found.verdict == "better"
        missed += wrong
        better += said
        traffic.append(float((outcomes.arm == 1).mean()))
    return missed / runs, better / runs, float(np.mean(traffic))


QUANTITIES = ("overdue", "age", "hour", "priority", "prediction", "reward")


def window(people_rng, rng, people, per_day, begin, end, *, shift=0.0):
    """A week or more of people who differ, have moods, and come on some days only."""
    own = people_rng.normal(0.0, 0.6, (people, len(QUANTITIES)))
    values = {name: [] for name in QUANTITIES}
    person = []
    for _day in range(begin, end):
        here = np.flatnonzero(rng.random(people) < 0.7)
        who = np.repeat(here, per_day)
        mood = np.repeat(rng.normal(0.0, 0.3, (here.size, len(QUANTITIES))), per_day, axis=0)
        raw = own[who] + mood + rng.normal(0.0, 1.0, (who.size, len(QUANTITIES)))
        raw[:, QUANTITIES.index("age")] += shift
        values["overdue"].append((raw[:, 0] > 0.8).astype(float))
        values["age"].append(raw[:, 1])
        values["hour"].append(np.round(12.0 + 4.0 * raw[:, 2]))
        values["priority"].append(np.clip(np.round(raw[:, 3] + 2.0), 1.0, 4.0))
        values["prediction"].append(np.tanh(raw[:, 4]))
        values["reward"].append(np.select((raw[:, 5] < -1, raw[:, 5] < 0.3), (-1.0, 0.1), 1.0))
        person.append(who)
    return drift.Window(
        {name: np.concatenate(parts) for name, parts in values.items()},
        np.concatenate(person), begin, end,
    )  # fmt: skip


def drift_alarms(*, worlds, weeks, seed, people=30, per_day=3, shift=0.0):
    """(looks with anything flagged, looks with an alarm, all looks, worlds in which `age` was
    alarmed). Reference: four weeks, then one look a week, with `shift` from the first on."""
    flagged = alarmed = 0
    found = 0
    for number in range(worlds):
        rng = np.random.default_rng([seed, number])
        born = [seed, number, 1]
        reference = window(np.random.default_rng(born), rng, people, per_day, 0, 28)
        looks = []
        caught = False
        for week in range(weeks):
            begin = 28 + 7 * week
            recent = window(
                np.random.default_rng(born), rng, people, per_day, begin, begin + 7, shift=shift
            )
            looks.append(drift.compare(reference, recent, rng))
            flagged += any(s.flagged for s in looks[-1].shifts)
            raised = drift.alarms(looks)
            alarmed += bool(raised)
            caught |= "age" in raised
        found += caught
    return flagged, alarmed, worlds * weeks, found
