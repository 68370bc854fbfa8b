"""Why this, now: told to whom it was shown, in their own words, by the scorer that made it."""

import re
import uuid
from datetime import UTC, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from accounts.models import User
from agents.models import Candidate
from integrations import snapshot
from recommender import replay
from recommender import why as module
from recommender.bandit.choose import seeded
from recommender.bandit.features import vectorise
from recommender.bandit.why import why
from recommender.featurise import unpack
from recommender.learn import learn
from recommender.models import Decision, PolicyState, Score
from recommender.react import NoSuchTip, react, settle
from recommender.registry import policies
from recommender.serving import look
from recommender.why import GONE, Explained, explained, why_this
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db

DENTIST = Item("Call the dentist", priority=4, due_on=NOW.date() - timedelta(days=2))
MILK = Item("Buy milk", priority=2)
LATE = Item("Call the dentist", due_on=NOW.date() - timedelta(days=2))


def decide(someone, *, seed=7, now=NOW) -> Decision:
    seen = look(someone.user, now=now, rng=np.random.default_rng(seed))
    return Decision.objects.get(pk=seen.shown.id)


def about(someone, title: str, seeds=range(200)) -> Decision:
    task = someone.tasks[title]
    for seed in seeds:
        Decision.objects.filter(user=someone.user).delete()
        decision = decide(someone, seed=seed)
        if decision.candidate.task_id == task.pk and decision.kind == "task":
            return decision
    raise AssertionError(f"never {title}")


@override_settings(ACTIVE_POLICY="egreedy-v1")
def test_the_reason_and_what_it_would_have_been_in_the_users_own_words():
    ada = person("ada@example.com", LATE, Item("Buy milk", priority=3))
    Candidate.objects.exclude(kind="task").delete()
    told = why_this(ada.user, about(ada, "Call the dentist").pk, now=NOW)
    assert told.text == (
        "It was overdue. It would have been “Buy milk” if this one had not been overdue."
    )
    assert [sentence.words for sentence in told.said if sentence.words] == ["Buy milk"]


@pytest.mark.parametrize("policy", policies.ids())
def test_every_policys_decisions_are_explained_and_every_counterfactual_replays(policy):
    """From a life of decisions and reactions, as they are stored; the check is made on rows."""
    with override_settings(ACTIVE_POLICY=policy):
        ada = person(
            "ada@example.com", DENTIST, MILK, Item("Pay the rent", due_on=NOW.date()),
            Item("Read about beetles", age_days=200), Item("Write to Grandma", priority=3),
        )  # fmt: skip
        named = 0
        for step in range(12):
            now = NOW + timedelta(hours=5 * step)
            Candidate.objects.update(resting_until=None, expires_at=now + timedelta(hours=9))
            decision = decide(ada, seed=step, now=now)
            told = why_this(ada.user, decision.pk, now=now)
            assert told.why is not None, policy
            named += bool(told.why.instead and told.why.instead.change)
            assert_borne_out(Score.objects.get(pk=decision.pk), told)
            silent = decision.kind == Decision.SILENCE
            reaction = "show" if silent else ("done", "snooze", "dismiss")[step % 3]
            react(ada.user, decision.pk, reaction, dwell_ms=30_000, now=now)
            settle(now=now)
            learn(ada.user.pk, now=now)
        assert named or policy == "random"


def assert_borne_out(score: Score, told: Explained) -> None:
    policy, _ = replay.as_it_was(score)
    mine, most = score.propensities[score.chosen], max(score.propensities)
    assert (told.why.manner in ("best", "drawn", "only")) == (mine == pytest.approx(most, abs=1e-9))
    for part in told.why.reasons:
        assert part.worth > 0
    instead = told.why.instead
    if instead is None:
        assert "would have" not in told.text
        return
    rows = unpack(score.features, len(score.candidates))
    change = instead.change
    if change is not None:
        for index, row in enumerate(rows):
            if change.what == "hour":
                row["hour_sin"] = np.sin(2 * np.pi * change.to / 24)
                row["hour_cos"] = np.cos(2 * np.pi * change.to / 24)
            elif change.what == "weekend":
                row["is_weekend"] = float(change.to >= 5)
                row["weekday_sin"] = np.sin(2 * np.pi * change.to / 7)
                row["weekday_cos"] = np.cos(2 * np.pi * change.to / 7)
            elif change.what == "meeting":
                row["meeting_soon"] = change.to
            elif change.of == index:
                row[change.what] = change.to
    pmf = policy.pmf(vectorise(rows, policy.feature_set), seeded(score.seed))
    assert pmf[instead.index] > np.delete(pmf, instead.index).max()
    assert instead.index != score.chosen


