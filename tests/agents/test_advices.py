"""The library of advices: what each promises, and which of them fit a moment."""

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest

from agents.library.base import EventFact, Inputs, Snippet, part_of_day
from agents.writing.advices import ADVICES, TOPICS, end_of_moment, fitting, select
from agents.writing.advices.base import ALL, DAYLIGHT, HOME, OO, WORK
from agents.writing.lint import faults

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 11, 18, 11, 0, tzinfo=BERLIN)
SATURDAY = datetime(2026, 11, 21, 11, 0, tzinfo=BERLIN)
HOURS = {"morning": 8, "afternoon": 14, "evening": 20}


def life(now=WEDNESDAY, **more) -> Inputs:
    return Inputs(**{"user_id": 1, "now": now, "zone": BERLIN, **more})


def ids(inputs: Inputs, snippets=None) -> set[str]:
    return {advice.id for advice in fitting(inputs, snippets or {})}


def offered(advice, hour: int) -> bool:
    """Whether an hour of the day is one of its own."""
    first, last = advice.moment.hours
    return part_of_day(WEDNESDAY.replace(hour=hour)) in advice.parts and first <= hour < last


def test_there_are_enough_of_them_on_enough_topics_each_said_once():
    assert len(ADVICES) >= 165
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
    assert any(offered(advice, hour) for hour in range(24))
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


# What goes without saying: words that two advices may share and be of different things.
FILLERS = frozenset((
    "a", "an", "and", "any", "are", "as", "at", "be", "before", "but", "by", "do", "down", "each",
    "five", "for", "four", "from", "go", "has", "have", "how", "if", "in", "into", "is", "it", "its",
    "let", "like", "may", "minute", "minutes", "more", "next", "not", "of", "off", "on", "one", "or",
    "out", "put", "some", "someone", "something", "take", "ten", "that", "the", "them", "then",
    "there", "they", "thing", "things", "this", "three", "to", "twenty", "two", "up", "what", "when",
    "where", "which", "while", "will", "with", "would", "you", "your",
))  # fmt: skip
ALIKE = 0.25  # the share of their words that two have in common
# Pairs in like words that somebody has read: they ask for different things.
READ = {
    ("tomorrow", "unfinished"), ("cool-room", "window-breath"), ("cool-room", "birds"),
    ("first-drink-outside", "sky"), ("sky", "one-bag"), ("lamp-swap", "plants"),
    ("dance", "loose-ends"), ("dance", "hum"), ("nap", "evening-breath"), ("one-song", "hum"),
    ("note-and-switch", "ugly-line"), ("note-and-switch", "say-no"), ("ugly-line", "say-no"),
    ("three-words", "one-good"), ("three-words", "six-words"), ("one-thing", "low-day"),
    ("window", "tidy"), ("leave-desk", "desk-reset"), ("hands", "sink"), ("belly", "count-four"),
    ("nose", "threshold"), ("window-breath", "birds"), ("small-talk", "thank-one"),
    ("small-talk", "name-it"), ("small-talk", "say-no"), ("book", "first-page"),
    ("book", "worry-page"), ("poem", "aloud"), ("mail-close", "feed-hour"), ("name-it", "say-no"),
    ("worry-page", "fold-paper"),
}  # fmt: skip


def alike(one: str, other: str) -> bool:
    """Whether two sentences share two words that matter, and a quarter of all of theirs."""
    left, right = (
        {re.sub(r"(ing|ed|es|s|e)$", "", word) for word in words if word not in FILLERS}
        for words in (re.findall("[a-z]+", text.lower()) for text in (one, other))
    )
    return len(left & right) > 1 and len(left & right) >= ALIKE * len(left | right)


def test_no_two_say_the_same_in_like_words():
    """What says the same in other words takes a reader: this knows words only."""
    found = {(a.id, b.id) for a, b in combinations(ADVICES, 2) if alike(a.text, b.text)}
    assert found - READ == set()
    assert READ - found == set(), "these are not alike any more: take them off the list"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Let go of one thing you no longer want to do.",
         "Take one thing off your list that no longer matters."),
        ("Step outside and find out what the sky is doing.", "Step out and find one sign of the season."),
        ("Read the news once today, at a time you choose.",
         "Give your feeds one half hour today, at a time you choose."),
        ("Write down what is on your mind for tomorrow. Paper keeps it overnight.",
         "Write down all that is on your mind. Two minutes, any order."),
    ],
)  # fmt: skip
def test_pairs_that_were_once_here_twice_would_be_found(one, other):
    assert alike(one, other)


