"""Insights say what the numbers say: recomputed from the facts, and gone when those change."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.library.base import EventFact, HealthFact, Inputs, Snippet, TaskFact
from agents.library.energy import Energy
from agents.library.focus_area import FocusArea
from agents.library.free_window import FreeWindow
from agents.library.momentum import Momentum
from agents.library.overdue_task import OverdueTask
from agents.library.recent_patterns import RecentPatterns
from agents.library.time_of_day import TimeOfDay
from agents.writing.claims import facts_of, holds, quantities
from agents.writing.insights import INSIGHTS, write
from agents.writing.lint import faults

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 8, 30, tzinfo=BERLIN)  # a Wednesday
TODAY = NOW.date()
AGENTS = (
    TimeOfDay(),
    Momentum(),
    RecentPatterns(),
    FocusArea(),
    FreeWindow(),
    Energy(),
    OverdueTask(),
)


def life(now=NOW, **more) -> Inputs:
    return Inputs(**{"user_id": 1, "now": now, "zone": BERLIN, **more})


def snippets_of(inputs: Inputs) -> dict[str, Snippet]:
    return {agent.id: told for agent in AGENTS if (told := agent.compute(inputs))}


def said(inputs: Inputs) -> dict[str, str]:
    return {
        one.key.removeprefix("insight:"): one.content for one in write(inputs, snippets_of(inputs))
    }


def done(*days_ago_and_hours: tuple[int, float]) -> tuple[datetime, ...]:
    midnight = NOW.replace(hour=0, minute=0)
    return tuple(
        sorted(midnight - timedelta(days=d) + timedelta(hours=h) for d, h in days_ago_and_hours)
    )


def nights(*minutes: int, measure="sleep", last: date = TODAY) -> tuple[HealthFact, ...]:
    first = last - timedelta(days=len(minutes) - 1)
    return tuple(
        HealthFact(first + timedelta(days=n), measure, value) for n, value in enumerate(minutes)
    )


def test_the_best_hour_is_said_with_the_numbers_behind_it():
    at_nine = [(day, 9.2) for day in range(1, 19)]
    at_noon = [(day, 15.2) for day in range(1, 8)]
    assert said(life(done_at=done(*at_nine, *at_noon)))["best-hour"] == (
        "In the hour from 9:00 you finish more than in any other: 18 of 25 things lately."
    )


def test_no_hour_is_called_the_best_for_one_evening_or_by_a_chance_lead():
    evening = [(2, 21 + n / 60) for n in range(20)]
    assert "best-hour" not in said(life(done_at=done(*evening)))
    spread = [(1 + n, float(n % 20)) for n in range(20)]  # no hour has more than another but one
    assert "best-hour" not in said(life(done_at=done(*spread, (21, 5.0))))
    close = [(day, 9.2) for day in range(1, 13)] + [(day, 15.2) for day in range(1, 12)]
    assert "best-hour" not in said(life(done_at=done(*close)))


def test_the_best_part_of_the_day_and_the_best_weekday():
    mornings = [(day, 9.5 + (day % 3) / 2) for day in range(1, 28)]
    tuesdays = [(week * 7 + 1, 14.0 + n) for week in range(4) for n in range(6)]
    told = said(life(done_at=done(*mornings, (2, 9), (3, 9), (4, 9))))
    assert told["best-part"] == (
        "Of the 30 things you finished in the last 28 days,"
        " 30 were finished between 9:00 and 12:00."
    )
    told = said(life(done_at=done(*tuesdays, *[(day, 9.0) for day in range(1, 28, 2)])))
    assert re.fullmatch(
        r"Of the \d+ things you finished in the last 28 days, \d+ were finished on a Tuesday\.",
        told["best-weekday"],
    )


def test_more_lately_is_said_and_less_never():
    quiet = [(day, 10.0) for day in range(8, 28)]
    busy = [(day, 10.0 + n) for day in range(1, 8) for n in range(5)]
    assert said(life(done_at=done(*quiet, *busy)))["more-lately"] == (
        "Lately you finish about 5 things a day. Before that it was about 1."
    )
    fewer = [(day, 10.0 + n) for day in range(8, 28) for n in range(5)] + [(2, 10.0)]
    told = said(life(done_at=done(*fewer)))
    assert not {"more-lately", "steady", "full-day"} & set(told)


def test_more_lately_is_more_also_in_the_numbers_as_they_are_read():
    facts = {"trend": "more", "week_per_day": 2.43, "before_per_day": 2.36}
    assert write(life(), {"momentum": Snippet("x", facts)}) == []
    (one,) = write(life(), {"momentum": Snippet("x", facts | {"before_per_day": 2.34})})
    assert one.content == (
        "Lately you finish about 2.4 things a day. Before that it was about 2.3."
    )


def test_nobody_is_told_that_it_is_much_as_before_where_the_counts_are_far_apart():
    facts = {"trend": "steady", "per_day": 2.4}
    for z, told in ((0.3, True), (-1.2, True), (4.8, False), (-4.8, False)):
        drafts = write(life(), {"momentum": Snippet("x", facts | {"z": z})})
        assert bool(drafts) is told
        assert all(one.claims["momentum.z"] == z for one in drafts)


def test_a_day_is_as_full_as_usual_by_what_the_user_says_is_usual():
    evening = NOW.replace(hour=20)
    usual = [(day, 10.0 + n) for day in range(1, 28) for n in range(1 + day % 3)]
    moments = done(*usual, (0, 9), (0, 11), (0, 14))

    def of_who_says(number: float):
        wants = {"baseline_completions_per_day": number, "engagement_trend": "steady"}
        return said(
            life(evening, done_at=moments, preferences=wants,
                 said=frozenset({"baseline_completions_per_day"}))
        )  # fmt: skip

    assert "full-day" not in of_who_says(8)
    assert of_who_says(2.5)["full-day"] == (
        "You finished 3 things today. About 2.5 a day are usual for you."
    )


def test_today_is_only_counted_where_it_is_as_full_as_usual():
    evening = NOW.replace(hour=20)
    usual = [(day, 10.0 + n) for day in range(1, 28) for n in range(1 + day % 3)]
    full = life(evening, done_at=done(*usual, (0, 9), (0, 11), (0, 14)))
    assert said(full)["full-day"] == "You finished 3 things today. About 2 a day are usual for you."
    assert "full-day" not in said(life(evening, done_at=done(*usual, (0, 9))))


def test_a_long_night_is_told_only_in_the_morning_and_a_short_one_never():
    usual = (430, 440, 450, 435, 445, 440, 438, 442)
    assert said(life(health=nights(*usual, 540)))["last-night"] == (
        "You slept 9 h, longer than the usual 7 h 20 min."
    )
    assert "last-night" not in said(life(health=nights(*usual, 310)))
    assert "last-night" not in said(life(health=nights(*usual, 441)))
    evening = NOW.replace(hour=20)
    assert "last-night" not in said(life(evening, health=nights(*usual, 540)))


def test_a_night_called_long_is_longer_than_usual_by_its_own_numbers():
    facts = {"sleep_minutes": 400, "usual_sleep_minutes": 440, "level": "high"}
    assert write(life(), {"energy": Snippet("x", facts)}) == []


def test_many_steps_are_told_and_few_are_not():
    yesterday = TODAY - timedelta(days=1)
    usual = (6000, 6100, 5900, 6000, 6050, 5950, 6000)
    many = nights(*usual, 9240, measure="steps", last=yesterday)
    assert said(life(health=many))["steps"] == (
        "You took 9,240 steps yesterday. About 6,000 are usual for you."
    )
    assert "steps" not in said(life(health=nights(*usual, 900, measure="steps", last=yesterday)))


def test_a_free_stretch_is_told_until_shortly_before_it_ends():
    event = EventFact(4, NOW + timedelta(hours=3), NOW + timedelta(hours=4))
    inputs = life(events=(event,))
    (one,) = [c for c in write(inputs, snippets_of(inputs)) if c.key == "insight:free-until"]
    assert one.content == "Your calendar is free until 11:30."
    assert NOW < one.expires_at < event.starts_at
    soon = replace(event, starts_at=NOW + timedelta(minutes=15))
    assert "free-until" not in said(life(events=(soon,)))
    tomorrow = NOW + timedelta(days=1)
    awake = {"quiet_start": 0, "quiet_end": 0}
    overnight = EventFact(5, tomorrow, tomorrow + timedelta(hours=1))
    evening = life(NOW.replace(hour=21), events=(overnight,), preferences=awake)
    assert "free-until" not in said(evening)


def test_nothing_is_told_of_a_calendar_that_was_read_too_long_ago():
    event = EventFact(4, NOW + timedelta(hours=8), NOW + timedelta(hours=9))
    known, afternoon = life(events=(event,)), life(NOW.replace(hour=14))
    assert "free-until" in said(known)
    assert "clear-day" in said(afternoon)
    for inputs in (known, afternoon):
        assert not {"free-until", "clear-day"} & set(
            said(replace(inputs, stale=frozenset({"calendar"})))
        )


def test_nobody_is_left_to_guess_which_of_their_things_are_about_one_thing():
    tasks = tuple(TaskFact(n, 1, NOW - timedelta(days=9), cluster="c7") for n in range(5))
    known = snippets_of(life(tasks=tasks))
    assert known["focus-area"].facts["group"] == "c7"
    assert write(life(tasks=tasks), known) == []


def test_what_an_agent_is_not_sure_of_is_not_said_but_what_it_counted_is():
    facts = {"trend": "more", "week_per_day": 5.0, "before_per_day": 3.0}
    facts |= {"today": 6, "usual_per_day": 3.2}
    keys = {
        sure: {one.key for one in write(life(), {"momentum": Snippet("x", facts, sure)})}
        for sure in (0.5, 0.95)
    }
    assert keys[0.95] == {"insight:more-lately", "insight:full-day"}
    assert keys[0.5] == {"insight:full-day"}


def test_two_things_on_a_day_that_usually_has_more_are_no_insight():
    facts = {"trend": "less", "week_per_day": 1.0, "before_per_day": 3.0}
    for today, told in ((2, False), (4, True)):
        momentum = Snippet("x", facts | {"today": today, "usual_per_day": 3.2})
        assert bool(write(life(), {"momentum": momentum})) is told


def test_a_stretch_too_short_for_the_user_is_not_called_free():
    facts = {
        "busy": False, "until": (NOW + timedelta(hours=1)).isoformat(), "from": NOW.isoformat(),
        "until_what": "event", "later_today": 1,
    }  # fmt: skip
    for enough in (True, False):
        told = write(life(), {"free-window": Snippet("x", facts | {"enough": enough})})
        assert bool(told) is enough


def test_facts_that_an_agent_no_longer_gives_end_in_silence():
    assert write(life(), {"momentum": Snippet("x", {"trend": "more"})}) == []


def test_nothing_is_said_of_what_is_open_or_of_what_slipped():
    late = tuple(
        TaskFact(n, 4, NOW - timedelta(days=90), due_on=TODAY - timedelta(days=n))
        for n in range(1, 40)
    )
    assert said(life(tasks=late)) == {}
    assert not {"overdue-task"} & {insight.agent for insight in INSIGHTS}


def test_a_newcomer_is_told_nothing():
    assert said(life()) == {}


LIVES = st.builds(
    lambda hour, moments, sleep, steps, events: life(
        NOW.replace(hour=hour),
        done_at=done(*[(d, h) for d, h in moments if (d, h) < (28, 0) and (d > 0 or h < hour)]),
        health=(*nights(*sleep), *nights(*steps, measure="steps", last=TODAY - timedelta(days=1))),
        events=tuple(
            EventFact(n, NOW + timedelta(minutes=s), NOW + timedelta(minutes=s + m))
            for n, (s, m) in enumerate(events)
        ),
    ),
    st.integers(6, 21),
    st.lists(st.tuples(st.integers(0, 26), st.sampled_from([8.5, 9.25, 10.0, 14.75, 20.5])), max_size=80),
    st.lists(st.integers(240, 600), max_size=14),
    st.lists(st.integers(200, 30_000), max_size=13),
    st.lists(st.tuples(st.integers(-600, 900), st.integers(5, 180)), max_size=4),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(LIVES)
def test_every_insight_of_any_life_follows_from_its_claims_and_is_calm(inputs):
    snippets = snippets_of(inputs)
    facts = facts_of(snippets)
    for one in write(inputs, snippets):
        assert one.kind == "insight"
        assert one.claims
        assert holds(one.claims, facts, one.content)
        assert faults(one.content, "insight") == []
        assert inputs.now < one.expires_at <= inputs.now + timedelta(hours=12)
        assert one.topic


def counted_again(key: str, inputs: Inputs) -> list[float]:
    """The first numbers that the insight should say, from what the user did and nothing between."""
    moments = [moment.astimezone(BERLIN) for moment in inputs.done_at]
    today = inputs.now.date()
    hours = Counter(moment.hour for moment in moments)
    timed = sorted(event.starts_at for event in inputs.events if event.starts_at > inputs.now)
    walked = {h.day: h.value for h in inputs.health if h.measure == "steps"}
    slept = {h.day: h.value for h in inputs.health if h.measure == "sleep"}
    yesterday = today - timedelta(days=1)
    if key == "insight:best-hour":
        hour, most = hours.most_common(1)[0]
        return [hour * 60, most, len(moments)]
    if key == "insight:best-part":
        parts = Counter(moment.hour // 3 for moment in moments)
        part, most = parts.most_common(1)[0]
        return [part * 180, part * 180 + 180, len(moments), 28, most]
    if key == "insight:full-day":
        return [sum(moment.date() == today for moment in moments)]
    if key == "insight:steps":
        others = [value for day, value in walked.items() if day < yesterday]
        return [walked[yesterday], float(round(median(others)))]
    if key == "insight:last-night":
        others = [value for day, value in slept.items() if day < today]
        return [slept[today], round(median(others))]
    if key == "insight:free-until":
        return [timed[0].hour * 60 + timed[0].minute]
    if key == "insight:clear-day":
        assert not [at for at in timed if at.date() == today]
    return []


@settings(max_examples=150, deadline=None)
@given(LIVES)
def test_the_numbers_of_an_insight_are_those_counted_again_from_what_the_user_did(inputs):
    for one in write(inputs, snippets_of(inputs)):
        told = [quantity.value for quantity in quantities(one.content) or []]
        again = counted_again(one.key, inputs)
        assert told[: len(again)] == again, (one.content, again)


@settings(max_examples=60, deadline=None)
@given(LIVES, st.integers(1, 9))
def test_an_insight_with_any_number_changed_no_longer_holds(inputs, by):
    snippets = snippets_of(inputs)
    facts = facts_of(snippets)
    for one in write(inputs, snippets):
        for match in re.finditer(r"(?<![\d:,.])\d+(?![\d:,.]|[.,]\d)", one.content):
            changed = str(int(match[0]) + 1000 * by)
            lie = one.content[: match.start()] + changed + one.content[match.end() :]
            assert not holds(one.claims, facts, lie), lie


CLAIMS = {
    "momentum.week_per_day": 5.14, "momentum.today": 3, "recent-patterns.days": 28,
    "recent-patterns.peak_from": 9, "recent-patterns.peak_weekday": 1,
    "energy.sleep_minutes": 490.0, "energy.steps": 9240.0, "energy.resting": 58,
    "free-window.until": "2026-11-18T11:30:00+01:00", "free-window.busy": False,
    "momentum.trend": "more", "recent-patterns.daily_cycle": 0.62,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "About 5 things a day.", "About 5.1 things a day.", "About five things a day.",
        "Three things today.", "In the last 28 days.", "From 9:00 on.", "From 09:00 on.",
        "Mostly on a Tuesday.", "Tuesdays are full.", "You slept 8 h 10 min.", "You took 9,240 steps.",
        "Free until 11:30.", "58 heartbeats a minute.", "62% of it.", "One thing at a time.", "",
    ],
)  # fmt: skip
def test_what_the_claims_say_may_be_said(text):
    assert holds(CLAIMS, CLAIMS, text)


@pytest.mark.parametrize(
    "text",
    [
        "About 6 things a day.", "About 5.2 things a day.", "About six things a day.",
        "Four things today.", "In the last 27 days.", "In the last 3 days.", "From 10:00 on.",
        "From 9:30 on.",
        "From 3:00 on.", "Mostly on a Wednesday.", "Sundays are full.", "You slept 8 h 11 min.",
        "You slept 9 h.",
        "You took 9,241 steps.", "You took 92 steps.", "You took 28 steps.", "Free until 11:31.",
        "59 heartbeats a minute.",
        "63% of it.", "Half of it.", "A third of it.", "Twice as many.", "Double that.",
        "A dozen things.", "3 weeks of it.",
        "28 weeks of it.", "Three weeks of it.", "9 things today.", "You finished 1 thing.",
        "0 things.", "Twenty-eight things.", "28 were finished.",
        "28 things were finished.", "9 were finished.", "About 490 are usual.",
    ],
)  # fmt: skip
def test_what_they_do_not_say_may_not(text):
    assert not holds(CLAIMS, CLAIMS, text)


def test_a_claim_ends_with_its_fact():
    claims = {"momentum.today": 3}
    assert holds(claims, {"momentum.today": 3})
    for facts in ({}, {"momentum.today": 4}, {"momentum.today": None}, {"momentum.today": "3"},
                  {"energy.today": 3}):  # fmt: skip
        assert not holds(claims, facts)
    assert not holds({"free-window.busy": True}, {"free-window.busy": 1})
    assert holds({"a.b": {"x": [1, 2.0]}}, {"a.b": {"x": (1, 2)}})
    assert not holds({"a.b": {"x": [1, 2]}}, {"a.b": {"x": [1, 3]}})


def test_a_sentence_without_claims_is_never_an_insight():
    assert not holds({}, {"momentum.today": 3}, "A fine day.")


def test_a_quantity_of_a_unit_that_no_fact_has_cannot_be_checked():
    assert quantities("3 weeks") is None
    assert quantities("A calm day") == []


def test_claims_survive_being_stored_as_json():
    inputs = life(health=nights(430, 440, 450, 435, 445, 440, 438, 442, 540))
    snippets = snippets_of(inputs)
    for one in write(inputs, snippets):
        stored = json.loads(json.dumps(dict(one.claims)))
        facts = json.loads(json.dumps(facts_of(snippets)))
        assert holds(stored, facts, one.content)
