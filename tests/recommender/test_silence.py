"""Silence: offered to who can tell it, kept until it runs out or is overtaken, and learned from."""

import uuid
from datetime import timedelta

import pytest

from agents.models import Candidate
from integrations.models import CalendarEvent, Connection
from oo.events.models import Record
from recommender.bandit.features import V2, vectorise_columns
from recommender.learn import learn
from recommender.models import Decision, Feedback, PolicyState, Reward, Score
from recommender.react import close_untrue, expire, prune_unanswered, react, settle
from recommender.registry import policies
from recommender.replay import Verified, verify_user
from recommender.serving import Silence
from recommender.undo import undo
from tests.people import NOW, Item, Person, person
from tests.recommender.lives import seen, things, tip_of
from tests.recommender.silent import SILENCE, SURE, Mute

pytestmark = pytest.mark.django_db

MUTE = "tests.recommender.silent.Mute"
RULE = "recommender.bandit.policies.urgency.Urgency"
SOON = NOW + timedelta(minutes=5)


@pytest.fixture
def mute(settings):
    settings.ACTIVE_POLICY = "mute"
    settings.SILENCE_AFTER = 0
    with policies.replaced_by(MUTE, RULE, "recommender.bandit.policies.linucb.LinUCB"):
        yield


@pytest.fixture
def ada(mute) -> Person:
    return person("ada@example.com", *things(12))


def silence_of(someone: Person, **when) -> Silence:
    silence = seen(someone, **when).silence
    assert silence is not None
    return silence


def test_silence_is_a_decision_like_any_other(ada):
    silence = silence_of(ada)
    score = Score.objects.select_related("decision").get(pk=silence.id)
    assert (score.decision.kind, score.decision.candidate) == ("silence", None)
    assert score.decision.expires_at == NOW + timedelta(minutes=45)
    assert score.candidates[-1] is None
    assert score.candidates.count(None) == 1
    assert score.chosen == len(score.candidates) - 1
    assert score.decision.propensity == score.propensities[-1] == SURE
    assert (score.model, score.written["model"][-1]) == ("", None)
    X = vectorise_columns(score.features, len(score.candidates), V2)
    assert X[:, SILENCE].tolist() == [0.0] * (len(X) - 1) + [1.0]
    assert list(verify_user(ada.user.pk, verified=Verified())) == []
    record = Record.objects.get(subject="signals.tip.served")
    assert record.payload["kind"] == "silence"


def test_silence_is_offered_only_to_a_policy_that_can_tell_it(ada, settings):
    settings.ACTIVE_POLICY = "linucb"
    tip_of(ada)
    assert None not in Score.objects.get().candidates
    assert "is_silence" not in Score.objects.get().features


def test_it_is_quiet_until_the_silence_runs_out_and_then_it_is_decided_anew(ada):
    first = silence_of(ada)
    assert silence_of(ada, now=NOW + timedelta(minutes=44)) == first
    later = silence_of(ada, now=NOW + timedelta(minutes=45))
    assert later != first
    assert Decision.objects.get(pk=first.id).status == "expired"


def test_a_new_candidate_ends_the_silence_and_one_that_was_known_does_not(ada):
    first = silence_of(ada)
    ada.refreshed(SOON)
    Candidate.objects.filter(kind="task").update(expires_at=NOW + timedelta(days=2))
    assert silence_of(ada, now=SOON) == first
    known = Candidate.objects.filter(kind="task").first()
    Candidate.objects.create(
        user=ada.user, key="reminder:1", kind="reminder", content="Now.", source="x", model="x",
        prompt_version="x", confidence=1, created_at=SOON, expires_at=SOON + timedelta(hours=1),
    )  # fmt: skip
    assert known
    assert silence_of(ada, now=SOON) != first
    overtaken = Decision.objects.get(pk=first.id)
    assert overtaken.status == "untrue"
    settle(now=SOON)
    assert not Reward.objects.exists()


def test_someone_elses_new_candidate_does_not_end_the_silence(ada):
    first = silence_of(ada)
    person("eve@example.com", *things(3), now=SOON)
    assert silence_of(ada, now=SOON) == first


def test_who_asks_for_a_tip_anyway_gets_one_and_is_not_answered_with_silence_again(ada):
    silence = silence_of(ada)
    said = react(ada.user, uuid.UUID(silence.id), "show", dwell_ms=None, now=SOON)
    assert said.counted
    tip = tip_of(ada, now=SOON)
    assert None not in Score.objects.get(pk=tip.id).candidates
    settle(now=SOON)
    learn(ada.user.pk, now=SOON)
    reward = Reward.objects.get()
    assert (str(reward.decision_id), reward.reward) == (silence.id, -0.3)
    react(ada.user, uuid.UUID(tip.id), "done", dwell_ms=None, now=SOON)
    assert None in Score.objects.get(pk=silence_of(ada, now=SOON).id).candidates


