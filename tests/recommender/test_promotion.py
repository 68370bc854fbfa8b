"""A policy becomes live through the gate, or past it with a reason; and goes back, by hand or guard."""

from datetime import datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommender import live, promote
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.hierarchical import Hierarchical
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.policies.uniform import Uniform
from recommender.bandit.policies.urgency import Urgency
from recommender.evaluate import evaluate, evaluate_all
from recommender.models import PolicyDeployment, PolicyRun, PolicyShadow, Score, SimRun
from recommender.promote import CantPromote, force, gate, roll_back, watch
from recommender.react import prune_unanswered
from recommender.registry import policies
from recommender.shadow import start, stop, sweep
from recommender.simulate import DEFAULTS
from recommender.simulation.catalogue import WORLDS
from tests.people import NOW
from tests.recommender.history import lived, people, urgent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


EARLIER = NOW - timedelta(days=2)


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()


def simulated(world: str = "mixed", gain: float = 0.2, seeds: int = 5, **more) -> SimRun:
    rng = np.random.default_rng(4)
    each = {
        name: [at + 0.02 * rng.standard_normal() for _ in range(seeds)]
        for name, at in (("random", 0.3), ("urgency", 0.3 + gain), ("linucb", 0.3))
    }
    scores = {
        name: {"1-100": {"mean": sum(v) / seeds, "error": 0.01, "each": v}}
        for name, v in each.items()
    }
    given = {
        "world": world, "policies": list(each), "seeds": list(range(seeds)), "people": 300,
        "decisions": 100, "status": "finished", "scores": scores, "started_at": NOW,
        "finished_at": NOW, "options": DEFAULTS,
        "versions": {name: policies.get(name).version for name in each},
    } | more  # fmt: skip
    return SimRun.objects.create(**given)


def simulated_everywhere(**more) -> None:
    for world in WORLDS:
        simulated(world, **more)


@pytest.fixture
def random_is_live(settings) -> None:
    settings.ACTIVE_POLICY = "random"


def seen(policy: str = "urgency", count: int = 40, each: int = 30, **more) -> None:
    """The live policy draws at random; a shadow saw all of it."""
    lived(people(count), each, policy=Uniform, ends=EARLIER, **more)
    start(policy, now=NOW - timedelta(days=40))
    sweep(now=NOW, limit=5_000)


def test_a_better_shadow_is_found_to_be_better(random_is_live):
    seen()
    (run,) = evaluate_all(now=NOW)
    assert run.verdict == "better", run.says
    assert (run.kind, run.policy, run.against) == ("evaluate", "urgency", "random")
    numbers = run.numbers
    assert numbers["decisions"] == 1200
    assert numbers["snips"]["low"] < numbers["dr"]["value"] < numbers["snips"]["high"]
    # What the rule would have earned, worked out from the candidates themselves.
    best = [worth_of_best(score) for score in Score.objects.all()]
    assert numbers["dr"]["low"] < np.mean(best) < numbers["dr"]["high"]
    assert numbers["weight"]["low"] <= 1 <= numbers["weight"]["high"]


def worth_of_best(score: Score) -> float:
    from recommender.featurise import unpack

    rows = unpack(score.features, len(score.candidates))
    from recommender.bandit.features import vectorise

    looks = Urgency().scores(vectorise(rows, Urgency.feature_set))
    return float(
        np.mean([urgent(row) for row, look in zip(rows, looks, strict=True) if look == looks.max()])
    )


def test_too_little_data_is_an_outcome_that_is_kept(random_is_live):
    seen(count=6, each=5)
    (run,) = evaluate_all(now=NOW)
    assert run.verdict == "too little"
    assert run.says.startswith("too little data: decisions: 200 needed")
    assert run.numbers["lacking"]["there"] == 30
    PolicyShadow.objects.all().delete()
    start("linucb", now=NOW)
    assert evaluate(LinUCB, now=NOW).verdict == "too little", "not one decision"


