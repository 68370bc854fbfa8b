"""What the seven agents infer of people whose habits are known, and where they rather stay unsure."""

import re
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from agents.inference.run import Outcome, run_inference
from agents.library.base import DoneFact, EventFact, HealthFact, History
from agents.library.energy import say_link
from agents.library.focus_area import say_areas
from agents.library.overdue_task import say_realness, say_tolerance
from agents.library.recent_patterns import say_lookback
from agents.library.time_of_day import say_tz
from agents.registry import agents
from tests.agents.lives import past

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=BERLIN)  # a Wednesday, in winter time since 25 October


def at(days_ago: int, hour: float, zone: ZoneInfo = BERLIN) -> datetime:
    day = NOW.date() - timedelta(days=days_ago)
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(hours=hour)
    return wall.astimezone(UTC)


def infer(name: str, done: Iterable[datetime | DoneFact], **more) -> Outcome:
    facts = [one if isinstance(one, DoneFact) else DoneFact(one) for one in done]
    history = History(
        1, NOW, more.pop("zone", BERLIN), tuple(sorted(facts, key=lambda one: one.at)), **more
    )
    for agent in agents:
        outcomes = run_inference(agent.manifest, history)
        if name in outcomes:
            return outcomes[name]
    raise AssertionError(f"no agent infers {name}")


def awake(days: int = 40, hours: Iterable[int] = range(8, 22)) -> list[datetime]:
    """Somebody who finishes something every other hour of their day, all days."""
    return [at(day, hour + 0.5) for day in range(1, days) for hour in hours if (day + hour) % 2]


# ---- time-of-day


def test_an_hour_is_the_same_hour_in_summer_and_in_winter():
    moments = [at(day, 9.5) for day in range(1, 90)]
    assert {moment.hour for moment in moments} == {7, 8}  # in UTC the clocks changed on the way
    found = infer("preferred_hour", moments)
    assert found.value == 9
    assert found.evidence["at_hour"] == 89
    elsewhere = infer("preferred_hour", moments, zone=ZoneInfo("Asia/Kathmandu"))
    assert (elsewhere.value, elsewhere.evidence["at_hour"]) == (13, 65)  # its clocks don't change


def test_one_busy_afternoon_makes_no_preferred_hour():
    afternoon = [at(3, 15 + n / 100) for n in range(60)]
    assert infer("preferred_hour", afternoon).why == "unsure"


def test_two_hours_alike_are_no_preference_and_a_close_race_is_not_sure():
    tied = [at(day, hour) for day in range(1, 30) for hour in (9.5, 15.5)]
    assert infer("preferred_hour", tied).why == "unsure"
    close = infer("preferred_hour", [*tied, at(31, 9.5)])
    clear = infer("preferred_hour", [*tied, *(at(day, 9.5) for day in range(31, 70))])
    assert (close.value, clear.value) == (9, 9)
    assert close.confidence < 0.6 < 0.99 < clear.confidence


def test_the_quiet_window_is_the_night_in_which_nothing_is_finished():
    start, end = (infer(f"quiet_{edge}", awake()) for edge in ("start", "end"))
    assert (start.value, end.value) == (22, 8)
    assert start.confidence > 0.99
    assert start.evidence["inside"] == 0


def test_quiet_hours_of_a_night_worker_are_by_day_and_their_zone_is_not_vouched_for():
    nights = awake(hours=[*range(18, 24), *range(6)])
    assert (infer("quiet_start", nights).value, infer("quiet_end", nights).value) == (6, 18)
    assert infer("tz", nights).why == "unsure"
    assert infer("tz", nights).value == ""
    assert infer("tz", awake()).value == "Europe/Berlin"


def test_who_only_finishes_things_at_work_is_left_alone_in_the_half_of_the_day_best_in_the_night():
    office = awake(hours=range(9, 17))
    start, end = (infer(f"quiet_{edge}", office) for edge in ("start", "end"))
    assert (start.value, end.value) == (21, 9)
    assert (start.evidence["start"], start.evidence["end"], start.evidence["inside"]) == (21, 9, 0)
    assert infer("tz", office).value == "Europe/Berlin"
    # What is finished in the hours cut off is not told to be in those that are left.
    once = infer("quiet_start", [*office, at(3, 19), at(4, 23)])
    assert (once.value, once.evidence["inside"]) == (21, 1)


def test_a_long_lull_that_leaves_no_half_day_around_the_night_is_no_quiet():
    for hours in ((3, 4, 5), range(5, 9)):  # the evening is not to be silenced for a night's sake
        found = infer("quiet_start", awake(hours=hours))
        assert (found.why, found.value) == ("unsure", 22)


