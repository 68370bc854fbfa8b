"""What was learned: corrected, taken back, forgotten and made again to the same bits."""

import uuid
from datetime import timedelta
from io import StringIO
from itertools import permutations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from agents.models import Candidate
from integrations.models import Command, Task
from oo.events.models import Record
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.jobs import learn_sweep
from recommender.learn import learn, learn_all, project, rebuild, reset, users_to_teach
from recommender.ledger import correct, worth
from recommender.models import Decision, Feedback, PolicyState, Reward
from recommender.react import NoSuchTip, react, settle
from recommender.replay import Verified, verify_user
from recommender.undo import TooLate, undo
from tests.integrations.at_once import at_once
from tests.people import NOW, Item, Person, person
from tests.recommender.lives import REACTIONS, live_on, seen, things, tip_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ada() -> Person:
    return person("ada@example.com", *things())


def state_of(someone: Person, policy: str = "egreedy-v1") -> bytes:
    rows = PolicyState.objects.filter(user=someone.user, policy=policy)
    return bytes(rows.values_list("state", flat=True).get())


def taught(*lessons: tuple[uuid.UUID, float]) -> bytes:
    """The state of a policy that learned just this, without a ledger."""
    from recommender.bandit.features import vectorise
    from recommender.featurise import unpack
    from recommender.models import Score

    policy = EpsilonGreedy.fresh()
    for decision, reward in lessons:
        score = Score.objects.get(pk=decision)
        row = unpack(score.features, len(score.candidates))[score.chosen]
        policy.learn(vectorise([row], policy.feature_set)[0], reward)
    return policy.state()


def learned(someone: Person) -> bytes:
    learn(someone.user.pk, now=LATER)
    return state_of(someone)


def test_a_late_reward_replaces_the_earlier_one_exactly(ada):
    one, two, three = live_on(ada, "dismiss", "snooze", "done")
    assert state_of(ada) == taught((one, -1.0), (two, 0.1), (three, 1.0))
    assert correct(two, 0.6, now=LATER)
    assert learned(ada) == taught((one, -1.0), (two, 0.6), (three, 1.0))
    assert correct(two, -0.3, now=LATER)
    assert correct(one, 0.3, now=LATER)
    assert learned(ada) == taught((one, 0.3), (two, -0.3), (three, 1.0))
    assert PolicyState.objects.get().count == 3
    assert rebuild(ada.user.pk, now=LATER) == taught((one, 0.3), (two, -0.3), (three, 1.0))


def test_a_correction_to_what_is_known_already_changes_nothing(ada):
    (one,) = live_on(ada, "done")
    assert not correct(one, 1.0, now=LATER)
    assert not correct(uuid.uuid4(), 1.0, now=LATER)
    with pytest.raises(ValueError, match="reward"):
        correct(one, 1.1, now=LATER)
    with pytest.raises(ValueError, match="reward"):
        correct(one, float("nan"), now=LATER)
    assert Reward.objects.count() == 1


def test_a_tip_that_nobody_answered_can_turn_out_to_have_been_worth_something(ada):
    tip = uuid.UUID(tip_of(ada).id)
    assert correct(tip, 0.6, now=LATER)
    assert users_to_teach(limit=9) == [ada.user.pk]
    assert learned(ada) == taught((tip, 0.6))


def test_a_reaction_that_comes_after_a_late_reward_replaces_it(ada):
    tip = uuid.UUID(tip_of(ada).id)
    correct(tip, 0.6, now=NOW)
    learn(ada.user.pk, now=NOW)
    react(ada.user, tip, "dismiss", dwell_ms=900, now=NOW + timedelta(minutes=1))
    settle(now=NOW + timedelta(minutes=1))
    assert learned(ada) == taught((tip, -1.0))


@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_undoing_one_reaction_gives_the_numbers_of_its_never_having_been(ada, which, learns):
    made = live_on(ada, "dismiss", "snooze", "done", learns=learns)
    if not learns:
        settle(now=NOW)
    undo(made[which], user_id=ada.user.pk, now=NOW + timedelta(minutes=4))
    worths = [-1.0, 0.1, 1.0]
    left = [pair for n, pair in enumerate(zip(made, worths, strict=True)) if n != which]
    assert learned(ada) == taught(*left)
    assert rebuild(ada.user.pk, now=LATER) == taught(*left)
    assert PolicyState.objects.get().count == 2
    assert not Feedback.objects.filter(pk=made[which]).exists()
    assert list(verify_user(ada.user.pk, verified=Verified())) == []


def test_undoing_before_it_was_settled_leaves_nothing_to_learn(ada):
    (one,) = live_on(ada, "dismiss", learns=False)
    undo(one, user_id=ada.user.pk, now=NOW + timedelta(minutes=1))
    settle(now=LATER)
    assert not Reward.objects.exists()