def test_unanswered_tips_count_as_worth_nothing_and_new_ones_do_not_count_yet(random_is_live):
    seen(count=10, each=20, answered=0.5)
    lived(people(1, first=90), 1, policy=Uniform, ends=NOW, days=0, seed=2)
    PolicyShadow.objects.update(swept_to=NOW - timedelta(days=40))
    assert sweep(now=NOW) == 1, "the shadow has seen it"
    run = evaluate(Urgency, now=NOW)
    assert run.numbers["decisions"] == 200


def test_that_unanswered_decisions_are_not_kept_as_long_makes_nobody_look_better(
    random_is_live, settings
):
    """Of what is older than the retention only the answered are left, which were liked."""
    settings.EVENT_RETENTION_DAYS = 14
    seen(answered=0.5, worth=lambda row: 0.4, days=24)
    before = evaluate(Urgency, now=NOW).numbers
    assert prune_unanswered(now=NOW, older_than=timedelta(days=14))
    after = evaluate(Urgency, now=NOW).numbers
    assert after["decisions"] == before["decisions"] < 700
    assert after["live"] == before["live"]
    assert after["live"]["value"] == pytest.approx(0.2, abs=0.03)


def test_the_gate_opens_when_all_three_witnesses_say_yes(random_is_live):
    seen()
    simulated_everywhere()
    run = gate(Urgency, now=NOW)
    assert run.verdict == "passed", run.says
    made = promote.promote("urgency", now=NOW)
    assert (made.how, made.policy, made.gate.verdict) == ("promoted", "urgency", "passed")
    assert live.present(1, now=NOW).policy is Urgency
    first, second = PolicyDeployment.objects.order_by("pk")
    assert (first.policy, first.how, first.ended_at) == ("random", "setting", NOW)
    assert second.before == first


@pytest.mark.parametrize("lacking", ["simulation", "shadow", "off_policy"])
def test_the_gate_stays_shut_when_one_is_missing(random_is_live, lacking):
    if lacking == "shadow":
        lived(people(40), 20, policy=Uniform, ends=EARLIER)
    elif lacking == "off_policy":
        seen(count=8, each=5)
    else:
        seen()
    if lacking != "simulation":
        simulated_everywhere()
    with pytest.raises(CantPromote) as refusal:
        promote.promote("urgency", now=NOW)
    run = PolicyRun.objects.get(kind="gate")
    assert run.verdict == "refused"
    assert str(refusal.value) == run.says
    assert run.numbers["reasons"]
    assert live.present(1, now=NOW).policy is Uniform
    assert not PolicyDeployment.objects.exists()


def test_a_simulation_that_was_lost_or_not_finished_opens_no_gate(random_is_live):
    seen()
    simulated_everywhere(status="failed")
    simulated("alike", gain=-0.1)
    assert gate(Urgency, now=NOW).verdict == "refused"
    assert promote.simulated(LinUCB, EpsilonGreedy, now=NOW) is None
    simulated("alike", gain=0.3, started_at=NOW + timedelta(1))
    witness = promote.simulated(Urgency, Uniform, now=NOW)
    assert list(witness.differences) == ["alike"]
    assert witness.differences["alike"].min() > 0, "the newest of a world"
    assert "not run in mixed, individual, quiet, shift, life" in gate(Urgency, now=NOW).says
    for world in set(WORLDS) - {"alike"}:
        simulated(world)
    assert gate(Urgency, now=NOW).verdict == "passed"


def test_a_gain_in_most_worlds_does_not_open_the_gate_for_harm_in_one(random_is_live):
    seen()
    simulated_everywhere(gain=0.3)
    simulated("shift", gain=-0.12, started_at=NOW + timedelta(1))
    run = gate(Urgency, now=NOW)
    assert run.verdict == "refused"
    assert "Not surely harmless in shift" in run.says
    assert run.numbers["simulation_low"] > 0.2 > 0 > run.numbers["simulation_shift_high"]


def test_who_may_be_silent_is_not_weighed_by_the_log_of_who_may_not(random_is_live):
    """Its shadow was never offered a silence, and would serve with them."""
    seen("hierarchical")
    run = gate(Hierarchical, now=NOW)
    assert run.verdict == "refused"
    assert "one of the two may be silent and the other not" in run.says
    assert "try an experiment" in run.says
    assert "Only one of the two may be silent" in evaluate(Hierarchical, now=NOW).says
    live._known = live.Known()
    start("urgency", now=NOW)
    assert "silent" not in gate(Urgency, now=NOW).says