def test_who_is_at_work_between_breakfast_and_evening_is_not_taken_to_sleep_there():
    around_work = awake(hours=(7, 8, *range(18, 23)))
    for name, default in (("quiet_start", 22), ("quiet_end", 7), ("tz", "")):
        found = infer(name, around_work)
        assert (found.why, found.value) == ("unsure", default)
    shifts = awake(hours=[*range(20, 24), *range(8)])
    assert (infer("quiet_start", shifts).value, infer("quiet_end", shifts).value) == (8, 20)


def test_a_lull_that_may_be_an_accident_does_not_silence_anybody():
    rng = Random(6)
    spread = [at(rng.randrange(1, 40), rng.uniform(0, 24)) for _ in range(60)]
    for name, default in (("quiet_start", 22), ("quiet_end", 7), ("tz", "")):
        found = infer(name, spread)
        assert (found.why, found.value) == ("unsure", default)


def test_peak_hours_are_the_top_quarter_and_all_that_are_as_full_as_its_last():
    some = [at(day, hour) for day in range(1, 30) for hour in range(8, 20)]
    more = [at(day, hour + 0.2) for day in range(1, 30) for hour in (9, 10, 16)]
    found = infer("peak_hours", some + more)
    assert found.value == [9, 10, 16]
    assert found.evidence["inside"] == 2 * 29 * 3
    assert found.confidence > 0.99
    assert infer("peak_hours", some).why == "unsure"  # all are alike


def test_who_has_all_in_one_hour_has_it_as_surely_for_their_fullest_as_for_their_best():
    nines = [at(day, 9.5) for day in range(1, 61)]
    best, fullest = infer("preferred_hour", nines), infer("peak_hours", nines)
    assert fullest.value == [best.value] == [9]
    assert fullest.confidence == best.confidence > 0.99
    few = nines[:5] * 6
    assert infer("peak_hours", few).confidence == infer("preferred_hour", few).confidence < 0.99


# ---- momentum


def test_the_usual_day_is_counted_from_28_whole_days_rest_days_among_them():
    moments = [at(day, 9) for day in range(1, 29, 2) for _ in range(3)]
    found = infer(
        "baseline_completions_per_day", [*moments, at(28, 5), *[at(0, 9)] * 50, at(29, 9)]
    )
    assert found.evidence["days"] == 28
    assert found.evidence["done"] == 43
    assert found.value == round(43 / 28, 2)
    assert found.evidence["until"] == "2026-11-17"


def test_a_fortnight_is_the_least_that_tells_what_is_usual():
    assert infer("baseline_completions_per_day", [at(day, 9) for day in range(1, 14)] * 4).why == (
        "too_little"
    )
    assert infer("baseline_completions_per_day", [at(day, 9) for day in range(1, 15)] * 4).why == ""


@pytest.mark.parametrize(
    ("week", "trend"), [((6, 5, 7, 6, 5, 7, 6), "more"), ((2, 1, 3, 2, 3, 1, 2), "steady"),
                        ((0, 0, 0, 1, 0, 0, 0), "less")],
)  # fmt: skip
def test_the_trend_is_that_of_the_last_week_against_the_three_before(week, trend):
    before = [count for _ in range(7) for count in (1, 2, 3)]
    counts = dict(enumerate([*week, *before], start=1))
    moments = [at(day, 9) for day, count in counts.items() for _ in range(count)]
    assert infer("engagement_trend", moments).value == trend


def test_how_sure_a_steady_pace_is_falls_as_the_weeks_drift_apart():
    def sure(extra: int) -> float:
        counts = [2 + extra, *[1, 3] * 3, *[1, 3] * 10, 2]
        moments = [at(day, 9) for day, count in enumerate(counts, start=1) for _ in range(count)]
        found = infer("engagement_trend", moments)
        assert found.value == "steady"
        return found.confidence

    assert sure(0) > 0.9 > sure(3) > 0.5


# ---- overdue-task


def late(days: int, n: int = 0, **more) -> DoneFact:
    moment = at(n + 1, 12)
    return DoneFact(moment, due_on=moment.date() - timedelta(days=days), **more)


def test_the_tolerance_is_the_middle_of_what_was_really_finished_late():
    found = [late(days, n) for n, days in enumerate([1, 2, 3, 4] * 6)]
    in_time = [late(days, n) for n, days in enumerate([0, -3] * 20)]
    again = [late(99, n, recurring=True) for n in range(40)]
    tolerance = infer("lateness_tolerance_days", found + in_time + again)
    assert (tolerance.value, tolerance.evidence["done"], tolerance.evidence["within"]) == (
        2,
        24,
        12,
    )