@override_settings(ACTIVE_POLICY="thompson")
def test_the_distribution_is_made_again_with_the_decisions_own_seed(monkeypatch):
    ada = person("ada@example.com", DENTIST, MILK)
    decision = decide(ada)
    asked = []
    monkeypatch.setattr(
        module, "why", lambda *args, **more: asked.append(more) or why(*args, **more)
    )
    why_this(ada.user, decision.pk, now=NOW)
    assert asked == [{"seed": Score.objects.get(pk=decision.pk).seed}]


def test_nobody_else_is_told():
    ada = person("ada@example.com", DENTIST, MILK)
    eve = person("eve@example.com", MILK)
    decision = decide(ada)
    with pytest.raises(NoSuchTip):
        why_this(eve.user, decision.pk, now=NOW)
    with pytest.raises(NoSuchTip):
        why_this(ada.user, uuid.uuid4(), now=NOW)
    for path in (f"/why/{decision.pk}/", f"/api/why/{decision.pk}"):
        client = Client()
        assert client.get(path).status_code in (302, 401, 403)
        client.force_login(eve.user, backend="django.contrib.auth.backends.ModelBackend")
        reply = client.get(path)
        assert reply.status_code == 404
        assert "overdue" not in reply.content.decode()
        client.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(path).status_code == 200


def test_the_api_says_the_same_as_the_page():
    ada = person("ada@example.com", DENTIST, MILK)
    decision = decide(ada)
    client = Client()
    client.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    said = client.get(f"/api/why/{decision.pk}").json()
    assert said == {"explained": True, "text": said["text"]}
    page = client.get(f"/why/{decision.pk}/").content.decode()
    place = re.search(r"data-why>(.*?)</div>", page, re.DOTALL)[1]
    words = " ".join(re.sub(r"<[^>]+>", "", part) for part in place.split("</p><p>"))
    assert words == said["text"]
    assert client.post(f"/api/why/{decision.pk}").status_code == 405


@override_settings(ACTIVE_POLICY="urgency")
def test_someone_elses_words_are_not_told_whatever_the_row_says():
    eve = person("eve@example.com", Item("A secret"))
    ada = person("ada@example.com", LATE, Item("Buy milk", priority=3))
    Candidate.objects.exclude(kind="task").delete()
    decision = about(ada, "Call the dentist")
    score = Score.objects.get(pk=decision.pk)
    strange = str(Candidate.objects.get(user=eve.user).pk)
    mixed = [id_ if i == score.chosen else strange for i, id_ in enumerate(score.candidates)]
    Score.objects.filter(pk=decision.pk).update(candidates=mixed)
    assert "would have been another task if" in why_this(ada.user, decision.pk, now=NOW).text


HOSTILE = "<script>cracked()</script>\"' & {{ x }} {title} \u202e evil"


@override_settings(ACTIVE_POLICY="urgency")
def test_a_hostile_title_stays_text():
    ada = person("ada@example.com", LATE, Item(HOSTILE, priority=3))
    Candidate.objects.exclude(kind="task").delete()
    decision = about(ada, "Call the dentist")
    told = why_this(ada.user, decision.pk, now=NOW)
    assert [sentence.words for sentence in told.said if sentence.words] == [HOSTILE]
    client = Client()
    client.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/why/{decision.pk}/").content.decode()
    assert "<script>cracked" not in page
    assert "&lt;script&gt;cracked()&lt;/script&gt;" in page
    assert '<bdi lang="" dir="auto">' in page