def test_what_was_undone_can_be_answered_anew(ada):
    (one,) = live_on(ada, "dismiss")
    undo(one, user_id=ada.user.pk, now=NOW + timedelta(minutes=1))
    assert seen(ada, now=NOW + timedelta(minutes=1)).tip.id == str(one)
    react(ada.user, one, "snooze", dwell_ms=900, now=NOW + timedelta(minutes=2))
    settle(now=LATER)
    assert learned(ada) == taught((one, 0.1))
    undo(one, user_id=ada.user.pk, now=NOW + timedelta(minutes=3))
    assert learned(ada) == taught()
    assert worth(ada.user.pk, one) is None


def test_an_undone_reaction_wakes_its_candidate_and_takes_the_place_of_the_next_tip():
    ada = person("ada@example.com", Item("Call the dentist"), Item("Buy milk"))
    Candidate.objects.filter(kind="advice").delete()
    (one,) = live_on(ada, "snooze")
    next_one = tip_of(ada, now=NOW + timedelta(minutes=1))
    assert undo(one, user_id=ada.user.pk, now=NOW + timedelta(minutes=2)) == "Taken back."
    assert tip_of(ada, now=NOW + timedelta(minutes=2)).id == str(one)
    assert Candidate.objects.filter(resting_until=None).count() == 2
    closed = Decision.objects.get(pk=next_one.id)
    assert closed.status == Decision.Status.UNTRUE


def test_undoing_done_opens_the_task_again_while_its_source_has_not_been_told(ada):
    Candidate.objects.filter(kind="advice").delete()
    (one,) = live_on(ada, "done")
    task = Task.objects.exclude(closed_at=None).get()
    assert undo(one, user_id=ada.user.pk, now=NOW + timedelta(minutes=1)) == "Taken back."
    task.refresh_from_db()
    assert (task.closed_at, task.closed_as) == (None, "")
    assert not Command.objects.exists()
    assert Decision.objects.get(pk=one).status == "open"


def test_undoing_done_opens_the_task_again_where_it_is_completed_in_its_source_already(ada):
    Candidate.objects.filter(kind="advice").delete()
    (one,) = live_on(ada, "done")
    Command.objects.update(outcome="ok", finished_at=NOW)
    undo(one, user_id=ada.user.pk, now=NOW + timedelta(minutes=1))
    assert Command.objects.get(outcome="waiting").kind == "reopen"
    assert not Task.objects.exclude(closed_at=None).exists()
    assert learned(ada) == taught()


def test_a_user_has_a_few_minutes_to_undo_and_an_operator_has_as_long_as_they_like(ada):
    one, two = live_on(ada, "snooze", "dismiss")
    late = NOW + timedelta(minutes=7)
    with pytest.raises(TooLate):
        undo(one, user_id=ada.user.pk, now=late)
    eve = person("eve@example.com")
    with pytest.raises(NoSuchTip):
        undo(two, user_id=eve.user.pk, now=NOW)
    undo(one, now=late + timedelta(days=3), even_late=True)
    assert Decision.objects.get(pk=one).status == "expired"
    with pytest.raises(NoSuchTip):
        undo(one, now=late, even_late=True)
    assert learned(ada) == taught((two, -1.0))


def test_a_correction_from_elsewhere_outlives_the_reaction_it_corrected(ada):
    (one,) = live_on(ada, "snooze")
    correct(one, 0.6, now=NOW + timedelta(minutes=1))
    undo(one, user_id=ada.user.pk, now=NOW + timedelta(minutes=2))
    assert learned(ada) == taught((one, 0.6))


def test_a_reset_forgets_what_was_said_until_then_and_nothing_brings_it_back(ada):
    one, two = live_on(ada, "dismiss", "done")
    (unsettled,) = live_on(ada, "snooze", start=NOW + timedelta(minutes=9), learns=False)
    assert reset(ada.user.pk, now=LATER) == 3
    settle(now=LATER)
    assert learned(ada) == taught()
    assert not correct(one, 0.5, now=LATER)
    undo(two, now=LATER, even_late=True)
    assert learned(ada) == taught()
    (after,) = live_on(ada, "snooze", start=LATER + timedelta(minutes=1))
    assert state_of(ada) == taught((after, 0.1))
    assert rebuild(ada.user.pk, now=LATER) == taught((after, 0.1))
    assert unsettled
    assert list(verify_user(ada.user.pk, verified=Verified())) == []


def test_a_policy_that_serves_nobody_can_be_brought_up_to_the_ledger_in_any_order(ada):
    from recommender.bandit.policies.linucb import LinUCB

    one, two, three = live_on(ada, "dismiss", "snooze", "done")
    project(LinUCB, [ada.user.pk], now=LATER)
    correct(one, 0.6, now=LATER)
    undo(two, user_id=ada.user.pk, now=NOW + timedelta(minutes=2))
    project(LinUCB, [ada.user.pk], now=LATER)
    first = state_of(ada, "linucb")
    assert rebuild(ada.user.pk, now=LATER, cls=LinUCB) == first
    assert three
    assert PolicyState.objects.get(policy="linucb").through == 5


def test_the_order_of_rewards_does_not_change_a_bit(ada):
    lessons = list(zip(live_on(ada, "dismiss", "snooze", "done"), (-1.0, 0.1, 1.0), strict=True))
    assert len({taught(*order) for order in permutations(lessons)}) == 1