def test_late_is_late_by_the_users_midnight():
    just_after = [
        DoneFact(at(n, 0.2), due_on=at(n, 12).date() - timedelta(days=1)) for n in range(1, 26)
    ]
    assert all(one.at.date() == one.due_on for one in just_after)  # in UTC it is the day itself
    assert infer("lateness_tolerance_days", just_after).value == 1


def test_a_list_whose_dates_slip_further_than_the_rest_is_less_real():
    firm = [late(0, n, project="firm") for n in range(20)]
    soft = [late(9, n, project="soft") for n in range(10)]
    found = infer("project_realness", [*firm, *soft, late(50, project="few")])
    assert found.value == {"firm": 1.0, "soft": 0.1}
    assert found.evidence["slower"] == 1
    assert found.confidence > 0.95
    assert infer("project_realness", firm).why == "unsure"  # alone there is nothing to compare


def test_dates_are_said_to_hold_alike_only_where_they_do():
    two_late = [late(2, n, project="a") for n in range(20)]
    on_the_day = [late(0, n, project="b") for n in range(8)]
    found = infer("project_realness", two_late + on_the_day)
    assert say_realness(found.value, found.evidence) == (
        "In 1 of 2 lists, dates hold closer:"
        " things there are typically finished fewer days after theirs than overall."
    )
    alike = infer("project_realness", [*two_late, *(late(2, n, project="b") for n in range(8))])
    assert say_realness(alike.value, alike.evidence).startswith(
        "Dates hold alike in all of 2 lists"
    )
    # A list that is hardly ahead is not surely so.
    close = [late(days, n, project="b") for n, days in enumerate([1, 1, 1, 2, 2])]
    assert infer("project_realness", two_late + close).confidence < 0.6 < found.confidence
    before = {name: n for name, n in found.evidence.items() if name != "sooner"}
    assert "alike" not in say_realness(found.value, before)


def test_who_gives_a_date_no_room_is_told_that_it_holds_to_the_day():
    assert say_tolerance(0, {}) == "A date of yours holds to the day."
    assert say_tolerance(1, {}) == "A date of yours has some room: about 1 day."


def test_what_is_finished_early_is_in_time_and_nothing_better():
    early = [late(-1, n, project="early") for n in range(20)]
    on_the_day = [late(0, n, project="even") for n in range(20)]
    found = infer("project_realness", early + on_the_day)
    assert found.value == {"early": 1.0, "even": 1.0}
    assert found.evidence["slower"] == 0


def test_who_is_more_than_a_year_late_in_the_middle_is_not_put_down_for_a_year():
    assert infer("lateness_tolerance_days", [late(400, n) for n in range(25)]).why == "unsure"


# ---- recent-patterns


def test_the_lookback_holds_thirty_things_and_is_no_longer_than_it_need_be():
    assert infer("lookback_days", [at(day, 9) for day in range(60)]).value == 35
    assert infer("lookback_days", [at(0, 9)] * 30).value == 7
    assert infer("lookback_days", [at(day * 10, 9) for day in range(30)]).value == 294
    assert infer("lookback_days", [at(day, 9) for day in range(29)]).why == "too_little"


def test_a_year_that_does_not_hold_thirty_things_is_no_lookback():
    seldom = [at(day * 13, 9) for day in range(30)]
    found = infer("lookback_days", seldom)
    assert (found.why, found.value) == ("unsure", 28)
    assert infer("daily_cycle", seldom).why == infer("weekly_cycle", seldom).why == "unsure"
    assert infer("lookback_days", [at(day * 12, 9) for day in range(30)]).value == 350


def test_who_has_more_days_looked_back_on_than_a_tip_knows_is_told_so():
    assert say_lookback(14, {}) == "To see how you live, oO looks back 14 days."
    assert say_lookback(200, {}) == (
        "To see how you live, oO would look back 200 days; for a tip it knows the last 28 of them,"
        " and counts those."
    )


def test_a_weekday_that_holds_most_of_the_week_is_a_rhythm_and_an_even_week_is_none():
    even = [at(day, 8 + day % 9) for day in range(28 * 2)]
    assert infer("weekly_cycle", even).value == 0
    weekdays = [day for day in range(28 * 2) if at(day, 12).weekday() == 1]
    found = infer("weekly_cycle", [*even, *(at(d, 8 + n) for d in weekdays for n in range(9))])
    assert found.value > 0.5
    assert found.evidence["peak"] == 1


