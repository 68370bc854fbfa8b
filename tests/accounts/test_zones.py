"""Time zones by name: odd ones, days of 23 and 25 hours, and names that nobody knows."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.zones import is_time_zone, zone_of
from agents.library.base import Inputs
from agents.registry import agents
from recommender.contenders import contenders
from recommender.featurise import facts_of
from tests.people import Item, person

ODD = ["Asia/Kathmandu", "Pacific/Chatham", "Australia/Lord_Howe", "America/St_Johns",
       "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Casablanca", "Etc/GMT+12"]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_zones_are_known(name):
    assert is_time_zone(name)
    assert str(zone_of(name)) == name


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "/etc/localtime", "../UTC", "europe/berlin", "UTC\0", "x" * 300]
)
def test_a_name_that_nobody_knows_is_utc_and_never_a_file(name):
    assert not is_time_zone(name)
    assert str(zone_of(name)) == "UTC"


# A day with an hour missing, one with an hour twice, half an hour of summer, midnight that is not
# there, and a whole day that never was.
STRANGE = [
    ("Europe/Berlin", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 15, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 6, 4, 0, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, 30, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 1, 1, 18, 14, 59, tzinfo=UTC)),
]


@pytest.mark.parametrize(("name", "start"), STRANGE)
def test_every_agent_has_an_answer_at_every_minute_of_a_strange_day(name, start):
    zone = zone_of(name)
    for minutes in range(0, 26 * 60, 20):
        now = (start + timedelta(minutes=minutes)).astimezone(zone)
        inputs = Inputs(
            user_id=1, now=now, zone=zone, tasks=(), events=(), done_at=(), preferences={}
        )
        for agent in agents:
            agent.compute(inputs)


@pytest.mark.parametrize(("name", "start"), STRANGE)
def test_what_is_due_yesterday_is_overdue_and_what_is_due_today_is_not(db, name, start):
    zone = zone_of(name)
    local = start.astimezone(zone)
    ada = person(
        "ada@example.com",
        Item("Yesterday", due_on=local.date() - timedelta(days=1)),
        Item("Today", due_on=local.date()),
        now=start,
        time_zone=name,
    )
    living = [one for one, _ in contenders(ada.user, now=start) if one.task]
    overdue = {one.due_on: facts_of(one, local).is_overdue for one in living}
    assert overdue == {local.date() - timedelta(days=1): True, local.date(): False}


def test_days_are_the_users_days_on_both_sides_of_the_date_line(db):
    now = datetime(2026, 6, 1, 10, 30, tzinfo=UTC)
    assert now.astimezone(zone_of("Pacific/Kiritimati")).date() == date(2026, 6, 2)
    assert now.astimezone(zone_of("Pacific/Pago_Pago")).date() == date(2026, 5, 31)
