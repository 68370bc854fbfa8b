"""What is inferred at night: kept with its numbers, where something is new, as far as it is allowed."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts import consents, preferences
from accounts.models import Consent, Preference, User
from agents import jobs
from agents.infer import infer
from agents.inference.run import run_inference
from agents.models import AgentOutput, Belief, Candidate
from agents.preference_keys import declare_params
from agents.refresh import refresh
from agents.registry import agents
from integrations.disconnect import disconnect
from integrations.models import Connection, HealthDay, Task
from integrations.retention import prune_past
from oo.events.deliver import deliver
from tests.agents.pasts import finish, give_health, with_a_past
from tests.people import NOW, person

pytestmark = pytest.mark.django_db

TONIGHT = NOW + timedelta(hours=14)


def value(someone, key):
    return preferences.of(someone.user)[key]


def belief(key) -> Belief:
    return Belief.objects.get(key=key)


def told() -> None:
    while deliver(now=TONIGHT):
        pass


def test_what_a_past_says_becomes_a_belief_with_its_numbers_and_a_preference():
    ada = with_a_past()
    assert infer([ada.user.pk], now=NOW).users == 1
    found = belief("preferred_hour")
    assert (found.value, found.why, found.agent) == (9, "", "time-of-day")
    assert found.history == found.evidence["done"] == 200
    assert found.evidence["at_hour"] == 120
    assert found.inferred_at == NOW
    assert value(ada, "preferred_hour") == 9
    row = Preference.objects.get(key="preferred_hour")
    assert (row.source, row.confidence) == ("inferred", found.confidence)


def test_with_too_little_past_the_default_holds_and_it_is_known_why():
    ada = person()
    finish(ada, days=5)
    infer([ada.user.pk], now=NOW)
    found = belief("preferred_hour")
    assert (found.value, found.why, found.history) == (9, "too_little", 5)
    assert not Preference.objects.filter(source="inferred").exists()


def test_the_user_s_own_word_is_never_written_over():
    ada = with_a_past()
    preferences.say(ada.user, "preferred_hour", 20, now=NOW)
    infer([ada.user.pk], now=NOW)
    assert value(ada, "preferred_hour") == 20
    assert belief("preferred_hour").value == 9


def test_where_nothing_is_new_nothing_is_inferred_and_nothing_written():
    ada = with_a_past()
    first = infer([ada.user.pk], now=NOW)
    assert first.skipped == 0
    with CaptureQueriesContext(database) as asked:
        again = infer([ada.user.pk], now=TONIGHT)
    assert (again.inferred, again.skipped) == (0, first.inferred)
    written = [q["sql"] for q in asked if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []
    assert belief("preferred_hour").inferred_at == NOW


def test_something_finished_is_new():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    finish(ada, hours=(20,), days=1, name="new")
    assert infer([ada.user.pk], now=TONIGHT).inferred > 0
    assert belief("preferred_hour").evidence["done"] == 201


def test_for_someone_who_does_nothing_the_last_weeks_are_others_a_week_later():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    assert belief("baseline_completions_per_day").value > 2
    infer([ada.user.pk], now=NOW + timedelta(days=21))
    assert belief("baseline_completions_per_day").value < 2


def test_what_merely_grows_too_old_within_a_week_is_no_news(settings):
    ada = with_a_past(days=120)
    infer([ada.user.pk], now=NOW)  # on a Wednesday
    oldest = belief("preferred_hour").evidence["since"]
    for night in (NOW + timedelta(days=n) for n in range(1, 5)):
        prune_past(now=night, older_than=timedelta(days=settings.EVENT_RETENTION_DAYS))
        assert infer([ada.user.pk], now=night).inferred == 0
    infer([ada.user.pk], now=NOW + timedelta(days=7))
    assert belief("preferred_hour").evidence["since"] > oldest


def test_what_can_not_be_inferred_any_more_is_believed_no_more():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    Task.objects.filter(closed_as="done").delete()
    infer([ada.user.pk], now=TONIGHT)
    assert belief("preferred_hour").why == "too_little"
    assert not Preference.objects.filter(key="preferred_hour").exists()


def test_one_parameter_that_fails_costs_nobody_the_others():
    ada, bob = with_a_past(), with_a_past("bob@example.com")
    with agents.replaced_by("tests.agents.broken.Clueless", "agents.library.time_of_day.TimeOfDay"):
        declare_params(agents.get("clueless"))
        infer([ada.user.pk, bob.user.pk], now=NOW)
    assert [one.why for one in Belief.objects.filter(key="clue")] == ["failed", "failed"]
    assert Belief.objects.filter(key="preferred_hour", why="").count() == 2


def test_one_person_s_fault_does_not_stop_the_batch(monkeypatch):
    people = [with_a_past(f"p{n}@example.com") for n in range(3)]

    def sour(manifest, history):
        if history.user_id == people[0].user.pk:
            raise RuntimeError("sour")
        return run_inference(manifest, history)

    monkeypatch.setattr("agents.infer.run_inference", sour)
    assert infer([one.user.pk for one in people], now=NOW).users == 2
    assert set(Belief.objects.values_list("user_id", flat=True)) == {p.user.pk for p in people[1:]}


def test_one_person_is_not_inferred_from_another():
    ada, bob = with_a_past(), with_a_past("bob@example.com", hours=(20, 20.5, 21))
    infer([ada.user.pk, bob.user.pk], now=NOW)
    assert (value(ada, "preferred_hour"), value(bob, "preferred_hour")) == (9, 20)


def test_a_batch_costs_the_same_queries_for_many_as_for_one_where_nothing_is_new():
    ids = [with_a_past(f"p{n}@example.com", days=15).user.pk for n in range(6)]

    def queries(batch, now):
        with CaptureQueriesContext(database) as asked:
            infer(batch, now=now)
        return len(asked)

    first_one = queries(ids[:1], NOW)
    first_many = queries(ids, TONIGHT)
    assert first_many - first_one <= 4 * 14  # five of them were new
    assert queries(ids[:1], TONIGHT) == queries(ids, TONIGHT)


# --- what is not allowed ------------------------------------------------------------------------


def test_without_its_source_an_agent_believes_nothing_and_what_it_believed_goes():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    assert belief("preferred_areas").value == ["list-a"]
    Connection.objects.update(source="ical")
    tally = infer([ada.user.pk], now=TONIGHT)
    assert tally.silent > 0
    assert not Belief.objects.filter(agent="focus-area").exists()
    assert not Preference.objects.filter(key="preferred_areas").exists()
    assert Belief.objects.filter(agent="time-of-day").exists()


def test_what_is_believed_outlasts_a_grant_that_ran_out():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    Connection.objects.update(status="reconnect")
    told()
    infer([ada.user.pk], now=TONIGHT)
    refresh([ada.user.pk], now=TONIGHT)
    assert belief("preferred_areas").value == ["list-a"]
    assert value(ada, "preferred_areas") == ["list-a"]
    assert not AgentOutput.objects.filter(agent__in=("focus-area", "overdue-task")).exists()


def test_a_health_belief_needs_the_consent_and_not_only_the_numbers():
    ada = with_a_past()
    give_health(ada)
    consents.withdraw(ada.user.pk, Consent.Document.HEALTH, now=NOW)
    infer([ada.user.pk], now=NOW)
    assert not Belief.objects.filter(agent="energy").exists()


@pytest.mark.parametrize("way", ["the consent is withdrawn", "the source is disconnected"])
def test_a_health_belief_goes_with(way):
    ada = with_a_past()
    health = give_health(ada)
    refresh([ada.user.pk], now=NOW)
    infer([ada.user.pk], now=NOW)
    assert 420 <= value(ada, "usual_sleep_minutes") <= 427
    assert AgentOutput.objects.get(agent="energy").facts["usual_sleep_minutes"]
    told()
    slept = Candidate.objects.create(
        user=ada.user, key="insight:x", kind="insight", content="You slept well.", source="oo",
        model="plain", prompt_version="x", confidence=1, claims={"energy.sleep_minutes": 420},
        created_at=NOW, expires_at=TONIGHT,
    )  # fmt: skip
    if way == "the consent is withdrawn":
        consents.withdraw(ada.user.pk, Consent.Document.HEALTH, now=TONIGHT)
    else:
        disconnect(health, now=TONIGHT)
    told()
    assert not Belief.objects.filter(agent="energy").exists()
    assert not AgentOutput.objects.filter(agent="energy").exists()
    assert not Preference.objects.filter(key="usual_sleep_minutes").exists()
    assert not Candidate.objects.filter(pk=slept.pk).exists()
    assert Belief.objects.filter(key="preferred_hour").exists()


def test_a_health_belief_goes_before_the_profile_says_the_consent_is_gone():
    """With no worker about to hear of it."""
    ada = with_a_past()
    give_health(ada)
    refresh([ada.user.pk], now=NOW)
    infer([ada.user.pk], now=NOW)
    consents.change(ada.user, {"health": False}, now=TONIGHT)
    assert not Belief.objects.filter(agent="energy").exists()
    assert not AgentOutput.objects.filter(agent="energy").exists()
    assert not HealthDay.objects.exists()


@pytest.mark.parametrize("what", ["withdraws", "leaves"])
def test_whoever_says_no_while_they_are_inferred_of_has_nothing_kept(monkeypatch, what):
    ada = with_a_past()
    give_health(ada)

    def meanwhile(manifest, history):
        if what == "withdraws":
            consents.withdraw(ada.user.pk, Consent.Document.HEALTH, now=NOW)
        else:
            User.objects.update(is_active=False)
        return run_inference(manifest, history)

    monkeypatch.setattr("agents.infer.run_inference", meanwhile)
    infer([ada.user.pk], now=NOW)
    assert not Belief.objects.filter(agent="energy").exists()
    assert not Preference.objects.filter(key="usual_sleep_minutes").exists()
    assert Belief.objects.exists() == (what == "withdraws")


def test_the_belief_of_an_agent_that_is_here_no_more_goes():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    with agents.replaced_by("agents.library.momentum.Momentum"):
        infer([ada.user.pk], now=TONIGHT)
        assert set(Belief.objects.values_list("agent", flat=True)) == {"momentum"}
    assert not Preference.objects.filter(key="preferred_hour").exists()


# --- forgetting ---------------------------------------------------------------------------------


def test_where_only_one_of_a_count_was_ever_forgotten_the_others_begin_anew_with_it():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    assert Belief.objects.filter(key="peak_hours", why="").exists()
    preferences.forget(ada.user, "preferred_hour", now=NOW)  # as by an oO that knew of no other
    infer([ada.user.pk], now=NOW + timedelta(hours=14), again=True)
    assert not Belief.objects.filter(key__in=("preferred_hour", "peak_hours"), why="").exists()
    assert Belief.objects.filter(key="quiet_start", why="").exists()


def test_what_was_forgotten_is_inferred_only_from_what_came_since():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    preferences.forget(ada.user, "preferred_hour", now=NOW)
    infer([ada.user.pk], now=TONIGHT)
    assert belief("preferred_hour").why == "too_little"
    assert value(ada, "preferred_hour") == 9  # the default
    assert belief("quiet_start").why == ""  # another count, another past
    later = NOW + timedelta(days=40)
    finish(ada, hours=(20, 20.5), days=39, now=later, name="since")
    infer([ada.user.pk], now=later)
    assert belief("preferred_hour").value == 20
    assert belief("preferred_hour").evidence["done"] == 78
    assert value(ada, "preferred_hour") == 20


def test_what_is_forgotten_while_it_is_inferred_stays_forgotten(monkeypatch):
    ada = with_a_past()

    def meanwhile(manifest, history):
        preferences.forget(ada.user, "preferred_hour", now=NOW + timedelta(seconds=1))
        return run_inference(manifest, history)

    monkeypatch.setattr("agents.infer.run_inference", meanwhile)
    infer([ada.user.pk], now=NOW)
    assert not Belief.objects.filter(key="preferred_hour").exists()
    assert Preference.objects.get(key="preferred_hour").value is None
    assert not Belief.objects.filter(key="peak_hours").exists()  # from the same count
    assert Belief.objects.filter(key="quiet_start").exists()


def test_what_was_forgotten_stays_so_through_a_reconnection():
    ada = with_a_past()
    infer([ada.user.pk], now=NOW)
    preferences.forget(ada.user, "preferred_areas", now=NOW)
    Connection.objects.update(status="reconnect")
    infer([ada.user.pk], now=TONIGHT)
    Connection.objects.update(status="connected")
    infer([ada.user.pk], now=TONIGHT)
    assert belief("preferred_areas").why == "too_little"


# --- the night ------------------------------------------------------------------------------------


def test_the_night_goes_from_batch_to_batch_and_ends(monkeypatch):
    people = [with_a_past(f"p{n}@example.com", days=12) for n in range(5)]
    User.objects.update(last_login=NOW)
    handed_on = []
    monkeypatch.setattr(jobs, "BATCH", 2)
    monkeypatch.setattr(jobs, "wake", lambda job, after: handed_on.append(after))
    monkeypatch.setattr(jobs.timezone, "now", lambda: NOW)
    jobs.infer()
    while len(handed_on) < 9 and Belief.objects.values("user").distinct().count() < 5:
        jobs.infer(handed_on[-1])
    jobs.infer(handed_on[-1])
    ids = [one.user.pk for one in people]
    assert handed_on == [ids[1], ids[3], ids[4]]


def test_a_batch_that_fails_hands_the_night_on_all_the_same(monkeypatch):
    with_a_past()
    handed_on = []
    monkeypatch.setattr(jobs, "wake", lambda job, after: handed_on.append(after))
    monkeypatch.setattr(jobs.timezone, "now", lambda: NOW)

    def cut(*args, **kwargs):
        raise OSError("the database is gone")

    monkeypatch.setattr("agents.infer.histories", cut)
    with pytest.raises(OSError):
        jobs.infer()
    assert handed_on == [User.objects.get().pk]
