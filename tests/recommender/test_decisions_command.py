"""`manage.py decisions` and `policies reset`: what they are given wrongly, and for very many people."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import erase, privacy
from recommender.models import Feedback, PolicyState, Reward
from recommender.react import expire
from recommender.registry import policies
from tests.people import NOW, person
from tests.recommender.history import lived, people
from tests.recommender.lives import REACTIONS, live_on, seen, things

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


def say(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("since", ["2026-13-45", "2026-11-18T25:00", "yesterday", ""])
def test_a_moment_that_is_none_is_said_to_be(since):
    with pytest.raises(CommandError, match="--since is a date"):
        say("decisions", "verify", "--all", "--since", since)


@pytest.mark.parametrize(
    "content",
    ["oo.example.com", "[1, 2]", '{"user": 1}', '{"user": 1, "position": "x", "hash": "y"}',
     '{"user": null, "position": 1, "hash": "y"}', b"\xff\xfe"],
)  # fmt: skip
def test_a_file_that_is_none_of_heads_is_said_to_be_before_anything_is_done(tmp_path, content):
    path = tmp_path / "heads"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = StringIO()
    with pytest.raises(CommandError, match="heads"):
        call_command("decisions", "verify", "--all", "--heads", str(path), stdout=out)
    assert out.getvalue() == ""


def test_a_file_that_is_not_there_is_said_to_be(tmp_path):
    for path in (tmp_path / "nope", tmp_path):
        with pytest.raises(CommandError, match="can't be read"):
            say("decisions", "verify", "--all", "--heads", str(path))


def test_the_ends_of_all_chains_are_one_query():
    users = people(40)
    scores = lived(users, 3)
    with CaptureQueriesContext(connection) as queries:
        lines = [json.loads(line) for line in say("decisions", "head", "--all").splitlines()]
    assert len(queries) == 1
    assert lines == [{"user": user.pk, "position": 3, "hash": ""} for user in users]
    assert len(scores) == 120
    (line,) = say("decisions", "head", "--email", users[7].email).splitlines()
    assert json.loads(line)["user"] == users[7].pk


def test_who_left_is_not_missed_among_the_heads(tmp_path):
    ada, eve = person("ada@example.com", *things()), person("eve@example.com", *things())
    live_on(ada, *REACTIONS)
    live_on(eve, *REACTIONS)
    heads = tmp_path / "heads"
    heads.write_text(say("decisions", "head", "--all"))
    erase.ask(ada.user, now=NOW)
    for holder in privacy.holders():
        if holder.id == "decisions":
            holder.forget(ada.user.pk)
    assert " 0 wrong" in say("decisions", "verify", "--all", "--heads", str(heads))


def test_resetting_everyone_reaches_those_whose_first_words_are_not_settled(settings):
    settings.SILENCE_AFTER = 0
    ada = person("ada@example.com", *things())
    live_on(ada, "dismiss", learns=False)
    assert not Reward.objects.exists()
    settings.ACTIVE_POLICY = "mute"
    rule = "recommender.bandit.policies.urgency.Urgency"
    with policies.replaced_by("tests.recommender.silent.Mute", rule):
        eve = person("eve@example.com", *things())
        assert seen(eve).silence
        expire(now=NOW + timedelta(days=1))
        person("bob@example.com", *things())
        assert "2 rewards of 2 people forgotten" in say("policies", "reset", "--all")
    assert not Feedback.objects.filter(reward=None).exists()
    ends = Reward.objects.filter(why="reset").values_list("user", "position")
    assert sorted(ends) == [(ada.user.pk, 2), (eve.user.pk, 2)]


def test_resetting_many_costs_few_queries():
    users = people(40)
    lived(users, 3)
    with CaptureQueriesContext(connection) as queries:
        assert "120 rewards of 40 people forgotten" in say("policies", "reset", "--all")
    assert len(queries) < 25
    assert Reward.objects.filter(why="reset", position=4).count() == 40
    assert not PolicyState.objects.exists()
    assert "0 rewards of 40 people forgotten" in say("policies", "reset", "--all")