@override_settings(ACTIVE_POLICY="urgency")
def test_words_that_are_lost_are_another_task_and_words_are_stored_nowhere():
    ada = person("ada@example.com", LATE, Item("Buy milk", priority=3))
    Candidate.objects.exclude(kind="task").delete()
    decision = about(ada, "Call the dentist")
    assert "“Buy milk”" in why_this(ada.user, decision.pk, now=NOW).text
    stored = " ".join(map(str, vars(Score.objects.get(pk=decision.pk)).values()))
    assert "Buy milk" not in stored
    # Whoever operates oO reads what it was, and none of the user's words.
    assert "another task" in explained(decision, now=NOW).text
    snapshot.drop(ada.connection.pk)
    assert "would have been another task if" in why_this(ada.user, decision.pk, now=NOW).text
    Candidate.objects.exclude(pk=decision.candidate_id).delete()
    assert "would have been another task if" in why_this(ada.user, decision.pk, now=NOW).text


@override_settings(ACTIVE_POLICY="egreedy-v1")
@pytest.mark.parametrize(
    "loss", ["version", "policy", "prior", "pruned", "score", "features", "rewards"]
)
def test_what_can_not_be_made_again_is_said_so(loss, monkeypatch):
    ada = person("ada@example.com", DENTIST, MILK)
    decision = decide(ada)
    score = Score.objects.filter(pk=decision.pk)
    if loss == "version":
        score.update(policy_version="0")
    elif loss == "policy":
        score.update(policy="gone-v9")
    elif loss == "prior":
        score.update(prior_version="nowhere")
    elif loss == "pruned":
        score.update(pruned_at=NOW, features={}, scores=[], propensities=[], candidates=[])
    elif loss == "score":
        score.delete()
    elif loss == "features":
        features = score.get().features
        score.update(features={**features, "is_overdue": 1.0, "priority": 1})
    else:
        score.update(state_count=3)
    assert why_this(ada.user, decision.pk, now=NOW) == GONE
    client = Client()
    client.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/api/why/{decision.pk}").json() == {"explained": False, "text": GONE.text}
    assert "can’t be explained" in client.get(f"/why/{decision.pk}/").content.decode()


@override_settings(ACTIVE_POLICY="egreedy-v1")
def test_it_is_explained_by_what_was_known_then_and_not_by_what_was_learned_since():
    ada = person("ada@example.com", DENTIST, MILK)
    Candidate.objects.exclude(kind="task").delete()
    first = about(ada, "Call the dentist", seeds=range(20))
    told = why_this(ada.user, first.pk, now=NOW)
    react(ada.user, first.pk, "dismiss", dwell_ms=30_000, now=NOW)
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    assert PolicyState.objects.get(user=ada.user).count == 1
    assert why_this(ada.user, first.pk, now=NOW) == told
    tomorrow = NOW.astimezone(UTC) + timedelta(days=1)
    assert why_this(ada.user, first.pk, now=tomorrow).why == told.why


def test_the_tip_page_asks_for_no_more_than_before_and_carries_no_explanation():
    now = timezone.now()
    overdue = Item("Call the dentist", due_on=now.date() - timedelta(days=2))
    ada = person("ada@example.com", overdue, MILK, now=now)
    client = Client()
    client.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    client.get("/")
    Decision.objects.all().delete()
    with CaptureQueriesContext(connection) as asked:
        page = client.get("/").content.decode()
    quiet = ("SAVEPOINT", "RELEASE", "BEGIN")
    assert len([q for q in asked if not q["sql"].startswith(quiet)]) <= 6
    decision = Decision.objects.get()
    assert f'href="/why/{decision.pk}/"' in page
    assert "overdue" not in page


@override_settings(ACTIVE_POLICY="urgency")
def test_the_console_shows_the_parts_and_nobodys_words():
    ada = person("ada@example.com", LATE, Item("Buy milk", priority=3))
    Candidate.objects.exclude(kind="task").delete()
    decision = about(ada, "Call the dentist")
    root = User.objects.create_user("root@example.com", role="admin")
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    reply = client.get(f"/admin/recommender/decision/{decision.pk}/change/")
    text = reply.content.decode()
    assert "Why this, as its user may read it" in text
    assert "Buy milk" not in text
    assert "Call the dentist" not in text
    assert reply.context["why"].text in text
    assert "another task" in text
    for part in reply.context["why"].why.parts:
        if part.worth:
            assert f"{part.worth:.4f}" in text
