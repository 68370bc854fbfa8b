"""The profile over HTTP: all of it with its meaning, changed whole or not at all, and nobody else's."""

import json

import pytest

from accounts import consents, contexts, preferences
from accounts.models import User
from accounts.preferences import forget, infer, of, say
from accounts.sign_in import note_sign_in
from tests.people import NOW

PREFS = "/api/profile/prefs/moment"
CONSENTS, CONTEXTS = "/api/profile/consents", "/api/profile/contexts"
WORK = {"weekdays": ["mon", "wed"], "begins": "22:00", "ends": "06:30"}
ODD = ["[]", "1", '"x"', "null", "true", '[{"quiet_start": 1}]']


@pytest.fixture
def ada(db, client) -> User:
    user = User.objects.create_user("ada@example.com")
    note_sign_in(user, time_zone="Europe/Berlin", now=NOW)
    client.force_login(user)
    return user


def patch(client, path: str, body: object):
    sent = body if isinstance(body, str) else json.dumps(body)
    return client.patch(path, sent, content_type="application/json")


def by_key(reply) -> dict[str, dict]:
    return {one["key"]: one for one in reply.json()["preferences"]}


def test_the_profile_says_what_holds_whose_word_it_is_and_what_would_fit(ada, client):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    say(ada, "quiet_end", 6, now=NOW)
    infer(ada, "quiet_end", 9, confidence=0.9, now=NOW)
    said = by_key(client.get("/api/profile"))
    assert (said["quiet_start"]["value"], said["quiet_start"]["source"]) == (20, "inferred")
    assert said["quiet_start"]["confidence"] == 0.7
    end = said["quiet_end"]
    assert (end["value"], end["source"], end["inferred"], end["default"]) == (6, "user", 9, 7)
    assert (end["scope"], end["type"], end["hint"]) == ("moment", "hour", "an hour from 0 to 23")
    assert all(one["meaning"] and one["hint"] for one in said.values())
    assert set(said) == {key.name for key in preferences.declared()}


def test_the_profile_tells_of_consents_and_contexts(ada, client):
    patch(client, CONTEXTS, {"Night shift": WORK})
    profile = client.get("/api/profile").json()
    agreed = {one["document"]: one["stands"] for one in profile["consents"]}
    assert agreed == {"terms": True, "privacy": True, "health": False, "remote_model": False}
    (shift,) = profile["contexts"]
    assert shift.pop("holds") in (True, False)
    assert shift == {"name": "night shift", **WORK}


def test_the_profile_takes_a_handful_of_queries(ada, client, django_assert_max_num_queries):
    patch(client, CONTEXTS, {f"c{number}": WORK for number in range(20)})
    with django_assert_max_num_queries(8):
        assert client.get("/api/profile").status_code == 200


def test_ones_own_word_is_said_and_taken_back(ada, client):
    infer(ada, "quiet_end", 9, confidence=0.9, now=NOW)
    reply = patch(client, PREFS, {"quiet_start": 21, "quiet_end": 6})
    assert reply.status_code == 200
    assert by_key(reply)["quiet_end"]["value"] == 6
    reply = patch(client, PREFS, {"quiet_end": None})
    assert by_key(reply)["quiet_end"]["value"] == 9
    assert by_key(reply)["quiet_start"]["value"] == 21
    assert patch(client, PREFS, {}).status_code == 200


def test_one_value_that_does_not_fit_and_nothing_changes_and_all_that_is_wrong_is_named(
    ada, client
):
    reply = patch(client, PREFS, {"quiet_start": 21, "quiet_end": True, "favourite": 1})
    assert reply.status_code == 400
    assert reply["Content-Type"] == "application/problem+json"
    problem = reply.json()
    assert problem["errors"]["quiet_end"] == ["quiet_end should be an hour from 0 to 23."]
    assert set(problem["errors"]) == {"quiet_end", "favourite"}
    assert "Nothing was changed." in problem["detail"]
    assert of(ada)["quiet_start"] == 22


@pytest.mark.parametrize("scope", ["nowhere", "Moment", "x" * 5000, "moment-"])
def test_an_unknown_scope_is_not_there_and_the_reply_says_which_are(ada, client, scope):
    reply = patch(client, f"/api/profile/prefs/{scope}", {"quiet_start": 21})
    assert reply.status_code == 404
    assert "moment" in reply.json()["detail"]
    assert of(ada)["quiet_start"] == 22


