"""Preferences: the user's word counts over what was inferred, both are kept, nonsense is refused."""

import pytest
from django.db import IntegrityError

from accounts import preferences
from accounts.models import Preference, User
from accounts.preferences import BadPreference, infer, of, of_users, say
from tests.people import NOW


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


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_a_confidence_is_between_nothing_and_certainty(ada, confidence):
    with pytest.raises(IntegrityError):
        infer(ada, "quiet_start", 20, confidence=confidence, now=NOW)


def test_the_profile_says_what_holds_and_whose_word_it_is(ada, client):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    say(ada, "quiet_end", 6, now=NOW)
    infer(ada, "quiet_end", 9, confidence=0.9, now=NOW)
    client.force_login(ada)
    said = {p["key"]: p for p in client.get("/api/profile").json()["preferences"]}
    assert (said["quiet_start"]["value"], said["quiet_start"]["source"]) == (20, "inferred")
    assert (said["quiet_end"]["value"], said["quiet_end"]["source"]) == (6, "user")
    assert said["quiet_start"]["confidence"] == 0.7
    assert all(p["meaning"] for p in said.values())
