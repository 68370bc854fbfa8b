"""A population that turns: what was learned before is set aside, for everyone, once."""

from datetime import UTC, datetime, time, timedelta

import numpy as np
import pytest

from accounts.models import User
from recommender import live, turn
from recommender.bandit.features import vectorise
from recommender.bandit.policies.hierarchical import Hierarchical
from recommender.featurise import unpack
from recommender.learn import project, rebuild
from recommender.ledger import worth
from recommender.models import Decision, Feedback, PolicyRun, PolicyState, Reward, Score
from tests.people import NOW
from tests.recommender.history import lived, people, urgent

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime.combine(NOW.astimezone(UTC).date(), time.min, UTC)


@pytest.fixture(autouse=True)
def served_by_the_hierarchical_policy(settings):
    settings.ACTIVE_POLICY = Hierarchical.id
    live._known = live.Known()


def weeks(count: int = 25, *, fall: float):
    """Eight days of decisions, five a day and person; on the last all is worth less by `fall`.

    The policy of the last day knows nothing of the days before, which is part of the fall.
    """
    users = people(count)
    before = MIDNIGHT - timedelta(days=1, hours=1)
    lived(users, 35, policy=Hierarchical, ends=before, days=7, seed=1)
    ids = [user.pk for user in users]
    project(Hierarchical, ids, now=before)
    lived(
        users, 5, policy=Hierarchical, ends=MIDNIGHT - timedelta(hours=2), days=0.8, seed=2,
        worth=lambda row: urgent(row) - fall,
    )  # fmt: skip
    Reward.objects.filter(at__gte=before).update(folded_at=None)
    return ids


def liked(row: dict[str, float]) -> float:
    """People who like what they are shown: much is expected, so that nothing is a fall."""
    return urgent(row) + 0.5


def a_week_and_a_day(answered: float, count: int = 60) -> list[int]:
    """A week in which everyone answers, and a day on which `answered` of all tips are."""
    users = people(count)
    before = MIDNIGHT - timedelta(days=1, hours=1)
    lived(users, 35, policy=Hierarchical, ends=before, days=7, seed=1, worth=liked)
    project(Hierarchical, [user.pk for user in users], now=before)
    lived(
        users, 5, policy=Hierarchical, ends=MIDNIGHT - timedelta(hours=2), days=0.8, seed=2,
        worth=liked, answered=answered,
    )  # fmt: skip
    # What was expected yesterday is what was learned in the week, not of newcomers.
    knowing = Score.objects.filter(decision__created_at__gte=before)
    for score in knowing:
        score.scores = [0.5] * len(score.scores)
    Score.objects.bulk_update(knowing, ["scores"])
    return [user.pk for user in users]


@pytest.mark.parametrize("answered", [0.0, 0.02])
def test_a_day_on_which_hardly_anybody_answers_sets_nobodys_learning_aside(answered):
    a_week_and_a_day(answered)
    run = turn.look(now=NOW)
    assert run.verdict == "too little"
    assert "too few to tell" in run.says
    assert not Reward.objects.filter(why="turned").exists()


def test_an_outage_through_which_some_got_through_is_no_turn():
    """They answer as ever; those who could not are not there."""
    a_week_and_a_day(0.1, count=80)
    run = turn.look(now=NOW)
    assert (run.verdict, run.numbers["turned"]) == ("passed", False), run.says
    assert run.numbers["people"] >= 20


def test_silences_that_are_kept_on_a_day_without_answers_are_no_answers():
    a_week_and_a_day(0.0)
    ran_out = Score.objects.filter(decision__status="expired")
    for score in ran_out:
        Decision.objects.filter(pk=score.pk).update(kind="silence", status="kept")
        position = Reward.objects.filter(user=score.user_id).count() + 1
        Reward.objects.create(
            user_id=score.user_id, position=position, decision_id=score.pk, reward=0.0,
            why="settled", at=NOW,
        )  # fmt: skip
    assert turn.look(now=NOW).verdict == "too little"