def test_what_the_sources_tell_does_not_end_a_silence(ada):
    silence = silence_of(ada)
    assert close_untrue(ada.user.pk, now=SOON) == 0
    assert silence_of(ada, now=SOON).id == silence.id


@pytest.mark.parametrize("newer", ["silence", "tip"])
def test_who_asks_for_a_tip_from_a_page_whose_silence_was_overtaken_gets_one(ada, newer, settings):
    old = silence_of(ada)
    fresh = Candidate.objects.filter(kind="task").last()
    assert fresh
    Candidate.objects.filter(pk=fresh.pk).update(created_at=SOON)
    if newer == "tip":
        settings.ACTIVE_POLICY = "urgency"
        assert tip_of(ada, now=SOON)
    else:
        assert silence_of(ada, now=SOON).id != old.id
    answer = react(ada.user, uuid.UUID(old.id), "show", dwell_ms=0, now=SOON)
    assert answer.says == "Here is one."
    assert tip_of(ada, now=SOON)
    assert answer.counted == (newer == "silence")


def test_a_silence_that_nobody_minded_is_worth_nothing_and_learned_once(ada):
    silence = silence_of(ada)
    late = NOW + timedelta(minutes=46)
    expire(now=late)
    assert settle(now=late) == 1
    assert settle(now=late) == 0
    learn(ada.user.pk, now=late)
    reward = Reward.objects.get()
    assert (str(reward.decision_id), reward.reward, reward.why) == (silence.id, 0.0, "settled")
    assert Decision.objects.get(pk=silence.id).status == "kept"
    state = PolicyState.objects.get()
    assert (state.policy, state.count) == ("mute", 1)
    assert Record.objects.filter(subject="feedback.reward.settled").count() == 1
    assert prune_unanswered(now=late + timedelta(days=99), older_than=timedelta(days=1)) == 0
    assert list(verify_user(ada.user.pk, verified=Verified())) == []


def test_who_asks_after_the_silence_was_learned_corrects_it_and_may_take_that_back(ada):
    silence = uuid.UUID(silence_of(ada).id)
    late = NOW + timedelta(minutes=46)
    expire(now=late)
    settle(now=late)
    learn(ada.user.pk, now=late)
    kept = bytes(PolicyState.objects.get().state)
    assert react(ada.user, silence, "show", dwell_ms=None, now=late).counted
    settle(now=late + timedelta(seconds=1))
    learn(ada.user.pk, now=late)
    policy = Mute.load(bytes(PolicyState.objects.get().state))
    assert policy.count == 1
    assert policy.state() != kept
    tip_of(ada, now=late)
    undo(silence, now=late, even_late=True)
    assert Decision.objects.get(pk=silence).status == "kept"
    learn(ada.user.pk, now=late)
    assert bytes(PolicyState.objects.get().state) == kept


def test_silence_is_answered_with_show_only_and_a_tip_never(ada, settings):
    silence = uuid.UUID(silence_of(ada).id)
    for reaction in ("done", "snooze", "dismiss"):
        with pytest.raises(ValueError, match="no answer"):
            react(ada.user, silence, reaction, dwell_ms=None, now=NOW)
    react(ada.user, silence, "show", dwell_ms=None, now=NOW)
    tip = uuid.UUID(tip_of(ada).id)
    with pytest.raises(ValueError, match="no answer"):
        react(ada.user, tip, "show", dwell_ms=None, now=NOW)
    assert Feedback.objects.count() == 1


def test_where_there_is_nothing_to_say_silence_is_no_decision(ada):
    Candidate.objects.all().delete()
    assert seen(ada).shown is None
    assert not Decision.objects.exists()


def test_the_rule_that_stands_in_for_a_broken_policy_is_not_offered_silence(settings):
    settings.ACTIVE_POLICY = "mute"
    settings.SILENCE_AFTER = 0
    with policies.replaced_by("tests.recommender.silent.Choking", RULE):
        ada = person("ada@example.com", *things(3))
        tip_of(ada)
        score = Score.objects.get()
        assert (score.policy, score.fell_back_from) == ("urgency", "mute")
        assert None not in score.candidates
        assert list(verify_user(ada.user.pk, verified=Verified())) == []


