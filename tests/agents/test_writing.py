"""What is written: three kinds, calm, true, and without the user's own words in the database."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.library.base import EventFact, Inputs, Snippet, TaskFact, end_of_part
from agents.library.time_of_day import TimeOfDay
from agents.writing.advices import ADVICES
from agents.writing.plain import write

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=BERLIN)
GUILT = re.compile(
    r"overdue|late\b|behind|streak|already|fail|should have|must|hurry|asap|urgent|don't forget"
    r"|\d+ days|!|http",
    re.IGNORECASE,
)


def task(id: int = 1, **more) -> TaskFact:
    return TaskFact(**{"id": id, "priority": 1, "added_at": NOW - timedelta(days=9), **more})


def candidates(*tasks: TaskFact, now=NOW, events=(), user_id=1):
    life = Inputs(user_id=user_id, now=now, zone=BERLIN, tasks=tasks, events=tuple(events))
    clock = TimeOfDay().compute(life)
    assert clock
    return write(life, {"time-of-day": clock})


def by_key(*args, **kwargs) -> dict[str, str]:
    return {c.key: c.content for c in candidates(*args, **kwargs)}


def test_a_task_is_offered_in_words_that_fit_its_date():
    said = by_key(
        task(1, due_on=NOW.date() - timedelta(days=3)),
        task(2, due_on=NOW.date()),
        task(3, due_on=NOW.date() + timedelta(days=3)),
        task(4),
        task(5, added_at=NOW - timedelta(days=90)),
    )
    assert said["task:1"] == "Would now be a good time? {title}"
    assert said["task:2"] == "Today: {title}"
    assert said["task:3"] == "{title}"
    assert said["task:4"] == "{title}"
    assert said["task:5"] == "Still on your mind? {title}"


def test_a_reminder_comes_before_a_time_in_the_users_own_clock_and_ends_with_it():
    soon = task(1, due_on=NOW.date(), due_at=NOW + timedelta(hours=1, minutes=30))
    later = task(2, due_on=NOW.date(), due_at=NOW + timedelta(hours=5))
    event = EventFact(7, NOW + timedelta(minutes=45), NOW + timedelta(hours=2))
    today = EventFact(8, NOW.replace(hour=0), NOW.replace(hour=0) + timedelta(days=1), True)
    reminders = {c.key: c for c in candidates(soon, later, events=[event, today])
                 if c.kind == "reminder"}  # fmt: skip
    assert set(reminders) == {"due:1", "event:7", "event:8"}
    assert reminders["due:1"].content == "At 12:30: {title}"
    assert reminders["due:1"].expires_at == soon.due_at
    assert reminders["event:7"].content == "{title} begins at 11:45."
    assert reminders["event:7"].expires_at == event.starts_at
    assert reminders["event:8"].content == "Today is {title}."


@pytest.mark.parametrize("hour", [6, 11, 23])
def test_what_is_said_of_today_is_not_said_of_tomorrow(hour):
    now = NOW.replace(hour=hour)
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    trip = EventFact(8, NOW.replace(hour=0), NOW.replace(hour=0) + timedelta(days=3), True)
    said = {c.key: c for c in candidates(task(1, due_on=NOW.date()), now=now, events=[trip])}
    assert said["task:1"].content == "Today: {title}"
    assert said["event:8"].content == "Today is {title}."
    assert said["task:1"].expires_at == said["event:8"].expires_at == midnight


def test_a_thing_noted_twice_for_one_time_is_reminded_of_once_and_for_two_times_twice():
    at, later = NOW + timedelta(minutes=30), NOW + timedelta(minutes=60)
    due = [task(1, due_at=at), task(2, due_at=at, twin=1), task(3, due_at=later, twin=1)]
    everything = candidates(*due)
    reminded = [c.key for c in everything if c.kind == "reminder"]
    assert reminded == ["due:1", "due:3"]
    assert "task:1" in {c.key for c in everything}


def test_an_advice_for_who_is_short_of_energy_says_what_it_rests_on_and_no_other_claims_anything():
    snippets = {"energy": Snippet("x", {"level": "low"})}
    of_low = {one.key for one in ADVICES if one.moment.energy == "low"}
    seen = set()
    for user_id in range(300):
        for one in write(Inputs(user_id, NOW, BERLIN), snippets):
            assert one.claims == ({"energy.level": "low"} if one.key in of_low else {})
            seen.add(one.key)
    assert seen & of_low


def test_there_is_always_an_advice_that_fits_the_part_of_the_day_but_not_at_night():
    for hour in (6, 13, 19):
        now = NOW.replace(hour=hour)
        part = TimeOfDay().compute(Inputs(1, now, BERLIN)).facts["part"]
        advices = [c for c in candidates(now=now) if c.kind == "advice"]
        assert len(advices) == 3
        texts = {advice.text: advice for advice in ADVICES}
        assert all(part in texts[c.content].parts for c in advices)
        assert all(now < c.expires_at <= end_of_part(now) for c in advices)
    assert not candidates(now=NOW.replace(hour=3))


def test_advices_stay_the_same_all_day_and_differ_between_people_and_days():
    morning = by_key(now=NOW.replace(hour=8))
    assert by_key(now=NOW.replace(hour=10)) == morning
    others = [by_key(now=NOW.replace(hour=8), user_id=n) for n in range(2, 8)]
    assert any(other != morning for other in others)


def test_nobody_ever_gets_more_than_about_a_hundred_candidates():
    assert len(candidates(*[task(n) for n in range(1, 2000)])) <= 100


def test_of_a_huge_list_the_near_the_urgent_and_the_new_get_the_places():
    old = [task(n, added_at=NOW - timedelta(days=400)) for n in range(1, 500)]
    near = task(600, due_on=NOW.date(), added_at=NOW - timedelta(days=400))
    urgent = task(601, priority=4, added_at=NOW - timedelta(days=400))
    new = task(602, added_at=NOW - timedelta(hours=1))
    keys = set(by_key(*old, near, urgent, new))
    assert {"task:600", "task:601", "task:602"} <= keys


@pytest.mark.parametrize("advice", ADVICES, ids=lambda advice: advice.id)
def test_an_advice_is_short_calm_and_one_thought(advice):
    assert len(advice.text) <= 90
    assert advice.text.endswith(".")
    assert not GUILT.search(advice.text)
    assert advice.parts


def test_no_wording_blames_counts_or_hurries():
    everything = candidates(
        task(1, due_on=NOW.date() - timedelta(days=300), priority=4),
        task(2, due_on=NOW.date(), due_at=NOW + timedelta(minutes=5)),
        task(3, added_at=NOW - timedelta(days=900)),
        events=[EventFact(1, NOW + timedelta(minutes=5), NOW + timedelta(hours=1))],
    )
    for candidate in everything:
        assert not GUILT.search(candidate.content), candidate.content


def test_a_day_full_of_appointments_leaves_room_for_tasks_and_advices():
    events = [
        EventFact(n, NOW + timedelta(minutes=n), NOW + timedelta(hours=2)) for n in range(1, 80)
    ]
    due = [task(n, due_on=NOW.date(), due_at=NOW + timedelta(minutes=n)) for n in range(1, 60)]
    everything = candidates(*due, events=events)
    assert len(everything) <= 100
    assert sum(c.kind == "reminder" for c in everything) == 16
    assert "event:1" in {c.key for c in everything}
    assert "event:79" not in {c.key for c in everything}