def test_every_shadow_that_was_sent_out_has_its_share_of_the_chance_of_error():
    assert promote.bars().alpha == 0.05
    for policy in ("urgency", "linucb", "thompson"):
        start(policy, now=NOW)
    assert promote.bars().alpha == pytest.approx(0.05 / 3)
    stop("linucb")
    assert promote.bars().alpha == pytest.approx(0.05 / 3), "it had its tries"


@pytest.mark.parametrize(
    "unfit",
    [
        {"versions": {"random": "1", "urgency": "0"}},
        {"versions": {"random": "0", "urgency": "1"}},
        {"versions": {}},
        {"options": {**DEFAULTS, "candidates": 2}},
        {"options": {**DEFAULTS, "population": 7}},
        {"people": 99},
        {"started_at": NOW - timedelta(days=30)},
    ],
    ids=str,
)
def test_a_simulation_of_something_else_is_no_witness(random_is_live, unfit):
    run = simulated(**unfit)
    assert promote.simulated(Urgency, Uniform, now=NOW) is None
    run.delete()
    simulated()
    simulated(**unfit | {"world": "alike"})
    assert promote.simulated(Urgency, Uniform, now=NOW).differences["mixed"].size == 5


def test_a_seed_without_a_score_is_left_out(random_is_live):
    run = simulated()
    run.scores["urgency"]["1-100"]["each"][2] = None
    run.save()
    assert promote.simulated(Urgency, Uniform, now=NOW).differences["mixed"].size == 4
    run.scores["random"]["1-100"]["each"] = [None] * 5
    run.save()
    assert promote.simulated(Urgency, Uniform, now=NOW).differences["mixed"].size == 0
    seen(count=6, each=5)
    assert gate(Urgency, now=NOW).verdict == "refused"


def test_who_was_weighed_against_another_than_is_live_by_now_is_not_promoted(
    random_is_live, monkeypatch
):
    seen()
    simulated_everywhere()
    real = promote.gate

    def slow(cls, *, now):
        run = real(cls, now=now)
        force("linucb", "An operator could not wait.", now=now)
        return run

    monkeypatch.setattr(promote, "gate", slow)
    with pytest.raises(CantPromote, match="weighed against random, .* linucb is"):
        promote.promote("urgency", now=NOW)
    assert live.present(1, now=NOW).policy is LinUCB
    run = PolicyRun.objects.get(kind="gate")
    assert (run.verdict, run.against, run.against_version) == ("passed", "random", Uniform.version)


def test_nor_who_was_weighed_against_another_version_of_it(random_is_live):
    run = PolicyRun.objects.create(
        kind="gate", policy="urgency", policy_version=Urgency.version, against="random",
        against_version="0", verdict="passed", created_at=NOW,
    )  # fmt: skip
    with pytest.raises(CantPromote, match="weighed against"):
        promote._deploy(Urgency, "promoted", "", gate_run=run, now=NOW)
    for against, refused in (("linucb", True), ("random", False)):
        PolicyRun.objects.update(against=against, against_version=Uniform.version)
        run.refresh_from_db()
        if refused:
            with pytest.raises(CantPromote, match="weighed against linucb"):
                promote._deploy(Urgency, "promoted", "", gate_run=run, now=NOW)
    assert promote._deploy(Urgency, "promoted", "", gate_run=run, now=NOW).policy == "urgency"


def test_past_the_gate_it_takes_a_reason():
    for reason in ("", "   because   "):
        with pytest.raises(CantPromote, match="a reason"):
            force("linucb", reason, now=NOW)
    made = force("linucb", "The live one hangs on large pools.", now=NOW)
    assert (made.how, made.reason) == ("forced", "The live one hangs on large pools.")
    with pytest.raises(CantPromote, match="live already"):
        force("linucb", "Once more, with feeling.", now=NOW)
    with pytest.raises(CantPromote, match="no policy"):
        force("nobody", "It sounds so good to me.", now=NOW)
    assert PolicyDeployment.objects.filter(ended_at=None).count() == 1


