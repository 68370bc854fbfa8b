"""A simulated population in a real database: made by the real verbs, marked, and gone when asked."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Erasure, User
from agents.models import Candidate
from integrations import snapshot
from integrations.models import Connection, Task
from recommender.featurise import unpack
from recommender.learn import rebuild
from recommender.models import Decision, Feedback, PolicyState, Reward, Score
from recommender.populate import clear, populate, simulated
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived():
    # An hour of its own: how often people look on two days depends on which hours those are.
    until = NOW
    made = populate(2, 2, seed=3, until=until, progress=lambda count: None)
    return made, until


def test_people_are_marked_and_nobody_can_be_one_of_them(lived):
    made, _ = lived
    emails = sorted(User.objects.values_list("email", flat=True))
    assert emails == ["simulated-0001@example.invalid", "simulated-0002@example.invalid"]
    assert made.people == 2
    assert not any(user.has_usable_password() for user in User.objects.all())
    for connection in Connection.objects.all():
        assert (connection.source, connection.due_at) == ("simulation", None)
        assert connection.access_token == connection.refresh_token == ""


def test_they_lived_through_the_products_own_doors(lived):
    made, until = lived
    decisions = Decision.objects.order_by("created_at")
    assert made.decisions == decisions.count() == Score.objects.count() > 8
    assert made.reactions == Feedback.objects.count() > 5
    assert decisions.first().created_at < until - timedelta(hours=20)
    assert decisions.last().created_at <= until
    kinds = set(Decision.objects.values_list("kind", flat=True))
    assert "task" in kinds
    for decision in decisions:
        score = decision.score
        assert len(score.propensities) == len(unpack(score.features, len(score.candidates)))
    worded = Candidate.objects.filter(task__isnull=False).first()
    texts = snapshot.read(worded.task.connection_id)
    assert texts[f"task:{worded.task.external_id}"]
    assert len(set(Feedback.objects.values_list("reaction", flat=True))) >= 2


def test_what_they_answered_is_settled_and_learned_and_can_be_made_again(lived):
    made, until = lived
    assert not Feedback.objects.filter(reward=None).exists()
    assert made.learned == Reward.objects.count() >= made.reactions
    assert not Reward.objects.filter(folded_at=None).exists()
    for user in simulated():
        state = bytes(PolicyState.objects.filter(user=user).first().state)
        cls_id = PolicyState.objects.filter(user=user).first().policy
        rebuild(user.pk, now=until)
        assert bytes(PolicyState.objects.get(user=user, policy=cls_id).state) == state


def test_what_is_done_is_closed_and_not_offered_again(lived):
    done = Feedback.objects.filter(reaction="done", decision__candidate__task__isnull=False)
    assert done.exists()
    for feedback in done:
        assert feedback.decision.candidate.task.closed_as == "done"
        later = Decision.objects.filter(
            user=feedback.user,
            candidate__task=feedback.decision.candidate.task,
            created_at__gt=feedback.created_at,
        )
        assert not later.exists()


def test_the_same_seed_gives_the_same_lives(lived):
    until = lived[1]
    before = told()
    clear(now=until)
    populate(2, 2, seed=3, until=until, progress=lambda count: None)
    assert told() == before


def told():
    rows = Task.objects.order_by("user__email", "external_id")
    return list(rows.values_list("user__email", "external_id", "priority", "due_on", "added_at"))


def test_more_people_get_the_next_numbers(lived):
    until = lived[1]
    populate(1, 1, seed=3, until=until, progress=lambda count: None)
    assert simulated().count() == 3
    assert simulated().filter(email="simulated-0003@example.invalid").exists()


def test_clear_deletes_them_as_anyone_is_deleted_and_nobody_else(lived, settings, capsys):
    ada = person("simulated-ada@example.com", Item("Call the dentist"))
    keys = [connection.pk for connection in Connection.objects.filter(source="simulation")]
    settings.DEBUG = True
    call_command("simulate", "--clear")
    assert "2 simulated users deleted" in capsys.readouterr().out
    assert Erasure.objects.filter(finished_at__isnull=False).count() == 2
    assert list(User.objects.filter(deleted_at=None)) == [ada.user]
    for model in (Task, Candidate, Connection):
        assert set(model.objects.values_list("user", flat=True)) == {ada.user.pk}
    assert not Decision.objects.exists()
    assert not Reward.objects.exists()
    assert not any(snapshot.read(key) for key in keys)
    assert clear(now=timezone.now()) == (0, 0)


def test_what_can_not_be_deleted_yet_is_said(lived, settings, capsys, monkeypatch):
    settings.DEBUG = True
    monkeypatch.setattr("accounts.erase._one", lambda *args: "signals: CacheUnreachable")
    call_command("simulate", "--clear")
    assert "0 simulated users deleted, 2 more will be" in capsys.readouterr().out


def test_where_people_may_live_it_asks_first(settings, capsys):
    settings.DEBUG = False
    for words in (("--into-database",), ("--clear",)):
        with pytest.raises(CommandError, match="--really"):
            call_command("simulate", *words)
    assert not User.objects.exists()
    call_command("simulate", "--into-database", "--people", "1", "--days", "1", "--really")
    assert "1 people" in capsys.readouterr().out
    call_command("simulate", "--clear", "--really")
    assert not simulated().exists()
    settings.DEBUG = True
    with pytest.raises(CommandError, match="At least one"):
        call_command("simulate", "--into-database", "--days", "0")
