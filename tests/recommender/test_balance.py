"""The balance between kinds, learned at night from answers; people's own word over it."""

import json
import uuid
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import preferences
from accounts.models import Preference, User
from accounts.preferences import BadPreference, key_of
from recommender.balance import WINDOW, answers_of, learn_balances
from recommender.balance_words import WORDS as BALANCE_WORDS
from recommender.balance_words import answered, shares_of, shown, words_of
from recommender.bandit.balance import START, Answers
from recommender.jobs import learn_balances as learn_balances_job
from recommender.learn import reset
from recommender.models import Decision, Feedback
from recommender.preference_keys import BALANCE
from recommender.react import react
from tests.people import NOW, person
from tests.recommender.lives import things, tip_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def answer(user: User, kind: str, reaction: str, count: int, *, at=NOW) -> None:
    for number in range(count):
        decision = Decision.objects.create(
            user=user, kind=kind, status="answered", policy="p", policy_version="1", propensity=1,
            created_at=at - timedelta(seconds=number + 1), expires_at=at,
        )  # fmt: skip
        Feedback.objects.create(
            decision=decision, user=user, reaction=reaction, dwell_ms=1, created_at=at
        )


def believed(user: User) -> dict[str, float] | None:
    row = Preference.objects.filter(user=user, key="balance", source="inferred").first()
    return row.value if row else None


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com")


def test_a_kind_that_is_sent_away_is_believed_to_be_wanted_less(ada):
    answer(ada, "task", "done", 12)
    answer(ada, "advice", "dismiss", 20)
    assert learn_balances(now=NOW + HOUR) == 1
    shares = believed(ada)
    assert shares["advice"] < START["advice"] / 2
    assert sum(shares.values()) == pytest.approx(1)
    assert preferences.of(ada)["balance"] == shares


def test_what_was_put_off_silence_and_too_little_say_nothing(ada):
    answer(ada, "task", "snooze", 30)
    answer(ada, "silence", "show", 30)
    answer(ada, "task", "done", 9)
    assert learn_balances(now=NOW + HOUR) == 0
    assert preferences.of(ada)["balance"] == START


def test_the_persons_own_word_stays_over_it(ada):
    preferences.say(ada, "balance", {"advice": 1.0}, now=NOW)
    answer(ada, "advice", "dismiss", 30)
    assert learn_balances(now=NOW + HOUR) == 1
    assert preferences.of(ada)["balance"] == {"advice": 1.0}
    preferences.unsay(ada, "balance", now=NOW)
    assert preferences.of(ada)["balance"] == believed(ada)


def test_what_is_long_ago_counts_no_more(ada):
    answer(ada, "advice", "dismiss", 30, at=NOW - WINDOW)
    assert learn_balances(now=NOW + HOUR) == 0


def test_after_it_was_forgotten_only_what_comes_from_then_on_counts(ada):
    answer(ada, "advice", "dismiss", 30)
    learn_balances(now=NOW + HOUR)
    preferences.forget(ada, "balance", now=NOW + HOUR)
    assert learn_balances(now=NOW + 2 * HOUR) == 0
    assert preferences.of(ada)["balance"] == START
    answer(ada, "advice", "done", 12, at=NOW + 3 * HOUR)
    assert learn_balances(now=NOW + 4 * HOUR) == 1
    assert believed(ada)["advice"] > START["advice"]


def test_a_reset_of_what_was_learned_is_one_of_this_too(ada):
    answer(ada, "advice", "dismiss", 30)
    reset(ada.pk, now=NOW + HOUR)
    assert answers_of([ada.pk], now=NOW + 2 * HOUR) == {}
    assert learn_balances(now=NOW + 2 * HOUR) == 0


def test_answers_that_say_nothing_new_write_nothing(ada):
    answer(ada, "advice", "dismiss", 30)
    assert learn_balances(now=NOW + HOUR) == 1
    assert learn_balances(now=NOW + 2 * HOUR) == 0


def test_everyone_gets_their_own_and_many_take_few_queries(ada, monkeypatch):
    monkeypatch.setattr("recommender.balance.BATCH", 7)
    people = [User.objects.create_user(f"p{n}@example.com") for n in range(10)]
    for number, user in enumerate(people):
        answer(user, "advice", "done" if number % 2 else "dismiss", 12)
    preferences.forget(people[0], "balance", now=NOW - HOUR)
    with CaptureQueriesContext(database) as taken:
        assert learn_balances(now=NOW + HOUR) == 10
    assert len(taken) <= 2 * 14
    for number, user in enumerate(people):
        assert (believed(user)["advice"] > START["advice"]) == bool(number % 2)
    assert believed(ada) is None


def test_a_person_who_left_is_not_learned_about(ada):
    answer(ada, "advice", "dismiss", 30)
    User.objects.update(is_active=False)
    assert learn_balances(now=NOW + HOUR) == 0


def test_the_job_reads_the_clock(ada):
    from django.utils import timezone

    answer(ada, "advice", "dismiss", 30, at=timezone.now() - HOUR)
    learn_balances_job()
    assert believed(ada)["advice"] < START["advice"]