def test_what_was_done_in_peoples_lists_tells_of_a_turn_as_their_answers_do():
    ids = weeks(fall=0.8)
    Feedback.objects.all().delete()
    Reward.objects.update(why="late")
    Decision.objects.update(status="expired")
    assert turn.look(now=NOW).verdict == "alarm"
    assert Reward.objects.filter(why="turned").count() == len(ids)


def yesterday_alone(user_id: int) -> bytes:
    """The state of a policy that learned what this user answered yesterday, and nothing else."""
    policy = Hierarchical.fresh()
    for score in Score.objects.filter(
        user=user_id, decision__created_at__gte=MIDNIGHT - timedelta(days=1)
    ).select_related("decision__feedback"):
        row = unpack(score.features, len(score.candidates))[score.chosen]
        x = vectorise([row], policy.feature_set)[0]
        policy.learn(x, score.decision.feedback.reward)
    return policy.state()


def state(user_id: int) -> bytes:
    rows = PolicyState.objects.filter(user=user_id, policy=Hierarchical.id)
    return bytes(rows.values_list("state", flat=True).get())


def test_after_a_turn_only_what_was_answered_since_counts():
    ids = weeks(fall=0.8)
    run = turn.look(now=NOW)
    assert run.verdict == "alarm"
    assert "turned" in run.says
    for user_id in ids:
        assert state(user_id) == yesterday_alone(user_id)
        assert state(user_id) == rebuild(user_id, now=NOW), "the ledger says the same"
        assert Reward.objects.filter(user=user_id, why="turned").count() == 1
    old = Score.objects.filter(user=ids[0]).earliest("decision__created_at")
    assert worth(ids[0], old.decision_id) is None
    new = Score.objects.filter(user=ids[0]).latest("decision__created_at")
    assert worth(ids[0], new.decision_id) == new.decision.feedback.reward


def test_what_one_day_cannot_tell_two_can(monkeypatch):
    ids = weeks(fall=0.8)
    monkeypatch.setattr(
        turn, "turned",
        lambda day, before, same, really=turn.turned: (
            really(day, before, same) if min(day.count) > 5 else turn.Verdict(False, 25, -0.1, 0.03)
        ),
    )  # fmt: skip
    monkeypatch.setattr("recommender.bandit.turn.LEAST", 0.02)
    monkeypatch.setattr("recommender.bandit.turn.MARGIN", 0.0)
    run = turn.look(now=NOW)
    assert (run.verdict, run.begins) == ("alarm", MIDNIGHT - timedelta(days=2))
    assert f"{run.begins:%Y-%m-%d} is set aside" in run.says
    old = Score.objects.filter(user=ids[0]).earliest("decision__created_at")
    assert worth(ids[0], old.decision_id) is None
    kept = Score.objects.filter(user=ids[0], decision__created_at__gte=run.begins)
    assert kept.count() > 5
    assert all(worth(ids[0], one.decision_id) is not None for one in kept)


def test_people_who_stay_the_same_lose_nothing():
    users = people(25)
    lived(users, 40, policy=Hierarchical, ends=MIDNIGHT - timedelta(hours=2), days=8)
    ids = [user.pk for user in users]
    project(Hierarchical, ids, now=NOW)
    run = turn.look(now=NOW)
    assert run.verdict == "passed"
    assert not Reward.objects.filter(why="turned").exists()
    assert np.isfinite(run.numbers["mean"])
    assert PolicyState.objects.filter(user__in=ids, count__gt=0).count() == len(ids)


def test_a_few_people_are_no_population():
    weeks(5, fall=0.8)
    assert turn.look(now=NOW).verdict == "too little"
    assert turn.look(now=NOW + timedelta(days=30)).verdict == "too little"


