"""Preferences: the user's word counts over what was inferred, both are kept, nonsense is refused."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts import preferences
from accounts.faults import Faults
from accounts.models import Preference, User
from accounts.preference_keys import HELP_SHARED_PRIOR
from accounts.preferences import (
    BadPreference,
    Inference,
    Key,
    NoScope,
    declare,
    forget,
    forgotten,
    infer,
    infer_many,
    of,
    of_users,
    say,
    say_all,
    unsay,
)
from oo.events.catalogue import ProfileChanged
from oo.events.models import Record
from tests.integrations.at_once import at_once
from tests.people import NOW

LATER = NOW + timedelta(hours=1)
BOTH = ("quiet_start", "quiet_end")


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_user("ada@example.com")


def test_before_anyone_says_anything_the_defaults_hold(ada):
    defaults = {key.name: key.default for key in preferences.declared()}
    assert of(ada) == defaults
    assert defaults["quiet_start"] == 22


def test_what_was_inferred_holds_until_the_user_says_otherwise(ada):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    assert of(ada)["quiet_start"] == 20
    say(ada, "quiet_start", 23, now=NOW)
    assert of(ada)["quiet_start"] == 23


def test_an_inference_never_replaces_the_users_word_and_both_are_kept(ada):
    say(ada, "quiet_start", 23, now=NOW)
    infer(ada, "quiet_start", 20, confidence=1.0, now=NOW)
    assert of(ada)["quiet_start"] == 23
    kept = Preference.objects.filter(user=ada).values_list("source", "value", "confidence")
    assert set(kept) == {("user", 23, 1.0), ("inferred", 20, 1.0)}


def test_saying_something_again_replaces_what_was_said(ada):
    say(ada, "quiet_end", 6, now=NOW)
    say(ada, "quiet_end", 8, now=NOW)
    assert Preference.objects.get().value == 8


def test_one_persons_word_is_not_anothers(ada):
    bob = User.objects.create_user("bob@example.com")
    say(ada, "quiet_start", 19, now=NOW)
    found = of_users([ada.pk, bob.pk])
    assert (found[ada.pk]["quiet_start"], found[bob.pk]["quiet_start"]) == (19, 22)


@pytest.mark.parametrize("value", [24, -1, 7.5, "7", None, True, [7], {"hour": 7}])
def test_a_value_that_makes_no_sense_is_refused_with_what_would(ada, value):
    with pytest.raises(BadPreference, match="an hour from 0 to 23"):
        say(ada, "quiet_start", value, now=NOW)
    with pytest.raises(BadPreference):
        infer(ada, "quiet_start", value, confidence=0.5, now=NOW)
    assert not Preference.objects.exists()


def test_a_preference_that_nobody_declared_is_refused(ada):
    with pytest.raises(BadPreference, match="no preference 'favourite_colour'"):
        say(ada, "favourite_colour", "black", now=NOW)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_is_between_nothing_and_certainty(ada, confidence):
    with pytest.raises(ValueError, match="no confidence"):
        infer(ada, "quiet_start", 20, confidence=confidence, now=NOW)
    assert not Preference.objects.exists()


def test_a_word_taken_back_leaves_what_was_inferred(ada):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    say(ada, "quiet_start", 23, now=NOW)
    assert unsay(ada, "quiet_start", now=NOW)
    assert of(ada)["quiet_start"] == 20
    assert not unsay(ada, "quiet_start", now=NOW)
    with pytest.raises(BadPreference):
        unsay(ada, "favourite_colour", now=NOW)


def test_a_forgotten_belief_is_gone_and_the_default_holds(ada):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    forget(ada, "quiet_start", now=NOW)
    assert of(ada)["quiet_start"] == 22
    assert forgotten([ada.pk]) == {ada.pk: {"quiet_start": NOW}}
    (held,) = [one for one in preferences.held(ada) if one.key.name == "quiet_start"]
    assert (held.value, held.source, held.inferred) == (22, "default", None)
    assert held.forgotten_at == NOW


def test_forgetting_a_belief_leaves_the_users_own_word(ada):
    say(ada, "quiet_start", 23, now=NOW)
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    forget(ada, "quiet_start", now=NOW)
    assert of(ada)["quiet_start"] == 23


def test_what_was_never_believed_can_be_forgotten_and_twice_the_later_counts(ada):
    forget(ada, "quiet_start", now=NOW)
    forget(ada, "quiet_start", now=LATER)
    assert forgotten([ada.pk]) == {ada.pk: {"quiet_start": LATER}}
    assert Preference.objects.count() == 1


def test_one_persons_forgetting_is_not_anothers(ada):
    bob = User.objects.create_user("bob@example.com")
    infer(bob, "quiet_start", 20, confidence=0.7, now=NOW)
    forget(ada, "quiet_start", now=LATER)
    assert of(bob)["quiet_start"] == 20
    assert forgotten([ada.pk, bob.pk])[bob.pk] == {}


def test_what_was_forgotten_comes_back_only_from_what_came_after(ada):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    forget(ada, "quiet_start", now=LATER)
    tomorrow = LATER + timedelta(days=1)
    before = LATER - timedelta(seconds=1)
    assert not infer(ada, "quiet_start", 20, confidence=0.7, now=tomorrow, since=before)
    assert of(ada)["quiet_start"] == 22
    assert infer(ada, "quiet_start", 19, confidence=0.7, now=tomorrow, since=LATER)
    assert of(ada)["quiet_start"] == 19
    assert forgotten([ada.pk])[ada.pk] == {"quiet_start": LATER}, "still nothing from before"
    assert not infer(ada, "quiet_start", 20, confidence=0.7, now=tomorrow, since=before)
    assert of(ada)["quiet_start"] == 19


def test_what_was_being_inferred_while_it_was_forgotten_is_not_kept(ada):
    forget(ada, "quiet_start", now=LATER)
    assert not infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    assert of(ada)["quiet_start"] == 22


def test_a_consent_is_never_inferred_and_has_nothing_to_forget(ada):
    for refused in (
        lambda: infer(ada, HELP_SHARED_PRIOR, True, confidence=1, now=NOW),
        lambda: forget(ada, HELP_SHARED_PRIOR, now=NOW),
    ):
        with pytest.raises(BadPreference, match="for the user alone"):
            refused()


@pytest.mark.django_db
def test_many_beliefs_of_many_people_are_kept_in_a_few_queries(django_assert_max_num_queries):
    people = [User.objects.create_user(f"p{number}@example.com") for number in range(30)]
    beliefs = [Inference(one.pk, name, 20 + one.pk % 3, 0.5) for one in people for name in BOTH]
    for _ in range(2):  # the first time rows are made, the second time they are changed
        with django_assert_max_num_queries(6):
            assert infer_many(beliefs, now=NOW) == 60
    found = of_users(one.pk for one in people)
    assert all(found[one.pk]["quiet_end"] == 20 + one.pk % 3 for one in people)


def test_beliefs_with_one_that_makes_no_sense_are_not_kept(ada):
    with pytest.raises(BadPreference):
        infer_many(
            [Inference(ada.pk, "quiet_start", 20, 0.5), Inference(ada.pk, "quiet_end", 99, 0.5)],
            now=NOW,
        )
    assert not Preference.objects.exists()


def test_the_values_in_force_are_one_query_for_any_number_of_people(ada, django_assert_num_queries):
    bob = User.objects.create_user("bob@example.com")
    say(ada, "quiet_start", 21, now=NOW)
    forget(bob, "quiet_start", now=NOW)
    with django_assert_num_queries(1):
        of_users([ada.pk, bob.pk])


def test_a_value_that_its_key_takes_no_more_does_not_count(ada):
    say(ada, "quiet_start", 21, now=NOW)
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    Preference.objects.filter(source="user").update(value=31)
    assert of(ada)["quiet_start"] == 20
    Preference.objects.filter(source="inferred").update(value="late")
    assert of(ada)["quiet_start"] == 22
    (held,) = [one for one in preferences.held(ada) if one.key.name == "quiet_start"]
    assert (held.value, held.source) == (22, "default")


def test_what_one_does_with_a_default_changes_nothing_for_others(ada, declaring):
    declare(Key("lunch", "When.", [12], scope="moment", type="hours"))
    of(ada)["lunch"].append(3)
    assert of(ada)["lunch"] == [12]


def changes() -> list[tuple[int, str, str]]:
    rows = Record.objects.filter(subject=ProfileChanged.subject).order_by("pk")
    return [(row.user_id, row.payload["what"], row.payload["key"]) for row in rows]


def test_every_change_is_told_of_without_what_was_said_and_beliefs_are_not(ada):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    assert changes() == []
    say(ada, "quiet_start", 21, now=NOW)
    unsay(ada, "quiet_start", now=NOW)
    forget(ada, "quiet_start", now=NOW)
    assert changes() == [(ada.pk, "preference", "quiet_start")] * 3
    assert not any("21" in str(row.payload) for row in Record.objects.all())


def test_a_change_that_ends_in_nothing_is_not_told_of(ada):
    with transaction.atomic():
        say(ada, "quiet_start", 21, now=NOW)
        transaction.set_rollback(True)
    unsay(ada, "quiet_start", now=NOW)
    assert changes() == []
    assert of(ada)["quiet_start"] == 22


def test_a_scope_is_changed_whole_or_not_at_all(ada):
    say(ada, "quiet_end", 6, now=NOW)
    with pytest.raises(Faults) as refused:
        say_all(ada, "moment", {"quiet_end": None, "quiet_start": 24, "x": 1}, now=NOW)
    assert set(refused.value.errors) == {"quiet_start", "x"}
    assert of(ada)["quiet_end"] == 6
    say_all(ada, "moment", {"quiet_end": None, "quiet_start": 21}, now=NOW)
    assert (of(ada)["quiet_start"], of(ada)["quiet_end"]) == (21, 7)


def test_a_preference_is_changed_in_its_own_scope_only(ada):
    with pytest.raises(NoScope):
        say_all(ada, "nowhere", {}, now=NOW)
    with pytest.raises(Faults, match="quiet_start belongs to the scope moment"):
        say_all(ada, "learning", {"quiet_start": 21}, now=NOW)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_change_the_same_at_once_both_succeed_and_one_holds_whole():
    ada = User.objects.create_user("ada@example.com")
    one, two = {"quiet_start": 20, "quiet_end": 6}, {"quiet_end": 9, "quiet_start": 23}
    for _ in range(10):
        done = at_once(*[partial(say_all, ada, "moment", said, now=NOW) for said in (one, two) * 2])
        assert done == [None] * 4
        found = of(ada)
        assert {name: found[name] for name in one} in (one, two)
        say_all(ada, "moment", dict.fromkeys(one), now=NOW)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_belief_never_survives_being_forgotten_at_the_same_time():
    for number in range(10):
        ada = User.objects.create_user(f"ada{number}@example.com")
        done = at_once(
            partial(infer, ada, "quiet_start", 20, confidence=0.5, now=NOW),
            partial(forget, ada, "quiet_start", now=LATER),
        )
        assert not any(isinstance(one, BaseException) for one in done)
        assert of(ada)["quiet_start"] == 22