def test_what_real_answers_taught_is_obeyed_by_the_next_tip():
    someone = person("bea@example.com", *things(12))
    for number in range(12):
        then = NOW + timedelta(minutes=number)
        tip = tip_of(someone, now=then, seed=number)
        react(someone.user, uuid.UUID(tip.id), "done", dwell_ms=30_000, now=then)
    assert learn_balances(now=NOW + HOUR) == 1
    assert answers_of([someone.user.pk], now=NOW + HOUR)[someone.user.pk][1]["task"].good > 5


def test_words_for_shares_and_shares_for_words_agree():
    assert words_of(START) == {
        "task": "much", "advice": "some", "insight": "little", "reminder": "little",
    }  # fmt: skip
    for words in (
        {"task": "much", "advice": "none", "insight": "little", "reminder": "little"},
        {"task": "much", "advice": "much", "insight": "some", "reminder": "none"},
        {"task": "none", "advice": "much", "insight": "none", "reminder": "none"},
    ):
        assert words_of(shares_of(words)) == words
    with pytest.raises(BadPreference, match="at least one"):
        shares_of(dict.fromkeys(START, "none"))
    with pytest.raises(BadPreference):
        shares_of({"task": "much"})
    with pytest.raises(BadPreference):
        shares_of(dict.fromkeys(START, "loads"))


def test_the_page_shows_the_words_that_were_chosen_whichever_they_were():
    key = key_of(BALANCE)
    for way in product(BALANCE_WORDS, repeat=len(START)):
        words = dict(zip(START, way, strict=True))
        if set(way) == {"none"}:
            continue
        shares = shares_of(words)
        assert key.fits(shares), words
        assert words_of(json.loads(json.dumps(shares))) == words


def test_the_words_chosen_survive_saving_and_showing_on_the_page(client):
    user = User.objects.create_user("cy@example.com")
    client.force_login(user)
    for words in (
        {"task": "little", "advice": "little", "insight": "little", "reminder": "none"},
        {"task": "some", "advice": "little", "insight": "none", "reminder": "none"},
        {"task": "some", "advice": "none", "insight": "none", "reminder": "little"},
    ):
        client.post("/balance/", {"do": "say", **words})
        page = shown(user, now=NOW)
        assert page.source == "user"
        chosen = {one.kind: next(v for v, _, on in one.options if on) for one in page.kinds}
        assert chosen == words


def test_saving_an_untouched_balance_that_was_inferred_changes_nothing(client):
    user = User.objects.create_user("dee@example.com")
    client.force_login(user)
    inferred = {"task": 0.61, "advice": 0.2, "insight": 0.13, "reminder": 0.06}
    preferences.infer(user, BALANCE, inferred, confidence=0.7, now=NOW)
    page = shown(user, now=NOW)
    words = {one.kind: next(v for v, _, on in one.options if on) for one in page.kinds}
    reply = client.post("/balance/", {"do": "say", **words}, follow=True)
    assert "Nothing was changed" in reply.content.decode()
    assert shown(user, now=NOW).source == "inferred"
    client.post("/balance/", {"do": "say", **words, "advice": "none"})
    assert shown(user, now=NOW).source == "user"


def test_what_somebody_answered_is_told_as_it_is():
    assert answered({}) == ""
    one = answered({"task": Answers(3, 1), "advice": Answers(0, 1)})
    assert one == "In the last eight weeks you took up 3 of 4 tasks and 0 of 1 piece of advice."


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


WORDS = {"task": "much", "advice": "none", "insight": "some", "reminder": "little"}


def test_the_page_takes_the_persons_word_and_takes_it_back(ada):
    client = client_of(ada)
    assert "This is what everyone starts from." in client.get("/balance/").content.decode()
    client.post("/balance/", {"do": "say", **WORDS})
    assert preferences.of(ada)["balance"]["advice"] == 0
    page = client.get("/balance/").content.decode()
    assert "This is your own choice." in page
    assert page.count("selected") == 4
    client.post("/balance/", {"do": "leave"})
    assert preferences.of(ada)["balance"] == START


def test_the_page_refuses_nonsense_and_a_balance_of_nothing(ada):
    client = client_of(ada)
    for sent in ({**WORDS, "task": "0.3"}, {}, dict.fromkeys(WORDS, "none")):
        page = client.post("/balance/", {"do": "say", **sent}).content.decode()
        assert 'class="message"' in page
        assert not Preference.objects.exists()
    assert client.post("/balance/", {"do": "fly"}).status_code == 404


def test_a_balance_that_can_not_be_is_still_chosen_beside_what_is_said_of_it(ada):
    page = client_of(ada).post("/balance/", {"do": "say", **dict.fromkeys(WORDS, "none")})
    assert "Leave at least one kind." in page.content.decode()
    assert page.content.decode().count('value="none" selected') == 4


def test_the_page_forgets_what_was_believed(ada):
    answer(ada, "advice", "dismiss", 30)
    learn_balances(now=NOW + HOUR)
    client = client_of(ada)
    assert "oO worked this out from your answers." in client.get("/balance/").content.decode()
    client.post("/balance/", {"do": "forget"})
    assert preferences.of(ada)["balance"] == START


def test_the_profile_api_takes_it_too(ada):
    reply = client_of(ada).patch(
        "/api/profile/prefs/mixing", {"balance": {"task": 1.0}}, content_type="application/json"
    )
    assert reply.status_code == 200
    assert preferences.of(ada)["balance"] == {"task": 1.0}