@pytest.mark.parametrize(
    ("starts", "ends", "all_day", "soon"),
    [
        (-30, 10, False, 1.0),
        (14, 60, False, 1.0),
        (16, 60, False, 0.0),
        (-60, 0, False, 0.0),
        (-60, 600, True, 0.0),
        (-60 * 25, 60, False, 0.0),
    ],
)
def test_a_meeting_is_a_feature_of_the_moment(ada, starts, ends, all_day, soon):
    calendar = Connection.objects.create(user=ada.user, source="ical", created_at=NOW)
    for user, owner in ((ada.user, calendar),):
        CalendarEvent.objects.create(
            user=user, connection=owner, external_id="e", text_hash="h", all_day=all_day,
            starts_at=NOW + timedelta(minutes=starts), ends_at=NOW + timedelta(minutes=ends),
        )  # fmt: skip
    seen(ada)
    assert Score.objects.get().features["meeting_soon"] == soon


def test_what_is_due_later_today_is_told_from_what_is_overdue(mute):
    today = NOW.date()
    ada = person(
        "ada@example.com",
        Item("day", due_on=today),
        Item("passed", due_on=today, due_at=NOW - timedelta(hours=1)),
        Item("tonight", due_on=today, due_at=NOW + timedelta(hours=5)),
        # Past midnight in Berlin.
        Item(
            "night", due_on=today + timedelta(days=1), due_at=NOW + timedelta(hours=13, minutes=30)
        ),
        Item("never"),
    )
    Candidate.objects.exclude(kind="task").delete()
    seen(ada)
    score = Score.objects.get()
    titles = {task.pk: title for title, task in ada.tasks.items()}
    tasks = dict(Candidate.objects.values_list("pk", "task_id"))
    found = {
        titles[tasks[uuid.UUID(key)]]: (due, late)
        for key, due, late in zip(
            score.candidates[:-1],
            score.features["is_due_today"],
            score.features["is_overdue"],
            strict=False,
        )
    }
    assert found == {
        "day": (1, 0), "passed": (0, 1), "tonight": (1, 0), "night": (0, 0), "never": (0, 0),
    }  # fmt: skip


def test_over_the_api_silence_is_quiet_and_can_be_broken_and_an_answer_taken_back(mute, client):
    from django.utils import timezone

    ada = person("ada@example.com", *things(4), now=timezone.now())
    client.force_login(ada.user)
    said = client.post("/api/recommend").json()
    assert (said["tip"], said["state"]) == (None, "quiet")
    silence = said["silence"]["id"]
    assert client.post("/api/recommend").json()["silence"]["id"] == silence

    def answer(tip: str, reaction: str):
        body = {"tip": tip, "reaction": reaction}
        return client.post("/api/feedback", body, content_type="application/json")

    assert answer(silence, "done").status_code == 400
    assert answer(silence, "show").json()["counted"]
    said = client.post("/api/recommend").json()
    assert (said["silence"], said["state"]) == (None, "tip")
    tip = said["tip"]["id"]
    assert answer(tip, "show").status_code == 400
    assert answer(tip, "dismiss").json()["counted"]
    assert client.delete(f"/api/feedback/{tip}").json() == {"says": "Taken back."}
    assert client.post("/api/recommend").json()["tip"]["id"] == tip
    assert client.delete(f"/api/feedback/{tip}").status_code == 404
    answer(tip, "dismiss")
    Feedback.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert client.delete(f"/api/feedback/{tip}").status_code == 409


def test_the_page_is_quiet_with_one_quiet_button_and_offers_to_undo(mute, client):
    from django.utils import timezone

    ada = person("ada@example.com", *things(4), now=timezone.now())
    client.force_login(ada.user)
    page = client.get("/").content.decode()
    assert 'data-state="quiet"' in page
    assert "Show me one anyway" in page
    assert "Undo" not in page
    silence = Decision.objects.get().pk
    client.post("/answer/", {"tip": str(silence), "reaction": "show"})
    page = client.get("/").content.decode()
    assert 'data-state="tip"' in page
    assert "Show me one anyway" not in page
    assert "Undo" not in page  # there is nothing to take back in having asked
    tip = Decision.objects.get(status="open").pk
    assert client.post("/answer/", {"tip": str(tip), "reaction": "show"}).status_code == 400
    client.post("/answer/", {"tip": str(tip), "reaction": "snooze"})
    assert "Undo “Later”" in client.get("/").content.decode()
    back = client.post("/undo/", {"tip": str(tip)}, follow=True).content.decode()
    assert "Taken back." in back
    assert f'data-tip="{tip}"' in back
    assert client.post("/undo/", {"tip": str(tip)}).status_code == 404
    assert client.post("/undo/", {"tip": "nonsense"}).status_code == 400
