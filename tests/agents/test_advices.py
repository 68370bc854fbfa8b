"""The library of advices: what each promises, and which of them fit a moment."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.library.base import EventFact, Inputs, Snippet
from agents.writing.advices import ADVICES, TOPICS, fitting, select
from agents.writing.advices.base import ALL, OO
from agents.writing.lint import faults

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 11, 18, 11, 0, tzinfo=BERLIN)
SATURDAY = datetime(2026, 11, 21, 11, 0, tzinfo=BERLIN)
HOURS = {"morning": 8, "afternoon": 14, "evening": 20}


def life(now=WEDNESDAY, **more) -> Inputs:
    return Inputs(**{"user_id": 1, "now": now, "zone": BERLIN, **more})


def ids(inputs: Inputs, snippets=None) -> set[str]:
    return {advice.id for advice in fitting(inputs, snippets or {})}


def test_there_are_enough_of_them_on_enough_topics_each_said_once():
    assert len(ADVICES) >= 150
    assert len(TOPICS) >= 15
    assert min(Counter(advice.topic for advice in ADVICES).values()) >= 8
    assert len({advice.id for advice in ADVICES}) == len(ADVICES)
    assert len({advice.text.casefold() for advice in ADVICES}) == len(ADVICES)


@pytest.mark.parametrize("advice", ADVICES, ids=lambda advice: advice.id)
def test_each_is_short_calm_doable_now_and_says_what_it_stands_on(advice):
    assert faults(advice.text, "advice") == []
    assert len(advice.text) <= 90
    assert advice.moment.parts
    assert set(advice.moment.parts) <= set(ALL)
    assert 1 <= advice.moment.minutes <= 30
    assert 0 <= advice.moment.free <= 30
    assert advice.evidence.endswith(".")
    assert len(advice.evidence) <= 110
    assert advice.source.author
    assert advice.source.title
    assert 1900 < advice.source.year <= 2026


def test_what_stands_on_a_study_names_it_and_what_does_not_says_so():
    for advice in ADVICES:
        assert (advice.source is OO) == ("no study is claimed" in advice.evidence)
    named = {advice.source for advice in ADVICES if advice.source is not OO}
    assert len(named) >= 40
    assert all(str(work.year) in str(work) for work in named)


def test_no_evidence_is_said_to_prove_or_to_cure():
    for advice in ADVICES:
        assert not {"proves", "proven", "always", "cures", "heals"} & set(
            advice.evidence.lower().split()
        )


@pytest.mark.parametrize("part", HOURS)
@pytest.mark.parametrize("day", [WEDNESDAY, SATURDAY])
def test_any_waking_moment_has_some_of_several_topics(part, day):
    now = day.replace(hour=HOURS[part])
    busy = EventFact(1, now - timedelta(minutes=5), now + timedelta(hours=1))
    for inputs in (
        life(now), life(now, contexts=frozenset({"work"})), life(now, contexts=frozenset({"sauna"})),
        life(now, events=(busy,)),
    ):  # fmt: skip
        found = fitting(inputs, {"energy": Snippet("x", {"level": "low"})})
        assert all(part in advice.parts for advice in found)
        assert len({advice.topic for advice in found}) >= 4


def test_at_night_there_is_none():
    assert not fitting(life(WEDNESDAY.replace(hour=3)), {})
    assert not select(life(WEDNESDAY.replace(hour=23)), {}, 3)


def test_what_needs_a_place_comes_only_where_that_may_be():
    evening = WEDNESDAY.replace(hour=20)
    anywhere, at_home, at_work, in_sauna = (
        ids(life(evening, contexts=frozenset(names)))
        for names in ((), ("Home",), ("work",), ("sauna",))
    )
    assert "sink" in anywhere & at_home
    assert "sink" not in at_work | in_sauna
    assert "desk-reset" in at_work
    assert "desk-reset" not in at_home
    assert "breathe" in anywhere & at_home & at_work & in_sauna


def test_somebody_who_named_no_place_is_taken_to_be_at_work_on_weekdays_until_evening():
    office, weekend = ids(life(WEDNESDAY.replace(hour=14))), ids(life(SATURDAY.replace(hour=14)))
    evening = ids(life(WEDNESDAY.replace(hour=19)))
    assert "five-things" not in office
    assert "five-things" in weekend & evening
    assert "desk-reset" in office
    assert "desk-reset" not in weekend | evening


def test_what_takes_longer_than_there_is_time_waits():
    soon = EventFact(1, WEDNESDAY + timedelta(minutes=6), WEDNESDAY + timedelta(hours=1))
    rushed = ids(life(events=(soon,)))
    assert "walk" not in rushed
    assert "tidy" in rushed
    assert "walk" in ids(life())
    allday = replace(soon, all_day=True, starts_at=WEDNESDAY - timedelta(hours=3))
    assert "walk" in ids(life(events=(allday,)))


def test_during_an_appointment_only_what_can_be_done_in_passing():
    on = EventFact(1, WEDNESDAY - timedelta(minutes=6), WEDNESDAY + timedelta(hours=1))
    found = fitting(life(events=(on,)), {})
    assert found
    assert all(advice.moment.free == 0 for advice in found)
    busy = {"free-window": Snippet("x", {"busy": True, "minutes": 50})}
    assert {a.id for a in fitting(life(), busy)} == {a.id for a in found}


def test_the_free_window_is_believed_where_there_is_one():
    short = {"free-window": Snippet("x", {"busy": False, "minutes": 6})}
    assert "walk" not in ids(life(), short)
    long = {"free-window": Snippet("x", {"busy": False, "minutes": 60})}
    assert "walk" in ids(life(), long)


def test_a_tired_person_is_not_sent_up_the_stairs_and_a_fresh_one_not_to_bed():
    tired = {"energy": Snippet("x", {"level": "low"})}
    assert "stairs" in ids(life())
    assert "stairs" not in ids(life(), tired)
    assert "low-day" in ids(life(), tired)
    assert "low-day" not in ids(life(), {"energy": Snippet("x", {"level": "usual"})})
    assert "low-day" not in ids(life(), {"energy": Snippet("x", {"level": None})})


def test_weekday_and_weekend_have_their_own():
    evening = WEDNESDAY.replace(hour=18)
    assert "work-ends" in ids(life(evening))
    assert "work-ends" not in ids(life(SATURDAY.replace(hour=18)))
    assert "weekend-path" in ids(life(SATURDAY.replace(hour=14)))
    assert "weekend-path" not in ids(life(WEDNESDAY.replace(hour=14)))


def test_those_that_are_chosen_are_of_different_topics_and_never_more_than_asked_for():
    for user_id in range(50):
        few = select(life(user_id=user_id), {}, 3)
        assert len(few) == len({advice.topic for advice in few}) == 3
        assert select(life(user_id=user_id), {}, 5)[:3] == few
    everything = select(life(), {}, 1000)
    assert len(everything) == len(set(everything)) == len(fitting(life(), {}))
    assert select(life(), {}, 0) == []


def test_they_stay_for_a_part_of_the_day_and_change_with_the_day_and_the_person():
    early, noon = life(WEDNESDAY.replace(hour=6)), life(WEDNESDAY.replace(hour=11, minute=59))
    assert select(early, {}, 3) == select(noon, {}, 3)
    days = {tuple(select(life(WEDNESDAY + timedelta(days=n)), {}, 3)) for n in range(10)}
    people = {tuple(select(life(user_id=n), {}, 3)) for n in range(10)}
    assert len(days) > 8
    assert len(people) > 8


def test_over_the_year_nearly_all_of_them_get_their_day():
    seen = set()
    for day in range(365):
        for hour in HOURS.values():
            now = WEDNESDAY.replace(hour=hour) + timedelta(days=day)
            level = {"energy": Snippet("x", {"level": ("low", "usual")[day % 2]})}
            seen |= {advice.id for advice in select(life(now), level, 3)}
    assert len(seen) > 0.95 * len(ADVICES)