@pytest.mark.parametrize("path", [PREFS, CONSENTS, CONTEXTS])
@pytest.mark.parametrize("body", ODD)
def test_what_is_no_object_is_refused(ada, client, path, body):
    reply = patch(client, path, body)
    assert reply.status_code == 400
    assert "JSON object" in reply.json()["detail"]


@pytest.mark.parametrize("path", [PREFS, CONSENTS, CONTEXTS])
@pytest.mark.parametrize(
    "body",
    [
        '{"quiet_start": NaN}', '{"quiet_start": Infinity}', '{"quiet_start": 1e999}',
        '{"quiet_start": ' + "9" * 4000 + "}", '{"quiet_start": "' + "x" * 90_000 + '"}',
        '{"quiet_start": "\\u0000"}', '{"quiet_start": "\\ud800"}', '{"\\ud800\\u0000": 1}',
        '{"' + "k" * 90_000 + '": 1}', '{"": {}}', '{"work": ' + "[" * 500 + "]" * 500 + "}",
        json.dumps({f"k{number}": number for number in range(5000)}), '{"__class__": {"a": null}}',
    ],
)  # fmt: skip
def test_however_odd_the_reply_is_a_problem_of_a_few_lines_and_nothing_changes(
    ada, client, path, body
):
    before = client.get("/api/profile").json()
    reply = patch(client, path, body)
    assert reply.status_code == 400
    assert reply["Content-Type"] == "application/problem+json"
    assert len(reply.content) < 10_000
    assert client.get("/api/profile").json() == before


@pytest.mark.django_db(transaction=True)
def test_consents_are_given_and_taken_back(ada, client):
    assert patch(client, CONSENTS, {"remote_model": True}).status_code == 200
    assert consents.standing([ada.pk])[ada.pk] == {"terms", "privacy", "remote_model"}
    assert patch(client, CONSENTS, {"remote_model": False}).status_code == 200
    reply = patch(client, CONSENTS, {"terms": False, "remote_model": True})
    assert reply.status_code == 400
    assert "delete that in your settings" in reply.json()["errors"]["terms"][0]
    assert consents.standing([ada.pk])[ada.pk] == {"terms", "privacy"}


def test_contexts_are_made_changed_and_taken_away(ada, client):
    assert patch(client, CONTEXTS, {"Work": WORK}).json()["contexts"][0]["ends"] == "06:30"
    reply = patch(client, CONTEXTS, {"work": {"ends": "07:00"}, "home": {"ends": "07:00"}})
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {"home"})
    assert [str(row.ends) for row in contexts.of(ada)] == ["06:30:00"]
    assert patch(client, CONTEXTS, {"work": None}).json()["contexts"] == []


def test_a_forgotten_belief_says_since_when(ada, client):
    infer(ada, "quiet_start", 20, confidence=0.7, now=NOW)
    forget(ada, "quiet_start", now=NOW)
    start = by_key(client.get("/api/profile"))["quiet_start"]
    assert (start["value"], start["source"], start["inferred"]) == (22, "default", None)
    assert start["forgotten_at"].startswith("2026-11-18T11:00:00+01:00")


def test_everyone_changes_their_own_profile_and_strangers_none(ada, client):
    bob = User.objects.create_user("bob@example.com")
    body = {"quiet_start": 21, "user": bob.pk, "user_id": bob.pk}
    assert patch(client, PREFS, body).status_code == 400
    assert patch(client, f"{PREFS}?user={bob.pk}", {"quiet_start": 21}).status_code == 200
    assert (of(ada)["quiet_start"], of(bob)["quiet_start"]) == (21, 22)
    client.logout()
    for path in (PREFS, CONSENTS, CONTEXTS):
        assert patch(client, path, {}).status_code == 401
    assert client.get("/api/profile").status_code == 401


def test_only_patch_changes_a_part(ada, client):
    for path in (PREFS, CONSENTS, CONTEXTS):
        for method in ("get", "post", "put", "delete"):
            assert getattr(client, method)(path).status_code == 405