def test_nobody_is_sent_out_of_doors_in_the_dark():
    """By the words for going out, and by what is about the out of doors, save a look from inside."""
    out = re.compile(
        r"\b(outside your|step out|around the block|to the corner|nearest tree|a bench|daylight"
        r"|open sky|errand|walk a street|minute walk|one stop)\b", re.IGNORECASE,
    )  # fmt: skip
    sent = [advice for advice in ADVICES if out.search(advice.text)]
    assert len(sent) >= 9
    for advice in sent:
        hours = [hour for hour in range(24) if offered(advice, hour)]
        assert DAYLIGHT[0] <= min(hours)
        assert max(hours) < DAYLIGHT[1], advice.id


def test_eyes_are_shut_and_backs_laid_down_only_where_that_is_safe():
    resting = [
        a
        for a in ADVICES
        if re.search(r"lie (down|on)|eyes closed|close your eyes", a.text, re.IGNORECASE)
    ]
    assert {"eyes-shut", "nap", "evening-breath", "floor"} <= {advice.id for advice in resting}
    for advice in resting:
        assert advice.moment.places
        assert advice.moment.places <= (HOME | WORK if advice.id == "eyes-shut" else HOME)


def test_an_advice_that_can_harm_leaves_a_way_out():
    texts = {advice.id: advice.text for advice in ADVICES}
    for id, way_out in {
        "doorstep": "weather", "water": "if you like", "fruit": "if you like", "calves": "holding on",
        "phone-away": "needs to reach you", "phone-bed": "may need you", "mail-close": "if today",
        "breakfast": "if you", "eyes-shut": "quiet place",
    }.items():  # fmt: skip
        assert way_out in texts[id].lower()


def test_none_speaks_of_eating_less_of_nuts_or_of_being_alone():
    for advice in ADVICES:
        assert not re.search(
            r"\b(nuts?|even for one|and only that|eat less)\b", advice.text, re.IGNORECASE
        )
        assert not re.search(r"\bate\b.*\bless\b", advice.evidence, re.IGNORECASE)


def test_what_has_its_hours_comes_only_then():
    for hour, there in ((8, False), (11, True), (13, True), (14, False)):
        now = WEDNESDAY.replace(hour=hour)
        assert ("lunch-light" in ids(life(now))) is there


def test_nobody_is_sent_to_the_moon_the_lamps_or_to_bed_in_the_light_of_a_june_afternoon():
    june = datetime(2026, 6, 17, 17, 2, tzinfo=BERLIN)
    late = {"warm-feet", "lamp-swap", "moon"}
    assert not late & ids(life(june))
    assert not late & ids(life(june.replace(hour=19)))
    assert late <= ids(life(june.replace(hour=20)))


def test_a_gap_of_ten_minutes_is_advised_only_where_there_are_more_than_ten():
    for minutes, there in ((3, False), (10, False), (11, True), (60, True)):
        soon = EventFact(1, WEDNESDAY + timedelta(minutes=minutes), WEDNESDAY + timedelta(hours=3))
        assert ("gap" in ids(life(events=(soon,)))) is there


def test_an_advice_ends_with_its_part_of_the_day_or_with_its_hours():
    by_id = {advice.id: advice for advice in ADVICES}
    at_eleven = WEDNESDAY.replace(minute=20)
    assert end_of_moment(by_id["breathe"], at_eleven) == WEDNESDAY.replace(hour=12)
    assert end_of_moment(by_id["lunch-light"], at_eleven) == WEDNESDAY.replace(hour=12)
    after = at_eleven.replace(hour=12)
    assert end_of_moment(by_id["lunch-light"], after) == WEDNESDAY.replace(hour=14)
    assert end_of_moment(by_id["breathe"], after) == WEDNESDAY.replace(hour=17)
    for hour in range(5, 22):
        now = at_eleven.replace(hour=hour)
        for advice in fitting(life(now), {}):
            assert now < end_of_moment(advice, now) <= now + timedelta(hours=7)