def test_roll_backs_walk_back_one_by_one_and_end_at_the_first():
    why = "a reason long enough"
    force("linucb", why, now=NOW)
    force("urgency", why, now=NOW)
    assert roll_back("It was worse.", now=NOW).policy == "linucb"
    assert live.present(1, now=NOW).policy is LinUCB
    assert roll_back("So was it.", now=NOW).policy == "egreedy-v1"
    with pytest.raises(CantPromote, match="none before it"):
        roll_back("And on.", now=NOW)
    force("urgency", why, now=NOW)
    assert roll_back("Again.", now=NOW).policy == "egreedy-v1"
    hows = list(PolicyDeployment.objects.order_by("pk").values_list("policy", "how"))
    assert hows[:4] == [
        ("egreedy-v1", "setting"), ("linucb", "forced"), ("urgency", "forced"),
        ("linucb", "rolled back"),
    ]  # fmt: skip


def test_there_is_nothing_to_roll_back_at_first():
    with pytest.raises(CantPromote, match="nothing to roll back"):
        roll_back("x", now=NOW)


def promoted(worth_before, worth_after, *, answered: float = 1.0) -> PolicyDeployment:
    """Two weeks of one policy, two weeks of another that was promoted in between."""
    middle = NOW - timedelta(days=16)
    who = people(60)
    lived(who, 20, policy=Urgency, worth=worth_before, ends=middle)
    force("linucb", "To see what the guard makes of it.", now=middle)
    lived(who, 20, policy=LinUCB, worth=worth_after, ends=EARLIER, days=13, seed=5)
    PolicyDeployment.objects.filter(how="setting").update(policy="urgency")
    return PolicyDeployment.objects.get(ended_at=None)


def test_a_promotion_that_does_harm_is_rolled_back_by_the_guard(settings):
    settings.ACTIVE_POLICY = "urgency"
    promoted(urgent, lambda row: urgent(row) - 0.5)
    run = watch(now=NOW)
    assert run is not None
    assert run.verdict == "alarm"
    now_live = PolicyDeployment.objects.get(ended_at=None)
    assert (now_live.policy, now_live.how) == ("urgency", "guard")
    assert now_live.reason == run.says[:300]
    assert live.present(1, now=NOW).policy is Urgency
    assert watch(now=NOW) is None, "what the guard rolled back to is not watched"


def test_a_promotion_that_does_no_harm_stays_and_is_noted_once_a_day(settings):
    settings.ACTIVE_POLICY = "urgency"
    made = promoted(urgent, urgent)
    assert watch(now=NOW).verdict == "passed"
    assert watch(now=NOW + timedelta(minutes=5)) is None
    assert watch(now=NOW + timedelta(hours=25)) is not None
    assert PolicyDeployment.objects.get(ended_at=None) == made


def promoted_on_a_friday(*, weekend: float) -> datetime:
    """Four weeks of one policy, a weekend of the next, who like nothing so well at weekends."""

    def worth(row):
        return urgent(row) + 0.3 - weekend * row["is_weekend"]

    friday = NOW - timedelta(days=NOW.weekday() + 10) + timedelta(hours=23 - NOW.hour)
    assert friday.weekday() == 4
    who = people(40)
    lived(who, 28, policy=Urgency, worth=worth, ends=friday, days=28)
    force("linucb", "To see what the guard makes of it.", now=friday)
    ends = friday + timedelta(days=2)
    lived(who, 10, policy=Urgency, worth=worth, ends=ends, days=1.9, seed=5)
    since = Score.objects.filter(decision__created_at__gt=friday)
    since.update(policy="linucb", policy_version=LinUCB.version)
    PolicyDeployment.objects.filter(how="setting").update(policy="urgency")
    return ends + timedelta(days=1)


def test_a_weekend_that_people_like_less_is_not_blamed_on_who_was_promoted_before_it(settings):
    settings.ACTIVE_POLICY = "urgency"
    run = watch(now=promoted_on_a_friday(weekend=0.4))
    assert run.verdict == "passed", run.says
    assert run.numbers["promoted_decisions"] > 200