def test_the_ledger_refuses_what_makes_no_sense(ada):
    (one,) = live_on(ada, "done")
    for wrong in (
        {"position": 1, "decision_id": one, "reward": 0.5, "why": "late"},
        {"position": 2, "decision_id": one, "reward": 2.0, "why": "late"},
        {"position": 2, "decision_id": None, "reward": 0.5, "why": "settled"},
        {"position": 2, "decision_id": one, "reward": None, "why": "settled"},
        {"position": 2, "decision_id": one, "reward": None, "why": "reset"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reward.objects.create(user=ada.user, at=NOW, **wrong)


def test_many_people_are_taught_together(ada, django_assert_max_num_queries):
    people = [ada, *(person(f"p{n}@example.com", *things(6)) for n in range(6))]
    for someone in people:
        live_on(someone, "done", "snooze", "dismiss", learns=False)
    settle(now=LATER)
    ids = [someone.user.pk for someone in people]
    with django_assert_max_num_queries(12):
        assert learn_all(ids, now=LATER) == 21
    for someone in people:
        assert rebuild(someone.user.pk, now=LATER) == state_of(someone)


def test_the_commands_forget_and_make_anew(ada):
    eve = person("eve@example.com", *things())
    live_on(ada, *REACTIONS)
    live_on(eve, "dismiss")
    kept = state_of(ada)

    def say(*arguments: str) -> str:
        out = StringIO()
        call_command("policies", *arguments, stdout=out)
        return out.getvalue()

    assert "2 people folded anew, 0 came out otherwise" in say("rebuild", "--all")
    PolicyState.objects.filter(user=ada.user).update(state=state_of(eve))
    assert "1 people folded anew, 1 came out otherwise" in say(
        "rebuild", "--email", "Ada@example.com"
    )
    assert state_of(ada) == kept
    assert "1 rewards of 1 people forgotten" in say("reset", "--email", "eve@example.com")
    assert not PolicyState.objects.filter(user=eve.user).exists()
    assert state_of(ada) == kept
    assert "8 rewards of 2 people forgotten" in say("reset", "--all")


def test_settling_says_each_reward_once(ada):
    live_on(ada, *REACTIONS, learns=False)
    assert settle(now=LATER, limit=5) == 5
    assert settle(now=LATER, limit=5) == 3
    assert settle(now=LATER, limit=5) == 0
    assert Record.objects.filter(subject="feedback.reward.settled").count() == 8
    assert Reward.objects.filter(why="settled").count() == 8


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_at_once_each_fact_is_learned_once():
    ada = person("ada@example.com", *things(60))
    made = live_on(ada, *REACTIONS * 3)
    more = live_on(ada, *REACTIONS, start=NOW + timedelta(hours=1), learns=False)
    done = [i for i, r in enumerate(REACTIONS * 3) if r == "done"]
    at_once(
        lambda: settle(now=LATER),
        lambda: settle(now=LATER),
        lambda: learn(ada.user.pk, now=LATER),
        lambda: learn_sweep(),
        lambda: [correct(made[i], 0.25, now=LATER) for i in done],
        lambda: [undo(pk, now=LATER, even_late=True) for pk in made[1:3]],
    )
    learn_sweep()
    positions = list(Reward.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, len(positions) + 1))
    for decision in more:
        assert Reward.objects.filter(decision=decision).count() == 1
    state = state_of(ada)
    assert PolicyState.objects.get().count == 30
    assert rebuild(ada.user.pk, now=LATER) == state, connection.vendor


@pytest.mark.parametrize(
    ("said", "hours", "worth_"),
    [
        (None, 0.02, 1.0),
        (None, 2, 0.3),
        ("snooze", 0.1, 0.6),
        ("dismiss", 2, -1.0),
        (None, 25, None),
    ],
)
def test_a_task_completed_in_its_source_after_its_tip_counts_as_done(ada, said, hours, worth_):
    from oo.events.catalogue import TaskCompleted
    from oo.events.deliver import deliver
    from oo.events.publish import publish

    Candidate.objects.filter(kind="advice").delete()
    tip = uuid.UUID(tip_of(ada).id)
    if said:
        react(ada.user, tip, said, dwell_ms=900, now=NOW)
        settle(now=NOW)
    task = Decision.objects.get(pk=tip).candidate.task
    later = NOW + timedelta(hours=hours)
    for where in ("oo", "source"):
        if where == "source":
            Task.objects.filter(pk=task.pk).update(closed_at=later, closed_as="done")
        with transaction.atomic():
            publish(TaskCompleted(user_id=ada.user.pk, task_id=task.pk, where=where), now=later)
        deliver(now=later)
        if where == "oo":
            assert worth(ada.user.pk, tip) == {None: None, "snooze": 0.1, "dismiss": -1.0}[said]
    assert worth(ada.user.pk, tip) == worth_
    learn(ada.user.pk, now=later)
    states = [state_of(ada)] if worth_ is not None else []
    assert states == ([taught((tip, worth_))] if worth_ is not None else [])
