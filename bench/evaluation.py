"""How often the statistics of policy evaluation are wrong: the tables of docs/evaluation.md.

python -m bench.evaluation            all of it, five minutes on one core
python -m bench.evaluation guard      one part: coverage, obp, gate, support, guard,
                                      experiment, drift
"""

import sys
from functools import partial

from tests.recommender.evaluation import problems, studies, test_evaluation_obp


def coverage() -> None:
    print("95 % intervals that hold the truth, of 2 000 logs (standard error 0.5 %); mean width\n")
    print("| log | refused |", " | ".join(studies.ESTIMATES), "|")
    print("|---|--:|" + "--:|" * len(studies.ESTIMATES))
    for name, kind in studies.LOGS.items():
        found, refused = studies.coverage(logs=2000, seed=11, **kind)
        cells = [
            f"{100 * found[e][0]:.1f} % ({found[e][1]:.2f})" if e in found else ""
            for e in studies.ESTIMATES
        ]
        print(f"| {name} | {refused / 2000:.0%} |", " | ".join(cells), "|")
    share = studies.replay_coverage(100, 20, logs=2000, seed=11)
    print(f"\nReplay, 2 000 decisions of 100 people, uniform log: {share:.1%}")


def obp() -> None:
    logs = list(test_evaluation_obp.logs())
    version, answers = test_evaluation_obp.theirs(test_evaluation_obp.PYTHON, logs)
    ours = [test_evaluation_obp.ours(log) for log in logs]
    print(f"Ours beside obp {version}, {len(logs)} logs of 700 decisions\n")
    print("| estimator | ours, first log | obp, first log | largest difference, all logs |")
    print("|---|--:|--:|--:|")
    for name in ours[0]:
        largest = max(abs(o[name] - a[name]) for o, a in zip(ours, answers, strict=True))
        print(f"| {name} | {ours[0][name]:.12f} | {answers[0][name]:.12f} | {largest:.1e} |")


def gate() -> None:
    print("Promotions, 1 000 logs of some 2 250 decisions of 150 people\n")
    print("| target | simulation says | promoted | off-policy bound above 0 |")
    print("|---|---|--:|--:|")
    for name, make, simulated in (
        ("the live policy itself", same, 0.05),
        ("another, of the same value", problems.twins, 0.0),
        ("another, of the same value", problems.twins, 0.05),
        ("a better one", problems.problem, 0.05),
    ):
        verdicts = studies.promotions(make, logs=1000, seed=21, simulated=simulated)
        passed = sum(verdict.passed for verdict in verdicts) / 1000
        alone = sum(verdict.numbers.get("off_policy_low", 0) > 0 for verdict in verdicts) / 1000
        says = "better" if simulated else "no better"
        print(f"| {name} | {says} | {passed:.1%} | {alone:.1%} |")


def support() -> None:
    print("Gate, 200 logs of some 2 250 decisions of 150 people; no target is better\n")
    print("| live policy: sharpness, floor | target | judged | intervals that missed | promoted "
          "| without the check: judged | missed | promoted |")  # fmt: skip
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for sharp, floor in studies.LIVE:
        for name, kind in studies.TARGETS.items():
            cells = []
            for bare in (False, True):
                there, missed, promoted, _ = studies.support(
                    sharp, floor, logs=200, seed=61, bare=bare, **kind
                )
                share = f"{missed / there:.0%}" if there else ""
                cells += [f"{there / 200:.0%}", share, f"{promoted / 200:.1%}"]
            print(f"| {sharp:g}, {floor:g} | {name} |", " | ".join(cells), "|")


def same(rng):
    world = problems.problem(rng)
    return problems.Problem(world.q, world.live, world.live)


def guard() -> None:
    print("Guard, 40 people with 6 decisions a day, 60 looks in 30 days\n")
    print("| share of dismissed tips | runs | with an alarm | median day of the alarm |")
    print("|---|--:|--:|--:|")
    for worse, runs in ((0.0, 400), (0.03, 50), (0.05, 50), (0.1, 50)):
        share, day = studies.guard_alarms(runs=runs, seed=31, worse=worse)
        print(f"| 0.20 to {0.2 + worse:.2f} | {runs} | {share:.1%} | {day and round(day, 1)} |")


def experiment() -> None:
    print("Experiments, 120 people with 4 decisions a day, a look on each of 40 days\n")
    print("| mode | true gain | runs | any look missed | said better | traffic of the new arm |")
    print("|---|--:|--:|--:|--:|--:|")
    for bandit in (False, True):
        for gain, runs in ((0.0, 200), (0.15, 40)):
            missed, better, traffic = studies.experiment_misses(
                runs=runs, seed=41, bandit=bandit, gain=gain
            )
            mode = "bandit" if bandit else "fixed split"
            print(f"| {mode} | {gain} | {runs} | {missed:.1%} | {better:.1%} | {traffic:.0%} |")


def drift() -> None:
    print("Drift, 6 quantities, 3 decisions a day, one look a week against four weeks\n")
    print("| people | shift of one feature, in standard deviations of a day | looks | "
          "with a flag | with an alarm | alarmed within 4 weeks |")  # fmt: skip
    print("|--:|--:|--:|--:|--:|--:|")
    for people in (12, 30, 100):
        study = partial(studies.drift_alarms, people=people)
        flagged, alarmed, looks, _ = study(worlds=20, weeks=52, seed=51)
        print(f"| {people} | 0 | {looks} | {flagged / looks:.1%} | {alarmed / looks:.2%} | |")
        for shift in (0.3, 0.6):
            flagged, alarmed, looks, found = study(worlds=50, weeks=4, seed=52, shift=shift)
            print(f"| {people} | {shift} | {looks} | {flagged / looks:.0%} "
                  f"| {alarmed / looks:.0%} | {found / 50:.0%} |")  # fmt: skip


PARTS = {f.__name__: f for f in (coverage, obp, gate, support, guard, experiment, drift)}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
        print(flush=True)
