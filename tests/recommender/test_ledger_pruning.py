"""Retention: it empties what nobody answered, and never what something is or will be learned from."""

import threading
import uuid
from datetime import timedelta

import pytest

from recommender import react as reacting
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.reward import Reaction
from recommender.chain import EMPTY
from recommender.learn import learn, learn_all, project
from recommender.ledger import correct
from recommender.models import Decision, Feedback, PolicyState, Reward, Score
from recommender.react import expire, prune_unanswered, react, settle
from recommender.registry import policies
from recommender.replay import Verified, verify_user
from recommender.undo import undo
from tests.integrations.at_once import at_once
from tests.people import NOW, person
from tests.recommender.lives import live_on, seen, things, tip_of

pytestmark = pytest.mark.django_db

LATE = NOW + timedelta(days=91)
LONG = timedelta(days=90)
MUTE = "tests.recommender.silent.Mute"
RULE = "recommender.bandit.policies.urgency.Urgency"


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


@pytest.fixture
def mute(settings):
    settings.ACTIVE_POLICY = "mute"
    settings.SILENCE_AFTER = 0
    with policies.replaced_by(MUTE, RULE, "recommender.bandit.policies.linucb.LinUCB"):
        yield


def test_a_silence_that_waits_to_be_settled_is_kept_until_it_is(mute):
    """As after a long stop: nobody settled, and retention comes first."""
    ada = person("ada@example.com", *things(12))
    silence = seen(ada).silence
    expire(now=LATE)
    assert prune_unanswered(now=LATE, older_than=LONG) == 0
    assert settle(now=LATE) == 1
    assert str(Reward.objects.get().decision_id) == silence.id
    assert prune_unanswered(now=LATE, older_than=LONG) == 0
    assert list(verify_user(ada.user.pk, verified=Verified())) == []


def test_a_silence_that_was_overtaken_is_emptied(mute):
    ada = person("ada@example.com", *things(12))
    assert seen(ada).silence
    Decision.objects.update(status="untrue")
    assert prune_unanswered(now=LATE, older_than=LONG) == 1
    assert ada


def test_nothing_is_learned_from_what_was_emptied(mute):
    ada = person("ada@example.com", *things(12))
    assert seen(ada).silence
    expire(now=LATE)
    Score.objects.update(pruned_at=LATE, **EMPTY)  # an older version did
    assert settle(now=LATE) == 0
    assert Decision.objects.get().status == "expired"
    row = {"position": 1, "reward": 0.0, "why": "settled", "at": LATE}
    Reward.objects.create(user=ada.user, decision=Decision.objects.get(), **row)
    with pytest.raises(LookupError, match="has lost"):
        project(LinUCB, [ada.user.pk], now=LATE)
    assert not PolicyState.objects.exists()


def test_what_turned_out_to_be_worth_something_stays():
    ada = person("ada@example.com", *things())
    tip = uuid.UUID(tip_of(ada).id)
    correct(tip, 0.6, now=NOW)
    expire(now=LATE)
    assert Decision.objects.get().status == "expired"
    assert prune_unanswered(now=LATE, older_than=LONG) == 0
    assert learn(ada.user.pk, now=LATE) == 1


def test_what_was_taken_back_stays_since_the_ledger_tells_of_it():
    ada = person("ada@example.com", *things())
    (one,) = live_on(ada, "snooze")
    undo(one, now=NOW + timedelta(days=1), even_late=True)
    assert not Feedback.objects.exists()
    assert prune_unanswered(now=LATE, older_than=LONG) == 0
    PolicyState.objects.all().delete()
    assert learn_all([ada.user.pk], now=LATE) == 1
    assert PolicyState.objects.get().count == 0


def test_what_is_emptied_keeps_the_digest_of_what_was_there():
    ada = person("ada@example.com", *things())
    tip_of(ada)
    expire(now=LATE)
    digest = Score.objects.get().digest
    assert prune_unanswered(now=LATE, older_than=LONG) == 1
    score = Score.objects.get()
    assert (len(score.payload_digest), score.digest) == (64, digest)
    assert {name: getattr(score, name) for name in EMPTY} == EMPTY
    assert not correct(score.pk, 1.0, now=LATE), "there is nothing to learn from"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["react", "correct"])
def test_who_answers_in_the_middle_of_it_comes_too_late(monkeypatch, what):
    ada = person("ada@example.com", *things())
    tip = uuid.UUID(tip_of(ada).id)
    expire(now=LATE)
    emptying, first = threading.Event(), reacting._empty

    def slowly(decisions, now):
        emptying.set()
        threading.Event().wait(0.5)
        return first(decisions, now)

    def answers() -> bool:
        assert emptying.wait(10)
        if what == "correct":
            return correct(tip, 1.0, now=LATE)
        return react(ada.user, tip, Reaction.DONE, dwell_ms=None, now=LATE).counted

    monkeypatch.setattr(reacting, "_empty", slowly)
    assert at_once(lambda: prune_unanswered(now=LATE, older_than=LONG), answers) == [1, False]
    assert not Feedback.objects.exists()
    assert not Reward.objects.exists()
    assert Decision.objects.get().status == "expired"


def test_of_two_who_prune_each_decision_is_emptied_once(monkeypatch):
    ada = person("ada@example.com", *things())
    tip_of(ada)
    expire(now=LATE)
    first, came = reacting.alone_with, []

    def after_another(users):
        if not came:
            came.append(0)
            came[0] = prune_unanswered(now=LATE, older_than=LONG)
        return first(users)

    monkeypatch.setattr(reacting, "alone_with", after_another)
    assert prune_unanswered(now=LATE, older_than=LONG) == 0
    assert came == [1]
    assert list(verify_user(ada.user.pk, verified=Verified())) == []