def test_a_week_is_not_compared_with_itself_however_full_it_was():
    full = [at(day, hour) for day in range(7) for hour in range(8, 14)]
    found = infer("weekly_cycle", [*full, at(40, 9)])
    assert infer("lookback_days", full).value == 7
    assert date.fromisoformat(found.evidence["since"]) == NOW.date() - timedelta(days=27)


def test_days_from_before_anything_was_known_are_no_days_of_rest():
    moments = [at(day, 8 + n) for day in range(10) for n in range(9)]
    tuesdays = [day for day in range(10) if at(day, 12).weekday() == 1]
    both = [*moments, *(at(day, n) for day in tuesdays for n in range(17, 23) for _ in range(9))]
    assert infer("weekly_cycle", both).why == "unsure"
    assert infer("weekly_cycle", [*both, at(40, 9)]).value > 0.5


def test_a_rhythm_of_the_day_is_believed_where_it_is_no_accident():
    rng = Random(4)
    spread = [at(rng.randrange(40), rng.uniform(0, 23)) for _ in range(80)]
    assert infer("daily_cycle", spread).value <= 0.5
    found = infer("daily_cycle", [*spread, *(at(day, 7) for day in range(40))] * 2)
    assert found.value > 0.5
    assert found.evidence["peak"] == 2


# ---- focus-area


def listed(name: str, count: int, first: int = 1) -> list[DoneFact]:
    return [DoneFact(at(first + n % 60, 9), project=name) for n in range(count)]


def test_most_is_said_of_lists_only_where_it_is_more_than_half():
    since = {"lists": 9, "since": "2026-08-21"}
    for inside, one, two in (
        (11, "more in one of your lists than in any other",
         "more in two of your lists than in any of the others"),
        (15, "more in one of your lists than in any other",
         "more in two of your lists than in any of the others"),
        (16, "most in one of your lists", "most in two of your lists"),
    ):  # fmt: skip
        for areas, said in ((["a"], one), (["a", "b"], two)):
            assert say_areas(areas, {"in_areas": inside, "done": 30, **since}) == (
                f"You finish {said}: {inside} of 30 things since 21 August 2026."
            )


def test_what_was_seen_of_the_time_zone_is_said_in_plain_words():
    seen = {"done": 200, "inside": 0, "start": 22, "end": 6, "since": "2026-08-21"}
    assert say_tz("America/New_York", seen) == (
        "You live by the clock of America/New York: by it, your quiet hours are around the night."
        " Of 200 things, none were finished between 22:00 and 6:00."
    )
    assert say_tz("Europe/Berlin", {}) == "You live by the clock of Europe/Berlin."


def test_the_two_lists_with_most_lately_are_the_preferred_areas():
    done = listed("a", 30) + listed("b", 20) + listed("c", 5) + listed("old", 200, first=120)
    found = infer("preferred_areas", [*done, *listed("", 90)])
    assert found.value == ["a", "b"]
    assert (found.evidence["in_areas"], found.evidence["done"], found.evidence["lists"]) == (
        50,
        55,
        3,
    )


def test_where_the_second_place_is_shared_there_is_one_preferred_area_and_where_the_first_is_none():
    assert infer("preferred_areas", listed("a", 30) + listed("b", 9) + listed("c", 9)).value == [
        "a"
    ]
    shared = listed("a", 9) + listed("b", 9) + listed("c", 9)
    assert infer("preferred_areas", shared).why == "unsure"
    assert infer("preferred_areas", listed("a", 9) + listed("b", 20)).value == ["b", "a"]


# ---- free-window


def test_the_free_time_that_is_enough_is_what_three_in_four_were_finished_in():
    events, done = [], []
    for day in range(1, 25):
        gap = 20 if day % 6 == 0 else 60
        starts = at(day, 9)
        events += [
            EventFact(day, starts, starts + timedelta(hours=1)),
            EventFact(day + 100, starts + timedelta(minutes=60 + gap), starts + timedelta(hours=4)),
            EventFact(day + 200, starts - timedelta(hours=2), starts + timedelta(hours=9), True),
        ]
        done += [
            starts + timedelta(minutes=70),
            starts + timedelta(minutes=30),
            starts - timedelta(hours=1),
        ]
    found = infer("free_window_minutes", done, events=tuple(events))
    assert found.value == 60
    assert found.evidence == {"done": 24, "in_longer": 20}


# ---- energy


def health(values: Iterable[float], measure: str = "sleep") -> tuple[HealthFact, ...]:
    days = [(NOW.date() - timedelta(days=n), value) for n, value in enumerate(values)]
    return tuple(HealthFact(day, measure, value) for day, value in reversed(days))