def test_looking_again_on_the_same_day_changes_nothing():
    weeks(fall=0.8)
    first = turn.look(now=NOW)
    rows = Reward.objects.count()
    assert turn.look(now=NOW + timedelta(minutes=5)).pk == first.pk
    assert Reward.objects.count() == rows
    assert PolicyRun.objects.filter(kind="turn").count() == 1


def test_one_turn_is_one_alarm_however_the_days_after_it_are():
    """They stay as they are after the turn: beside the week before it each would be a turn again."""
    ids = weeks(fall=0.8)
    verdicts = [turn.look(now=NOW).verdict]
    users = list(User.objects.filter(pk__in=ids).order_by("pk"))
    for day in range(1, 5):
        ends = MIDNIGHT + timedelta(days=day, hours=-2)
        lived(
            users, 5, policy=Hierarchical, ends=ends, days=0.8, seed=2 + day,
            worth=lambda row: urgent(row) - 0.8,
        )  # fmt: skip
        run = turn.look(now=NOW + timedelta(days=day))
        verdicts.append(run.verdict)
    assert verdicts == ["alarm", *["too little"] * 4]
    assert "too little is known since to tell" in run.says
    assert Reward.objects.filter(why="turned").count() == len(ids)


def test_a_worker_that_dies_half_way_leaves_the_rest_to_the_next(monkeypatch):
    ids = weeks(fall=0.8)
    monkeypatch.setattr(turn, "BATCH", 10)
    learn_all, calls = turn.learn_all, []

    def dies(users, *, now):
        calls.append(users)
        if len(calls) == 2:
            raise ConnectionError("killed")
        return learn_all(users, now=now)

    monkeypatch.setattr(turn, "learn_all", dies)
    with pytest.raises(ConnectionError):
        turn.look(now=NOW)
    assert 0 < Reward.objects.filter(why="turned").count() < len(ids)
    monkeypatch.setattr(turn, "learn_all", learn_all)
    turn.look(now=NOW + timedelta(minutes=5))
    assert Reward.objects.filter(why="turned").count() == len(ids)
    for user_id in ids:
        assert rebuild(user_id, now=NOW) == yesterday_alone(user_id)


def test_who_came_after_the_turn_has_nothing_to_set_aside():
    weeks(fall=0.8)
    new = people(1, first=90)
    lived(new, 4, policy=Hierarchical, ends=MIDNIGHT - timedelta(hours=2), days=0.5, seed=9)
    project(Hierarchical, [new[0].pk], now=NOW)
    assert turn.look(now=NOW).verdict == "alarm"
    assert Reward.objects.filter(why="turned").exists()
    assert list(Reward.objects.filter(user=new[0]).values_list("why", flat=True)) == ["settled"] * 4


def test_of_two_who_look_at_once_one_finds(monkeypatch):
    ids = weeks(fall=0.8)
    turned, others = turn.turned, []

    def meanwhile(*days):
        if not others:
            others.append(None)
            others[0] = turn.look(now=NOW)
        return turned(*days)

    monkeypatch.setattr(turn, "turned", meanwhile)
    assert turn.look(now=NOW + timedelta(seconds=1)).pk == others[0].pk
    assert PolicyRun.objects.filter(kind="turn").count() == 1
    assert Reward.objects.filter(why="turned").count() == len(ids)


def test_of_two_who_set_aside_at_once_each_person_is_set_aside_by_one(monkeypatch):
    ids = weeks(fall=0.8)
    alone_with, others = turn.alone_with, []

    def after_another(users):
        if not others:
            others.append(None)
            others[0] = turn.look(now=NOW)
        return alone_with(users)

    monkeypatch.setattr(turn, "alone_with", after_another)
    turn.look(now=NOW)
    assert others[0].verdict == "alarm"
    assert Reward.objects.filter(why="turned").count() == len(ids)
    for user_id in ids:
        assert state(user_id) == rebuild(user_id, now=NOW) == yesterday_alone(user_id)
