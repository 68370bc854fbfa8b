"""The pool: fresh, true, and computed anew only where something changed."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts import preferences
from accounts.models import User
from accounts.seen import saw
from agents.active import active_users
from agents.gather import gather, seen_by
from agents.models import AgentOutput, Candidate
from agents.pool import prune, rest, rewrite
from agents.refresh import compute, refresh
from agents.registry import agents
from agents.writing.plain import TipCandidate, write
from integrations.jobs import sync_connections
from integrations.models import CalendarEvent, Connection, HealthDay, Task
from tests.people import NOW, Item, add_tasks, person

pytestmark = pytest.mark.django_db


def test_an_agent_whose_inputs_are_as_they_were_is_not_computed_again():
    ada = person("ada@example.com", Item("Thing", due_on=NOW.date() - timedelta(days=1)))
    first = {o.agent: o.computed_at for o in AgentOutput.objects.all()}
    assert {"overdue-task", "time-of-day"} <= set(first)
    assert "energy" not in first
    ada.refreshed(NOW + timedelta(minutes=10))
    assert {o.agent: o.computed_at for o in AgentOutput.objects.all()} == first
    Task.objects.update(priority=4)
    later = NOW + timedelta(minutes=20)
    ada.refreshed(later)
    assert AgentOutput.objects.get(agent="overdue-task").computed_at == later


def test_an_output_past_its_time_to_live_is_computed_anew():
    ada = person("ada@example.com", Item("Thing"))
    AgentOutput.objects.update(expires_at=NOW)
    ada.refreshed(NOW + timedelta(minutes=1))
    assert set(AgentOutput.objects.values_list("computed_at", flat=True)) == {
        NOW + timedelta(minutes=1)
    }


def test_an_agent_without_its_source_says_nothing_and_what_it_said_goes():
    ada = person("ada@example.com", Item("Thing", due_on=NOW.date() - timedelta(days=1)))
    assert AgentOutput.objects.filter(agent="overdue-task").exists()
    Connection.objects.update(status="reconnect")
    ada.refreshed(NOW)
    assert not AgentOutput.objects.filter(agent="overdue-task").exists()
    assert AgentOutput.objects.filter(agent="time-of-day").exists()


def test_an_agent_that_fails_silences_only_itself():
    with agents.replaced_by("tests.agents.broken.Broken", "agents.library.time_of_day.TimeOfDay"):
        person("ada@example.com", Item("Thing"))
    assert "RuntimeError" in AgentOutput.objects.get(agent="broken").error
    assert AgentOutput.objects.get(agent="time-of-day").text
    assert Candidate.objects.filter(kind="task").exists()


def test_what_goes_by_the_day_is_not_computed_anew_with_every_hour():
    ada = person("ada@example.com", Item("Thing"))
    before = dict(AgentOutput.objects.values_list("agent", "computed_at"))
    ada.refreshed(NOW + timedelta(hours=1))
    after = dict(AgentOutput.objects.values_list("agent", "computed_at"))
    assert after["focus-area"] == before["focus-area"]
    assert after["time-of-day"] > before["time-of-day"]


def test_a_task_that_is_gone_retires_its_candidate_and_one_that_returns_revives_it():
    ada = person("ada@example.com", Item("Water the plants", recurring=True))
    Task.objects.update(closed_at=NOW, closed_as="done")
    ada.refreshed(NOW)
    candidate = Candidate.objects.get(kind="task")
    assert candidate.retired_at == NOW
    Task.objects.update(closed_at=None, closed_as="")
    ada.refreshed(NOW + timedelta(hours=1))
    again = Candidate.objects.get(kind="task")
    assert again.pk == candidate.pk
    assert again.retired_at is None


def test_what_rests_goes_on_resting_through_a_refresh():
    ada = person("ada@example.com", Item("Thing"))
    candidate = Candidate.objects.get(kind="task")
    rest(candidate, until=NOW + timedelta(days=7))
    ada.refreshed(NOW + timedelta(hours=1))
    assert Candidate.objects.get(kind="task").resting_until == NOW + timedelta(days=7)


def test_the_users_own_words_are_in_no_candidate_and_no_output():
    ada = person("ada@example.com", Item("CANARY secret plans", due_on=NOW.date()))
    CalendarEvent.objects.create(
        user=ada.user, connection=ada.connection, external_id="e", text_hash="",
        starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2),
    )  # fmt: skip
    ada.refreshed(NOW)
    for model in (Candidate, AgentOutput):
        for row in model.objects.values():
            assert "CANARY" not in str(row)
    assert Candidate.objects.filter(kind="reminder", content="{title} begins at 12:00.").exists()


def test_refreshing_many_people_costs_queries_for_the_batch_and_a_few_for_each():
    people = [person(f"p{n}@example.com", Item("Thing")) for n in range(8)]
    ids = [someone.user.pk for someone in people]

    def queries(batch: list[int]) -> int:
        with CaptureQueriesContext(database) as asked:
            refresh(batch, now=NOW)
        return len([q for q in asked if "SAVEPOINT" not in q["sql"]])

    one, eight = queries(ids[:1]), queries(ids)
    assert eight - one <= 7 * 3


def test_a_preference_the_user_gave_reaches_the_agents():
    ada = person("ada@example.com")
    preferences.infer(ada.user, "quiet_start", 9, confidence=0.8, now=NOW)
    preferences.say(ada.user, "quiet_start", 11, now=NOW)
    ada.refreshed(NOW)
    assert AgentOutput.objects.get(agent="time-of-day").facts["quiet"] is True  # it is eleven


def test_only_people_who_are_about_and_connected_are_kept_warm():
    ada, bob, eve = (person(f"{name}@example.com") for name in ("ada", "bob", "eve"))
    bob.user.last_login = NOW - timedelta(days=31)
    bob.user.save()
    eve.connection.delete()
    assert list(active_users(now=NOW, size=10)) == [[ada.user.pk]]


def test_who_signed_in_long_ago_and_still_looks_is_about():
    ada = person("ada@example.com")
    ada.user.last_login = NOW - timedelta(days=400)
    ada.user.save()
    assert list(active_users(now=NOW, size=10)) == []
    saw(ada.user.pk, now=NOW)
    for days, about in ((0, True), (29, True), (31, False)):
        people = list(active_users(now=NOW + timedelta(days=days), size=10))
        assert people == ([[ada.user.pk]] if about else [])


def test_that_somebody_looks_is_written_once_a_day_and_not_of_who_left(
    django_assert_num_queries,
):
    ada = person("ada@example.com").user
    for minutes, seen in ((0, 0), (1, 0), (24 * 60 + 1, 24 * 60 + 1), (24 * 60 + 2, 24 * 60 + 1)):
        with django_assert_num_queries(1):
            saw(ada.pk, now=NOW + timedelta(minutes=minutes))
        ada.refresh_from_db()
        assert ada.seen_at == NOW + timedelta(minutes=seen)
    type(ada).objects.filter(pk=ada.pk).update(is_active=False, seen_at=None)
    saw(ada.pk, now=NOW)
    ada.refresh_from_db()
    assert ada.seen_at is None


def test_looking_is_what_keeps_somebody_warm():
    ada = person("ada@example.com").user
    sync_connections(ada.pk)  # what freshen() asks for whenever somebody looks
    ada.refresh_from_db()
    assert ada.seen_at is not None


def test_active_people_come_in_batches_and_each_once():
    ids = [person(f"p{n}@example.com").user.pk for n in range(7)]
    Connection.objects.create(user_id=ids[0], source="ical", created_at=NOW)
    assert list(active_users(now=NOW, size=3)) == [ids[:3], ids[3:6], ids[6:]]


def test_candidates_long_retired_are_dropped_unless_they_still_rest():
    person("ada@example.com", Item("A"), Item("B"))
    old = NOW - timedelta(days=31)
    Candidate.objects.update(retired_at=old)
    resting = Candidate.objects.first()
    rest(resting, until=NOW + timedelta(days=1))
    prune(now=NOW)
    assert list(Candidate.objects.values_list("pk", flat=True)) == [resting.pk]


def test_a_pool_that_is_as_it_was_is_not_written_again():
    ada = person("ada@example.com", *[Item(f"Thing {n}") for n in range(30)])
    with CaptureQueriesContext(database) as asked:
        ada.refreshed(NOW + timedelta(minutes=10))
    written = [q["sql"] for q in asked if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []


def test_one_persons_fault_does_not_cost_the_others_their_pools(monkeypatch):
    people = [person(f"p{n}@example.com", Item("Thing")) for n in range(3)]
    Candidate.objects.all().delete()

    def sour(inputs, snippets):
        if inputs.user_id == people[0].user.pk:
            raise RuntimeError("sour")
        return write(inputs, snippets)

    monkeypatch.setattr("agents.refresh.write", sour)
    assert refresh([someone.user.pk for someone in people], now=NOW).users == 2
    assert Candidate.objects.filter(user=people[2].user, kind="task").exists()


def test_a_slow_batch_does_not_take_away_what_was_made_while_it_ran():
    ada = person("ada@example.com", Item("Old"))
    add_tasks(ada, [Item("New")])
    ada.refreshed(NOW + timedelta(minutes=1))
    with_only_the_old = list(Candidate.objects.filter(user=ada.user))
    drafts = [
        TipCandidate(c.key, "task", c.content, "tasks", 0.6, c.expires_at, task_id=c.task_id)
        for c in with_only_the_old
        if c.task_id == ada.tasks["Old"].pk
    ]
    rewrite(ada.user.pk, drafts, with_only_the_old, now=NOW)
    assert Candidate.objects.get(task=ada.tasks["New"]).retired_at is None


def test_it_is_told_why_each_agent_was_computed():
    ada = person("ada@example.com", Item("Thing", due_on=NOW.date() - timedelta(days=1)))
    late = AgentOutput.objects.filter(agent="overdue-task")
    assert late.get().why == "new"
    Task.objects.update(priority=4)
    ada.refreshed(NOW + timedelta(minutes=10))
    assert late.get().why == "changed"
    late.update(expires_at=NOW)
    ada.refreshed(NOW + timedelta(minutes=20))
    assert late.get().why == "expired"
    compute(agents.get("overdue-task"), ada.user.pk, now=NOW + timedelta(minutes=30))
    assert late.get().why == "asked"


def test_the_share_of_agents_for_which_nothing_had_changed_is_counted():
    ada = person("ada@example.com", Item("Thing"))
    again = refresh([ada.user.pk], now=NOW + timedelta(minutes=5))
    assert (again.users, again.computed, again.failed) == (1, 0, 0)
    assert again.skipped == AgentOutput.objects.count() > 0
    assert again.silent + again.skipped == len(agents)
    assert again.share_skipped == 1
    assert refresh([], now=NOW).share_skipped == 0


def test_an_agent_whose_source_was_not_read_for_a_day_past_its_promise_is_silent():
    ada = person("ada@example.com", Item("Thing", due_on=NOW.date() - timedelta(days=1)))
    late = AgentOutput.objects.filter(agent="overdue-task")
    ada.refreshed(NOW + timedelta(hours=23))
    assert late.exists()
    ada.refreshed(NOW + timedelta(hours=25))
    assert not late.exists()
    Connection.objects.update(synced_at=NOW + timedelta(hours=25))
    ada.refreshed(NOW + timedelta(hours=26))
    assert late.exists()


def test_nothing_is_said_of_a_calendar_past_its_promise_until_it_is_read_again():
    ada = person("ada@example.com")
    feed = Connection.objects.create(
        user=ada.user, source="ical_feed", created_at=NOW, synced_at=NOW + timedelta(hours=4)
    )
    said = AgentOutput.objects.filter(agent="free-window").exclude(text="")
    clear = Candidate.objects.live(NOW + timedelta(hours=5)).filter(key="insight:clear-day")
    ada.refreshed(NOW + timedelta(hours=4))
    assert said.exists()
    assert clear.exists()
    ada.refreshed(NOW + timedelta(hours=5, minutes=1))
    assert not said.exists()
    assert not clear.exists()
    Connection.objects.filter(pk=feed.pk).update(synced_at=NOW + timedelta(hours=5, minutes=2))
    ada.refreshed(NOW + timedelta(hours=5, minutes=2))
    assert said.exists()
    assert clear.exists()


def test_what_an_agent_said_that_is_here_no_more_goes():
    ada = person("ada@example.com", Item("Thing"))
    with agents.replaced_by("agents.library.time_of_day.TimeOfDay"):
        ada.refreshed(NOW + timedelta(minutes=10))
        assert set(AgentOutput.objects.values_list("agent", flat=True)) == {"time-of-day"}


def test_an_agent_without_the_consent_it_needs_never_sees_health():
    ada = person("ada@example.com")
    health = Connection.objects.create(
        user=ada.user, source="apple_health", created_at=NOW, synced_at=NOW
    )
    HealthDay.objects.create(
        user=ada.user, connection=health, day=NOW.date(), measure="sleep", value=400
    )
    inputs = gather([ada.user.pk], now=NOW)[ada.user.pk].inputs
    assert inputs.health
    for agent in agents:
        assert bool(seen_by(agent, inputs).health) == ("health" in agent.manifest.consents)
    assert "energy" not in {output.agent for output in AgentOutput.objects.all()}


def test_facts_that_are_no_numbers_are_an_error_and_not_stored():
    with agents.replaced_by("tests.agents.broken.NotANumber"):
        person("ada@example.com", Item("Thing"))
    output = AgentOutput.objects.get(agent="not-a-number")
    assert output.error
    assert output.facts == {}


def test_someone_who_left_while_they_were_refreshed_has_nothing_written(monkeypatch):
    ada = person("ada@example.com", Item("Thing"))
    AgentOutput.objects.all().delete()
    known = gather([ada.user.pk], now=NOW)

    def then_leave(user_ids, *, now):
        User.objects.update(is_active=False)
        return known

    monkeypatch.setattr("agents.refresh.gather", then_leave)
    refresh([ada.user.pk], now=NOW)
    assert not AgentOutput.objects.exists()
