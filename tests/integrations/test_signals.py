"""One view over all sources: what is known of many people in a few questions, and how old it is."""

from datetime import timedelta

import pytest

from integrations.freshness import SLAS, is_stale, within
from integrations.models import CalendarEvent, Connection, HealthDay, Task
from integrations.signals import signals_of
from integrations.source import sources
from integrations.sync import sync_user
from oo.events import catalogue
from tests.integrations.todoist_world import TodoistWorld
from tests.people import NOW, Item, Person, person


def with_a_calendar(someone: Person, source: str = "ical", **fields) -> Connection:
    linked = Connection.objects.create(
        user=someone.user, source=source, created_at=NOW, synced_at=NOW, **fields
    )
    for hours in (-2, 1, 30, 60):
        CalendarEvent.objects.create(
            user=someone.user, connection=linked, external_id=f"e{hours}", text_hash="x",
            starts_at=NOW + timedelta(hours=hours), ends_at=NOW + timedelta(hours=hours + 1),
        )  # fmt: skip
    HealthDay.objects.create(
        user=someone.user, connection=linked, day=NOW.date(), measure="steps", value=4000
    )
    HealthDay.objects.create(
        user=someone.user, connection=linked, day=NOW.date() - timedelta(days=30), measure="steps",
        value=1,
    )  # fmt: skip
    return linked


@pytest.mark.django_db
def test_everything_known_of_many_is_asked_in_five_questions(django_assert_num_queries):
    people = [person(f"p{n}@example.com", Item("One"), Item("Two")) for n in range(7)]
    for someone in people:
        with_a_calendar(someone)
        Task.objects.create(
            user=someone.user, connection=someone.connection, external_id="d", text_hash="x",
            added_at=NOW, closed_at=NOW - timedelta(days=1), closed_as="done",
        )  # fmt: skip
    ids = [someone.user.pk for someone in people]
    with django_assert_num_queries(5):
        found = signals_of([*ids, 999], now=NOW)
    for someone in people:
        told = found[someone.user.pk]
        assert {task.pk for task in told.tasks} == {task.pk for task in someone.tasks.values()}
        assert [event.external_id for event in told.events] == ["e1", "e30"]
        assert [day.value for day in told.health] == [4000]
        assert told.done_at == (NOW - timedelta(days=1),)
        assert told.connected == {"todoist", "ical"}
        assert told.age("tasks", now=NOW + timedelta(minutes=3)) == timedelta(minutes=3)
        assert not told.stale("tasks")
    assert found[999].tasks == ()
    assert found[999].age("tasks", now=NOW) is None


@pytest.mark.django_db
def test_what_is_older_than_promised_is_served_with_its_age():
    ada = person("ada@example.com", Item("One"))
    later = NOW + SLAS["tasks"].within + timedelta(seconds=1)
    told = signals_of([ada.user.pk], now=later)[ada.user.pk]
    assert told.stale("tasks")
    assert len(told.tasks) == 1
    Connection.objects.update(status="reconnect")
    told = signals_of([ada.user.pk], now=NOW)[ada.user.pk]
    assert told.connected == set()
    assert [one.source for one in told.ages] == ["todoist"]


def test_every_source_and_every_kind_of_input_has_its_promise():
    for source in sources:
        assert source.gives in SLAS
        allowed = within(source.id)
        assert allowed is not None
        if source.every_seconds:
            assert allowed >= timedelta(seconds=source.every_seconds), "it could not be kept"
    for sla in SLAS.values():
        assert sla.invalidated_by
        assert all(catalogue.kind_of(subject) for subject in sla.invalidated_by)
    assert is_stale("todoist", None, now=NOW)
    assert not is_stale("webhook", NOW - timedelta(days=90), now=NOW), "it comes when it comes"


def test_what_agents_listen_to_is_what_makes_their_inputs_old():
    from agents.handlers import REFRESHING

    listened = {kind.subject for kind in REFRESHING}
    for sla in (SLAS["tasks"], SLAS["calendar"]):
        assert set(sla.invalidated_by) <= listened


@pytest.mark.django_db
def test_a_refresh_on_demand_stops_when_its_time_is_up(todoist: TodoistWorld, monkeypatch):
    link = todoist.link()
    monkeypatch.setattr("integrations.sync.BUDGET_SECONDS", -1.0)
    assert sync_user(link.connection.user_id, now=todoist.now) == 0
    assert link.row().claim_token is None, "nobody holds what nobody reads"
    monkeypatch.setattr("integrations.sync.BUDGET_SECONDS", 20.0)
    assert sync_user(link.connection.user_id, now=todoist.now) == 1
