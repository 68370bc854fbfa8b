"""The first tip: from the list that was just connected, which is waited for, and not for ever."""

from datetime import timedelta
from unittest.mock import patch

import numpy as np
import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from agents.models import Candidate
from agents.refresh import refresh
from integrations.models import Connection, Task
from recommender.models import Decision
from recommender.serving import look
from tests.people import NOW, Item, Person, person, where_it_is_morning

pytestmark = pytest.mark.django_db

WAKING = "recommender.asked.wake_soon"


def newcomer(*, now=NOW, time_zone="Europe/Berlin") -> Person:
    """Someone who connected a moment ago: nothing is read, but a calendar gave them advices."""
    ada = person("ada@example.com", Item("Call mum"), now=now, time_zone=time_zone)
    Connection.objects.update(created_at=now - timedelta(seconds=5), synced_at=None)
    Candidate.objects.filter(task__isnull=False).delete()
    assert Candidate.objects.filter(kind="advice").exists()
    return ada


def seen_by(ada: Person, *, now=NOW):
    return look(ada.user, now=now, rng=np.random.default_rng(1))


def test_nothing_is_chosen_while_a_list_is_read_for_the_first_time():
    ada = newcomer()
    seen = seen_by(ada)
    assert seen.shown is None
    assert seen.reading
    assert not seen.unstocked
    assert not Decision.objects.exists()


def test_nor_while_it_was_read_and_the_agents_have_not_said_anything_of_it():
    ada = newcomer()
    Connection.objects.update(synced_at=NOW)
    assert seen_by(ada).reading
    refresh([ada.user.pk], now=NOW)
    assert Candidate.objects.filter(kind="task").exists()
    assert seen_by(ada).tip


def test_a_slow_source_is_waited_for_half_a_minute_and_no_longer():
    ada = newcomer()
    assert seen_by(ada, now=NOW + timedelta(seconds=24)).reading
    assert seen_by(ada, now=NOW + timedelta(seconds=26)).tip


def test_an_empty_list_is_not_waited_for():
    ada = newcomer()
    Task.objects.all().delete()
    Connection.objects.update(synced_at=NOW)
    assert seen_by(ada).tip


def test_a_calendar_is_not_waited_for():
    ada = newcomer()
    Connection.objects.update(source="ical_feed")
    Task.objects.all().delete()
    assert seen_by(ada).tip


def test_who_connects_a_second_list_keeps_the_tip_they_have():
    ada = person("ada@example.com", Item("Call mum"))
    before = seen_by(ada).tip
    Connection.objects.create(user=ada.user, source="todotxt", created_at=NOW)
    assert seen_by(ada).tip == before


@pytest.mark.parametrize("door", ["page", "api"])
def test_both_doors_say_that_the_list_is_being_read_and_have_nothing_written_meanwhile(door):
    now = timezone.now()
    ada = newcomer(now=now, time_zone=where_it_is_morning(now))
    client = Client()
    client.force_login(ada.user)
    with patch(WAKING) as woken, CaptureQueriesContext(database) as taken:
        reply = client.get("/") if door == "page" else client.post("/api/recommend")
    assert reply.status_code == 200
    assert "reading" in reply.content.decode()
    if door == "page":
        assert "Reading your list" in reply.content.decode()
    assert not woken.called
    assert len([q for q in taken if "SAVEPOINT" not in q["sql"]]) <= 6


@pytest.mark.parametrize("door", ["page", "api"])
def test_who_has_connected_nothing_yet_has_nothing_written_for_them(door):
    client = Client()
    client.force_login(User.objects.create_user("bo@example.com"))
    with patch(WAKING) as woken:
        reply = client.get("/") if door == "page" else client.post("/api/recommend")
    assert reply.status_code == (302 if door == "page" else 200)
    assert not woken.called