def test_of_many_earlier_decisions_the_guard_reads_a_share_of_all_four_weeks(settings, monkeypatch):
    settings.ACTIVE_POLICY = "urgency"
    monkeypatch.setattr(promote, "MOST", 500)
    run = watch(now=promoted_on_a_friday(weekend=0.0))
    # Of the oldest 500 none would be of the last two weeks, and fewer than 160 of a weekend.
    assert 30 < run.numbers["earlier_decisions"] < 300
    assert run.numbers["earlier_people"] > 35


def test_a_policy_that_cannot_decide_is_rolled_back_at_once():
    force("linucb", "It looked so promising.", now=NOW - timedelta(hours=2))
    scores = lived(people(6), 10, policy=Urgency, ends=NOW, days=0.02)
    assert watch(now=NOW).verdict == "passed"
    pks = [score.pk for score in scores]
    Score.objects.filter(pk__in=pks).update(fell_back_from="linucb")
    run = watch(now=NOW)
    assert run.says == "linucb failed in 60 of 60 decisions of the last hour."
    assert live.present(1, now=NOW).policy is EpsilonGreedy


def failing(policy: str) -> None:
    """The rule had to stand in for it all the time, lately."""
    scores = lived(people(6), 10, policy=Urgency, ends=NOW, days=0.02)
    pks = [score.pk for score in scores]
    Score.objects.filter(pk__in=pks).update(fell_back_from=policy)


@pytest.mark.parametrize("how", ["rolled back", "guard"])
def test_what_was_rolled_back_to_is_not_watched_though_another_was_before_it(how):
    force("linucb", "A reason that is long enough.", now=NOW - timedelta(hours=3))
    force("urgency", "A reason that is long enough.", now=NOW - timedelta(hours=3))
    roll_back("It was worse.", how=how, now=NOW - timedelta(hours=2))
    failing("linucb")
    assert watch(now=NOW) is None
    assert live.present(1, now=NOW).policy is LinUCB


def test_the_guard_rolls_back_what_it_looked_at_and_nothing_that_came_meanwhile(
    monkeypatch, caplog
):
    force("linucb", "A reason that is long enough.", now=NOW - timedelta(hours=2))
    failing("linucb")
    real = promote.record

    def slow(*told, **more):
        force("urgency", "An operator was faster.", now=NOW)
        return real(*told, **more)

    monkeypatch.setattr(promote, "record", slow)
    assert watch(now=NOW).verdict == "alarm"
    assert live.present(1, now=NOW).policy is Urgency
    assert "the guard did not roll" in caplog.text


def test_in_a_terminal_one_roll_back_is_one_step(monkeypatch):
    why = "A reason that is long enough."
    for policy in ("linucb", "urgency", "random"):
        force(policy, why, now=NOW)
    call_command("policies", "rollback", stdout=StringIO())
    assert live.present(1, now=NOW).policy is Urgency
    with pytest.raises(CommandError, match="rolled back to already"):
        call_command("policies", "rollback")
    call_command("policies", "rollback", "--again", stdout=StringIO())
    assert live.present(1, now=NOW).policy is LinUCB

    force("urgency", why, now=NOW)
    real = promote.roll_back

    def second(*told, **more):
        real("The guard was faster.", how="guard", now=NOW)
        return real(*told, **more)

    monkeypatch.setattr(promote, "roll_back", second)
    with pytest.raises(CommandError, match="nothing to roll back"):
        call_command("policies", "rollback")
    assert live.present(1, now=NOW).policy is LinUCB, "one step, not two"


def test_without_a_promotion_there_is_nothing_to_watch():
    assert watch(now=NOW) is None
    force("linucb", "A reason that is long enough.", now=NOW)
    roll_back("Back.", now=NOW)
    assert watch(now=NOW) is None


def test_two_who_roll_back_at_once_roll_back_once():
    why = "a reason long enough"
    force("linucb", why, now=NOW)
    force("urgency", why, now=NOW)
    seen_by_both = PolicyDeployment.objects.get(ended_at=None).pk
    roll_back("It fell over.", only=seen_by_both, now=NOW)
    with pytest.raises(CantPromote):
        roll_back("It fell over.", only=seen_by_both, now=NOW)
    assert live.present(1, now=NOW).policy is LinUCB
