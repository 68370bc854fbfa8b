"""Named situations hold by the clock on the user's wall: over midnight, and on days of 23 or 25 hours."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from time import sleep
from typing import Any

import pytest

from accounts import contexts, preferences, privacy
from accounts.contexts import change, holding, of
from accounts.faults import Faults
from accounts.models import User, UserContext
from accounts.personal_data import Account
from accounts.zones import zone_of
from oo.events.catalogue import ProfileChanged
from oo.events.models import Record
from tests.integrations.at_once import at_once
from tests.people import NOW

WEEK = ["mon", "tue", "wed", "thu", "fri"]
WORK = {"weekdays": WEEK, "begins": "09:00", "ends": "17:30"}


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_user("ada@example.com", time_zone="Europe/Berlin")


def held(user: User, *local: Any) -> bool:
    """Whether anything holds when a clock on their wall shows this: in UTC, any time that does."""
    now = datetime(*local).replace(tzinfo=zone_of(user.time_zone)).astimezone(UTC)
    return bool(holding([user.pk], now)[user.pk])


def minutes_held(user: User, start: datetime, hours: int) -> int:
    """Of so many hours from a moment, how many minutes something held."""
    moments = (start + timedelta(minutes=number) for number in range(hours * 60))
    rows = of(user)
    zone = zone_of(user.time_zone)
    return sum(any(contexts.holds(row, now.astimezone(zone)) for row in rows) for now in moments)


def test_a_context_holds_from_its_beginning_until_just_before_its_end(ada):
    change(ada, {"work": WORK}, now=NOW)
    assert [held(ada, 2026, 11, 18, *at) for at in ((8, 59), (9, 0), (17, 29), (17, 30))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not held(ada, 2026, 11, 21, 10, 0), "a Saturday"


def test_it_holds_by_the_clock_on_the_users_wall_wherever_they_are(ada):
    bob = User.objects.create_user("bob@example.com", time_zone="Pacific/Auckland")
    nowhere = User.objects.create_user("cy@example.com", time_zone="Mars/Olympus")
    for user in (ada, bob, nowhere):
        change(user, {"work": WORK}, now=NOW)
    night = datetime(2026, 11, 17, 22, 0, tzinfo=UTC)  # Wednesday 11:00 in Auckland
    found = holding([ada.pk, bob.pk, nowhere.pk], night)
    assert found == {ada.pk: frozenset(), bob.pk: {"work"}, nowhere.pk: frozenset()}
    assert holding([nowhere.pk], NOW)[nowhere.pk] == {"work"}, "an unknown zone is UTC"


def test_one_that_ends_before_it_begins_goes_on_into_the_next_day(ada):
    change(ada, {"shift": {"weekdays": ["sun"], "begins": "22:00", "ends": "06:00"}}, now=NOW)
    sunday = (2026, 11, 22)
    monday = (2026, 11, 23)
    assert not held(ada, *sunday, 5, 0), "that would be Saturday's"
    assert not held(ada, *sunday, 21, 59)
    assert held(ada, *sunday, 22, 0)
    assert held(ada, *monday, 0, 0)
    assert held(ada, *monday, 5, 59)
    assert not held(ada, *monday, 6, 0)
    assert not held(ada, *monday, 22, 0)


@pytest.mark.parametrize(("begins", "minutes"), [("00:00", 1440), ("18:00", 1440)])
def test_one_that_ends_when_it_begins_holds_a_whole_day(ada, begins, minutes):
    change(ada, {"off": {"weekdays": ["sat"], "begins": begins, "ends": begins}}, now=NOW)
    start = datetime(2026, 11, 20, tzinfo=UTC)
    assert minutes_held(ada, start, 72) == minutes


def test_one_may_last_until_midnight(ada):
    change(ada, {"late": {"weekdays": ["wed"], "begins": "20:00", "ends": "00:00"}}, now=NOW)
    assert held(ada, 2026, 11, 18, 23, 59)
    assert not held(ada, 2026, 11, 19, 0, 0)
    assert not held(ada, 2026, 11, 18, 0, 0)


# Berlin: clocks go from 2 to 3 on 29 March 2026, and from 3 back to 2 on 25 October. Lord Howe's go
# back by half an hour. Santiago's go from midnight to 1 on 6 September: that midnight never is.
@pytest.mark.parametrize(
    ("zone", "start", "begins", "ends", "minutes"),
    [
        ("Europe/Berlin", (2026, 3, 28, 12), "02:00", "03:00", 0),
        ("Europe/Berlin", (2026, 3, 28, 12), "02:30", "03:30", 30),
        ("Europe/Berlin", (2026, 3, 28, 12), "22:00", "06:00", 7 * 60),
        ("Europe/Berlin", (2026, 10, 24, 12), "02:00", "03:00", 120),
        ("Europe/Berlin", (2026, 10, 24, 12), "22:00", "06:00", 9 * 60),
        ("Australia/Lord_Howe", (2026, 4, 4, 2), "22:00", "06:00", 8 * 60 + 30),
        ("America/Santiago", (2026, 9, 5, 16), "22:00", "06:00", 7 * 60),
        ("America/Santiago", (2026, 9, 5, 16), "00:00", "01:00", 0),
    ],
)
def test_an_hour_that_a_day_has_twice_is_twice_within_and_a_missing_one_never(
    db, zone, start, begins, ends, minutes
):
    user = User.objects.create_user("eve@example.com", time_zone=zone)
    change(user, {"x": {"weekdays": list(contexts.DAYS), "begins": begins, "ends": ends}}, now=NOW)
    assert minutes_held(user, datetime(*start, tzinfo=UTC), 24) == minutes


def test_whoever_travels_takes_their_contexts_along(ada):
    change(ada, {"work": WORK}, now=NOW)
    noon = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
    assert holding([ada.pk], noon)[ada.pk] == {"work"}
    User.objects.filter(pk=ada.pk).update(time_zone="America/Los_Angeles")
    assert holding([ada.pk], noon)[ada.pk] == frozenset()


def test_asking_of_many_people_is_one_query(ada, django_assert_num_queries):
    bob = User.objects.create_user("bob@example.com")
    for user in (ada, bob):
        change(user, {"work": WORK, "home": {**WORK, "ends": "23:00"}}, now=NOW)
    with django_assert_num_queries(1):
        found = holding([ada.pk, bob.pk, 999_999], NOW)
    assert found == {ada.pk: {"work", "home"}, bob.pk: {"work", "home"}, 999_999: frozenset()}


def test_a_context_is_changed_in_part_and_taken_away(ada):
    change(ada, {"work": {**WORK, "weekdays": ["fri", "mon"]}}, now=NOW)
    (row,) = of(ada)
    assert row.weekdays == ["mon", "fri"], "in the order of a week"
    change(ada, {"work": {"ends": "12:00"}}, now=NOW)
    (row,) = of(ada)
    assert (row.begins, row.ends, row.weekdays) == (time(9), time(12), ["mon", "fri"])
    change(ada, {"work": None, "never was": None}, now=NOW)
    assert of(ada) == []


@pytest.mark.parametrize("name", ["Work", " work ", "WORK", "wo\u0072k"])
def test_large_letters_and_blanks_make_no_other_name(ada, name):
    change(ada, {name: WORK}, now=NOW)
    assert [row.name for row in of(ada)] == ["work"]


@pytest.mark.parametrize(
    ("name", "parts", "says"),
    [
        *((name, WORK, "needs a name") for name in ("", " ", "x" * 41, "a\0", "\ud800", "\u202ex")),
        *(("work", parts, "should be null, or have") for parts in (1, "x", [], True, {}, {"x": 1})),
        ("work", {**WORK, "zone": "UTC"}, "should be null, or have"),
        ("work", {"begins": "09:00"}, "should be null, or have"),
        *(("work", {**WORK, "weekdays": days}, "weekdays should be") for days in (
            None, [], "mon", ["mon", "mon"], ["Monday"], [1], [["mon"]], [None], {"mon": 1},
            list(contexts.DAYS) * 2,
        )),
        *(("work", {**WORK, "begins": at}, "should be times") for at in (
            None, 9, "9:00", "24:00", "09:60", "09", "09:00:00", "09:00+02:00", " 09:00", "٠٩:٠٠",
            "09:00\n", ["09:00"], "x" * 10_000, True,
        )),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_what_would_and_changes_nothing(ada, name, parts, says):
    with pytest.raises(Faults, match=says):
        change(ada, {"home": WORK, name: parts}, now=NOW)
    assert of(ada) == []
    assert not Record.objects.exists()


def test_the_same_name_twice_is_refused(ada):
    with pytest.raises(Faults, match="there twice"):
        change(ada, {"work": WORK, "Work": None}, now=NOW)


def test_there_is_room_for_so_many_and_a_place_is_freed_by_taking_one_away(ada):
    change(ada, {f"c{number}": WORK for number in range(contexts.MOST)}, now=NOW)
    with pytest.raises(Faults, match="can be 20"):
        change(ada, {"one more": WORK}, now=NOW)
    change(ada, {"one more": WORK, "c0": None}, now=NOW)
    assert len(of(ada)) == contexts.MOST


def test_another_persons_contexts_are_not_touched(ada):
    bob = User.objects.create_user("bob@example.com")
    change(bob, {"work": WORK}, now=NOW)
    change(ada, {"work": None}, now=NOW)
    change(ada, {"work": {**WORK, "ends": "10:00"}}, now=NOW)
    assert [row.ends for row in of(bob)] == [time(17, 30)]


def test_a_change_is_told_of_by_number_as_the_name_is_the_users_own_word(ada):
    change(ada, {"my secret place": WORK}, now=NOW)
    number = str(UserContext.objects.get().pk)
    change(ada, {"my secret place": None}, now=NOW)
    told = [row.payload for row in Record.objects.filter(subject=ProfileChanged.subject)]
    assert told == [{"what": "context", "key": number}] * 2
    assert "secret" not in str(list(UserContext.objects.all()))


def test_an_export_has_contexts_and_what_was_forgotten_and_a_deletion_takes_them(ada):
    change(ada, {"work": WORK}, now=NOW)
    preferences.forget(ada, "quiet_start", now=NOW)
    told = privacy.export(ada)["account"]
    (work,) = told["contexts"]
    assert (work["name"], work["weekdays"], work["begins"], work["ends"]) == (
        "work", WEEK, "09:00:00", "17:30:00",
    )  # fmt: skip
    assert [(p["value"], p["forgotten_at"]) for p in told["preferences"]] == [
        (None, NOW.isoformat())
    ]
    Account().forget(ada.pk)
    assert of(ada) == []
    assert preferences.forgotten([ada.pk]) == {ada.pk: {}}


@pytest.fixture
def slow(monkeypatch) -> None:
    """Between reading what is there and writing there is time for another."""
    read = contexts._read

    def reads(*args: Any) -> Any:
        sleep(0.3)
        return read(*args)

    monkeypatch.setattr(contexts, "_read", reads)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_last_one_at_once_are_not_both_let_in(slow):
    ada = User.objects.create_user("ada@example.com")
    change(ada, {f"c{number}": WORK for number in range(contexts.MOST - 1)}, now=NOW)
    done = at_once(*[partial(change, ada, {name: WORK}, now=NOW) for name in ("x", "y")])
    assert sorted(type(one).__name__ for one in done) == ["Faults", "NoneType"]
    assert len(of(ada)) == contexts.MOST


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_same_one_at_once_both_succeed(slow):
    ada = User.objects.create_user("ada@example.com")
    assert at_once(*[partial(change, ada, {"work": WORK}, now=NOW)] * 4) == [None] * 4
    assert len(of(ada)) == 1
