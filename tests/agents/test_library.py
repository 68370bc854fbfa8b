"""The seven agents: what each sees in a life, and when it rather says nothing."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.library.base import EventFact, HealthFact, Inputs, TaskFact
from agents.library.energy import Energy
from agents.library.focus_area import FocusArea
from agents.library.free_window import FreeWindow
from agents.library.momentum import Momentum
from agents.library.overdue_task import OverdueTask
from agents.library.recent_patterns import RecentPatterns
from agents.library.time_of_day import TimeOfDay

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=BERLIN)  # a Wednesday


def life(*tasks: TaskFact, now: datetime = NOW, **more) -> Inputs:
    return Inputs(user_id=1, now=now, zone=BERLIN, tasks=tasks, **more)


def task(id: int = 1, **more) -> TaskFact:
    return TaskFact(**{"id": id, "priority": 1, "added_at": NOW - timedelta(days=9), **more})


def done(*per_day: int, hour: int = 9) -> tuple[datetime, ...]:
    """So many things on each day up to yesterday, by the clock of the user."""
    return tuple(
        datetime.combine(NOW.date() - timedelta(days=back), datetime.min.time(), BERLIN).replace(
            hour=hour, minute=n
        )
        for back, count in zip(range(len(per_day), 0, -1), per_day, strict=True)
        for n in range(count)
    )


# ---- time-of-day


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "night"), (4, "night"), (5, "morning"), (11, "morning"), (12, "afternoon"),
     (16, "afternoon"), (17, "evening"), (21, "evening"), (22, "night")],
)  # fmt: skip
def test_the_day_has_the_parts_people_mean(hour, part):
    facts = TimeOfDay().compute(life(now=NOW.replace(hour=hour))).facts
    assert facts["part"] == part


def test_the_preferred_hour_is_said_only_once_there_is_history_for_it():
    nines = done(*[1] * 20)
    assert TimeOfDay().compute(life(done_at=nines[1:])).facts["preferred_hour"] is None
    snippet = TimeOfDay().compute(life(done_at=nines))
    assert snippet.facts["preferred_hour"] == 9
    assert "20 were finished between 9:00 and 10:00" in snippet.text


def test_one_evening_of_ticking_things_off_makes_no_hour_of_yours():
    evening = tuple(NOW.replace(day=16, hour=21, minute=n) for n in range(20))
    snippet = TimeOfDay().compute(life(done_at=evening))
    assert snippet.facts["preferred_hour"] is None
    assert "21:00" not in snippet.text
    four = TimeOfDay().compute(life(done_at=done(5, 5, 5, 5, hour=21)))
    five = TimeOfDay().compute(life(done_at=done(4, 4, 4, 4, 4, hour=21)))
    assert (four.facts["preferred_hour"], five.facts["preferred_hour"]) == (None, 21)


def test_how_surely_an_hour_is_the_fullest_goes_by_days_and_not_by_what_one_day_had():
    rival = done(*[1] * 20, hour=15)

    def sure(*per_day: int) -> float:
        snippet = TimeOfDay().compute(life(done_at=tuple(sorted(done(*per_day) + rival))))
        assert snippet.facts["preferred_hour"] == 9
        return snippet.confidence

    assert sure(30, *[1] * 4) < 0.5  # five days of it, against twenty of the other
    assert 0.5 < sure(*[1] * 22) < 0.7
    assert TimeOfDay().compute(life(done_at=done(*[1] * 20))).confidence > 0.99


def test_of_two_hours_alike_neither_is_the_preferred_one():
    both = sorted(done(*[1] * 12) + done(*[1] * 12, hour=15))
    assert TimeOfDay().compute(life(done_at=tuple(both))).facts["preferred_hour"] is None


def test_nobody_who_is_new_is_told_when_their_best_hours_are():
    defaults = {param.name: param.default for param in TimeOfDay().manifest.params}
    for hour in range(24):
        now = NOW.replace(hour=hour)
        assert TimeOfDay().compute(life(now=now, preferences=defaults)).facts["peak"] is False


# ---- momentum


def test_a_week_far_above_the_weeks_before_is_clearly_more():
    snippet = Momentum().compute(life(done_at=done(*[1, 2] * 10, *[6, 7] * 3, 6)))
    assert snippet.text.endswith(": clearly more than before.")
    assert snippet.facts["trend"] == "more"


def test_a_week_like_those_before_is_within_the_usual_ups_and_downs():
    snippet = Momentum().compute(life(done_at=done(*[1, 2] * 13)))
    assert snippet.text.endswith(": within the usual ups and downs.")
    assert snippet.facts["trend"] == "steady"


def test_today_which_is_not_over_counts_neither_for_nor_against():
    before = done(*[1, 2] * 13)
    today = tuple(NOW - timedelta(minutes=n) for n in range(30, 0, -1))
    quiet = Momentum().compute(life(done_at=before))
    busy = Momentum().compute(life(done_at=before + today))
    assert busy.text == quiet.text
    assert busy.facts["today"] == 30


def test_the_day_that_28_times_24_hours_cut_in_two_is_left_out():
    moments = done(9, *[1, 2] * 13, 3)  # of the first day only what came after this hour is known
    facts = Momentum().compute(life(done_at=moments)).facts
    assert facts["before_days"] == 20
    assert facts["before_per_day"] == 1.5


def test_two_weeks_are_the_least_that_can_be_compared():
    assert Momentum().compute(life(done_at=done(*[2, 3] * 6, 4))) is None
    assert Momentum().compute(life(done_at=done(*[2, 3] * 7)))


def test_who_does_the_same_every_day_has_no_ups_and_downs_to_speak_of():
    assert Momentum().compute(life(done_at=done(*[2] * 27))) is None


def test_what_is_usual_is_counted_until_the_user_says_it():
    moments = done(*[1, 2] * 13)
    measured = Momentum().compute(life(done_at=moments, preferences={
        "baseline_completions_per_day": 3.0}))  # fmt: skip
    assert measured.facts["usual_per_day"] == 1.5
    said = Momentum().compute(life(done_at=moments, preferences={
        "baseline_completions_per_day": 5}))  # fmt: skip
    assert said.facts["usual_per_day"] == 5


# ---- overdue-task


def test_a_task_due_today_is_not_overdue_until_the_users_own_midnight():
    due_today = task(due_on=NOW.date())
    assert OverdueTask().compute(life(due_today)) is None
    late_evening = NOW.replace(hour=23, minute=59)
    assert OverdueTask().compute(life(due_today, now=late_evening)) is None
    after_midnight = late_evening + timedelta(minutes=2)
    assert OverdueTask().compute(life(due_today, now=after_midnight)).facts["overdue"] == 1


def test_a_task_with_a_time_is_overdue_once_that_time_has_passed():
    at_ten = task(due_on=NOW.date(), due_at=NOW.replace(hour=10))
    at_noon = task(2, due_on=NOW.date(), due_at=NOW.replace(hour=12))
    snippet = OverdueTask().compute(life(at_ten, at_noon))
    assert snippet.facts["task_ids"] == [1]
    assert snippet.text == "1 of 2 open tasks is past the day or time set."


def test_overdue_tasks_come_with_the_most_urgent_and_then_the_longest_first():
    old = task(1, due_on=NOW.date() - timedelta(days=40))
    urgent = task(2, priority=4, due_on=NOW.date() - timedelta(days=1))
    recent = task(3, due_on=NOW.date() - timedelta(days=2))
    snippet = OverdueTask().compute(life(old, urgent, recent, task(4)))
    assert snippet.facts["task_ids"] == [2, 1, 3]
    assert snippet.facts["open"] == 4
    assert snippet.text == (
        "3 of 4 open tasks are past the day or time set, at least half by 2 days or more."
    )


def test_what_is_let_go_of_is_what_is_past_the_users_own_tolerance_and_does_not_come_again():
    tasks = [
        task(1, due_on=NOW.date() - timedelta(days=4)),
        task(2, due_on=NOW.date() - timedelta(days=5)),
        task(3, due_on=NOW.date() - timedelta(days=50), recurring=True),
    ]
    snippet = OverdueTask().compute(life(*tasks, preferences={"lateness_tolerance_days": 4}))
    assert snippet.facts["let_go_ids"] == [2]


def test_a_date_in_a_list_where_dates_move_is_a_soft_one():
    tasks = [
        task(n, project=name, due_on=NOW.date() - timedelta(days=1))
        for n, name in enumerate(("firm", "soft", "new", ""), start=1)
    ]
    real = {"firm": 1.0, "soft": 0.3}
    snippet = OverdueTask().compute(life(*tasks, preferences={"project_realness": real}))
    assert snippet.facts["soft_ids"] == [2]


# ---- recent-patterns


def test_a_rhythm_is_said_only_where_its_peak_is_more_than_twice_the_mean():
    # Four weeks of one thing a day at every third hour, and more or less many more at nine.
    even = [moment for hour in range(0, 24, 3) for moment in done(*[1] * 20, hour=hour)]
    barely = sorted(even + list(done(*[1] * 18, hour=10)))
    assert RecentPatterns().compute(life(done_at=tuple(barely))) is None
    well = sorted(even + list(done(*[3] * 18, hour=10)))
    snippet = RecentPatterns().compute(life(done_at=tuple(well)))
    assert snippet.facts["peak_from"] == 9
    assert snippet.text == (
        "Of 214 things finished in the last 28 days, 74 between 9:00 and 12:00."
    )


def test_a_rhythm_of_the_week_takes_four_weeks_to_be_seen():
    wednesdays = [
        7 if (NOW - timedelta(days=back)).weekday() == 2 else 1 for back in range(27, 0, -1)
    ]
    spread = [
        moment + timedelta(hours=(5 * n) % 24 - 9)
        for n, moment in enumerate(done(*wednesdays))
    ]  # fmt: skip
    four = RecentPatterns().compute(life(done_at=tuple(sorted(spread))))
    assert (four.facts["peak_weekday"], four.facts["on_peak_weekday"]) == (2, 21)
    lately = [moment for moment in spread if moment > NOW - timedelta(days=20)]
    assert len(lately) > 30
    assert RecentPatterns().compute(life(done_at=tuple(sorted(lately)))) is None


def test_one_long_evening_of_ticking_things_off_is_no_rhythm():
    evening = tuple(NOW.replace(hour=1) + timedelta(seconds=n) for n in range(60))
    assert RecentPatterns().compute(life(done_at=evening)) is None


# ---- focus-area


def test_the_open_tasks_of_the_lists_worked_on_most_and_the_largest_group_are_told():
    tasks = [
        task(1, project="a"), task(2, project="b", cluster="c1"), task(3, project="c", cluster="c1"),
        task(4, cluster="c1"), task(5, cluster="c2"), task(6, project="a", cluster="c2"),
    ]  # fmt: skip
    snippet = FocusArea().compute(life(*tasks, preferences={"preferred_areas": ["a", "b"]}))
    assert snippet.facts["area_task_ids"] == [1, 2, 6]
    assert snippet.facts["group_task_ids"] == [2, 3, 4]
    assert snippet.facts["groups"] == {"c1": 3}
    assert snippet.text == (
        "3 of 6 open tasks are in the lists worked on most."
        " 3 open tasks seem to be about one thing."
    )


def test_without_a_list_worked_on_and_a_group_nothing_is_said():
    assert FocusArea().compute(life(task(1, cluster="a"), task(2, cluster="a"))) is None


# ---- free-window


def at(hour: int, minute: int = 0, **more) -> EventFact:
    begins = NOW.replace(hour=hour, minute=minute)
    length = timedelta(minutes=more.pop("minutes", 60))
    return EventFact(**{"id": hour, "starts_at": begins, "ends_at": begins + length, **more})


def test_the_calendar_is_free_until_the_next_thing_that_takes_time():
    facts = FreeWindow().compute(life(events=(at(12, minutes=0), at(13, 30)))).facts
    assert (facts["minutes"], facts["until_what"], facts["next_event_id"]) == (150, "event", 13)
    assert facts["later_today"] == 2
    together = (at(13, 30, id=1, minutes=0), at(13, 30, id=2))
    assert FreeWindow().compute(life(events=together)).facts["next_event_id"] == 2
    assert facts["busy_minutes_today"] == 60


def test_of_a_calendar_read_too_long_ago_nobody_knows_what_is_free():
    for events in ((), (at(12),), (at(10, 30),)):
        assert FreeWindow().compute(life(events=events))
        assert FreeWindow().compute(life(events=events, stale=frozenset({"calendar"}))) is None
    assert FreeWindow().compute(life(stale=frozenset({"tasks"})))


def test_appointments_back_to_back_are_one_stretch():
    events = (at(10, 30), at(11, 30, minutes=30), at(12, minutes=45))
    snippet = FreeWindow().compute(life(events=events))
    assert snippet.text == "Something is on in the calendar until 12:45."
    assert snippet.facts["busy"] is True
    assert snippet.facts["enough"] is False


def test_the_free_time_of_an_evening_ends_where_quiet_hours_begin():
    snippet = FreeWindow().compute(life(preferences={"quiet_start": 21, "quiet_end": 6}))
    assert snippet.text == "The calendar is free until quiet hours begin at 21:00."
    assert snippet.facts["minutes"] == 600


def test_in_quiet_hours_and_on_a_day_off_nothing_is_said_of_free_time():
    late = NOW.replace(hour=23)
    assert FreeWindow().compute(life(now=late)) is None
    off = EventFact(1, NOW.replace(hour=0), NOW.replace(hour=0) + timedelta(days=1), True, "away")
    assert FreeWindow().compute(life(events=(off,))) is None
    birthday = EventFact(1, off.starts_at, off.ends_at, True)
    assert FreeWindow().compute(life(events=(birthday,))).facts["busy"] is False


def test_free_minutes_are_minutes_that_pass_where_the_clock_changes_on_the_way():
    no_quiet = {"quiet_start": 0, "quiet_end": 0}
    for day, passed in ((date(2026, 10, 25), 240), (date(2026, 3, 29), 120)):
        now = datetime(day.year, day.month, day.day, 1, 0, tzinfo=BERLIN)
        four = EventFact(4, now.replace(hour=4), now.replace(hour=5))
        facts = FreeWindow().compute(life(now=now, events=(four,), preferences=no_quiet)).facts
        assert facts["minutes"] == passed


def test_time_is_enough_by_the_users_own_measure():
    events = (at(11, 40),)
    short = FreeWindow().compute(life(events=events, preferences={"free_window_minutes": 45}))
    assert short.facts["enough"] is False
    long = FreeWindow().compute(life(events=events, preferences={"free_window_minutes": 40}))
    assert long.facts["enough"] is True


# ---- energy


def slept(*minutes: float, measure: str = "sleep") -> tuple[HealthFact, ...]:
    """So much in each night up to this one."""
    days = [NOW.date() - timedelta(days=back) for back in range(len(minutes) - 1, -1, -1)]
    return tuple(HealthFact(day, measure, m) for day, m in zip(days, minutes, strict=True))


NIGHTS = (430, 420, 445, 410, 450, 425, 435)


def test_a_night_much_shorter_than_usual_is_said_to_be_so():
    snippet = Energy().compute(life(health=slept(*NIGHTS, 340)))
    assert snippet.facts["level"] == "low"
    assert snippet.text == "Last night had 5 h 40 min of sleep, shorter than usual (7 h 10 min)."


def test_half_an_hour_is_the_least_that_is_noted_and_ups_and_downs_are_allowed_for():
    assert Energy().compute(life(health=slept(*NIGHTS, 401))).facts["level"] == "usual"
    restless = (300, 560, 430, 350, 520, 430, 470)
    assert Energy().compute(life(health=slept(*restless, 380))).facts["level"] == "usual"


def test_what_is_usual_takes_a_week_to_know():
    assert Energy().compute(life(health=slept(*NIGHTS[:6], 340))) is None


def test_yesterday_is_the_last_day_whose_steps_are_all_there():
    walked = slept(5000, 6000, 7000, 5000, 6000, 7000, 6500, 9000, 200, measure="steps")
    snippet = Energy().compute(life(health=walked))
    assert snippet.text == "Yesterday had 9,000 steps; a usual day has about 6,000."
    assert snippet.facts["steps"] == 9000


def test_health_is_asked_for_by_consent():
    assert Energy.manifest.consents == ("health",)
    assert all("health" not in agent.manifest.consents for agent in (TimeOfDay(), FreeWindow()))


def test_the_night_is_the_one_to_the_users_own_today():
    health = slept(*NIGHTS, 340)
    tomorrow = datetime(2026, 11, 18, 23, 30, tzinfo=UTC).astimezone(BERLIN)
    assert tomorrow.day == 19
    assert Energy().compute(life(health=health, now=tomorrow)) is None