def test_a_usual_night_is_the_middle_of_the_last_ninety():
    found = infer("usual_sleep_minutes", [], health=health([430, 420, 500] * 30 + [100] * 200))
    assert (found.value, found.evidence["nights"]) == (430, 90)
    assert infer("usual_sleep_minutes", [], health=health([430] * 13)).why == "too_little"


def test_steps_of_today_are_not_yet_a_days_steps():
    found = infer("usual_steps", [], health=health([10, *[7000] * 20], "steps"))
    assert (found.value, found.evidence["days"]) == (7000, 20)


def test_longer_nights_that_go_with_fuller_days_are_seen_and_chance_is_not():
    nights = [400 + 10 * (n % 7) for n in range(70)]
    fuller = [at(n, 10) for n, night in enumerate(nights) for _ in range((night - 380) // 20)]
    found = infer("sleep_link", [*fuller, at(75, 9)], health=health(nights))
    assert found.value > 0.9
    assert found.confidence > 0.99
    rng = Random(5)
    by_chance = [at(n, 10) for n in range(70) for _ in range(rng.randrange(5))]
    assert infer("sleep_link", [*by_chance, at(75, 9)], health=health(nights)).value == 0


def test_where_the_ranks_and_the_sentence_would_disagree_nothing_is_said():
    nights = [400 + n for n in range(40)]  # each night back was longer, and each day fuller
    counts = [n // 8 for n in range(40)]
    even = [at(n, 10) for n, count in enumerate(counts) for _ in range(count)]
    assert infer("sleep_link", [*even, at(60, 9)], health=health(nights)).value > 0.9
    moved = [at(5, 10 + n / 1000) for n in range(900)]  # after one short night, a huge clear-out
    assert infer("sleep_link", [*even, *moved, at(60, 9)], health=health(nights)).why == "unsure"


def test_nobody_is_told_of_more_after_longer_nights_by_two_numbers_that_read_the_same():
    nights = [400 + n for n in range(80)]
    counts = [n // 16 for n in range(80)]
    even = [at(n, 10) for n, count in enumerate(counts) for _ in range(count)]
    told = []
    for more in range(
        60, 100
    ):  # after one short night, a clear-out that makes the halves about even
        cleared = [at(5, 10 + n / 1000) for n in range(more)]
        found = infer("sleep_link", [*even, *cleared, at(85, 9)], health=health(nights))
        if found.value:
            told.append(say_link(found.value, found.evidence))
    halves = [re.findall(r"[\d.]+(?= things| after)", one) for one in told]
    assert halves
    assert all(float(longer) > float(shorter) for longer, shorter in halves)


# ---- how sure


def test_of_people_without_any_habit_few_are_believed_to_have_one_for_sure():
    """What "fairly sure" is worth: at 0.8 no more than one in five may be an accident."""
    names = ["preferred_hour", "quiet_start", "peak_hours", "daily_cycle", "weekly_cycle",
             "preferred_areas", "engagement_trend"]  # fmt: skip
    wrong, people = dict.fromkeys(names, 0), 150
    for seed in range(people):
        rng = Random(seed)
        facts = [
            DoneFact(at(rng.randrange(1, 60), rng.uniform(0, 24)), project=rng.choice("abcdef"))
            for _ in range(120)
        ]
        ordered = tuple(sorted((one for one in facts if one.at <= NOW), key=lambda one: one.at))
        history = History(1, NOW, BERLIN, ordered)
        for agent in agents:
            for name, found in run_inference(agent.manifest, history).items():
                habit = found.value not in (0, "steady") and not (
                    name.endswith("_cycle") and found.value <= 0.5
                )
                if name in wrong and not found.why and habit:
                    wrong[name] += found.confidence >= 0.8
    assert all(count <= people / 5 for count in wrong.values()), wrong


def test_a_year_of_somebody_very_busy_is_inferred_from_in_well_under_a_second():
    history = past(1, days=365, per_day=20)
    assert len(history.done) > 3000
    began = time.process_time()
    for agent in agents:
        run_inference(agent.manifest, history)
    assert time.process_time() - began < 0.5


def test_more_of_the_same_makes_surer():
    def sure(days: int) -> float:
        moments = [at(day, hour) for day in range(1, days) for hour in (9, 15 + day % 2)]
        return infer("preferred_hour", moments).confidence

    assert 0.9 < sure(15) < sure(30) <= 1


def test_a_year_ends_where_the_caller_cut_it_and_nobody_is_told_of_earlier():
    found = infer("preferred_hour", [at(day, 9) for day in range(1, 40)])
    assert date.fromisoformat(found.evidence["since"]) == NOW.date() - timedelta(days=39)
