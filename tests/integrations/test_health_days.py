"""What the days of a health export come to: nothing is counted twice, and no day is another's."""

from datetime import timedelta

import pytest

from integrations.formats.apple_health import parse
from integrations.formats.facts import HealthPull
from tests.integrations.health_exports import (
    MINDFUL,
    NOW,
    RESTING,
    SLEEP,
    STEPS,
    asleep,
    chunked,
    days,
    document,
    read,
    record,
)


def test_steps_that_two_devices_counted_count_once():
    walk = ("17 12:00", "17 12:20")
    assert days(
        record(STEPS, *walk, 1500, source="Watch"),
        record(STEPS, *walk, 1400, source="Phone"),
        measure="steps",
    ) == {"17": 1500}


def test_a_walk_that_only_one_device_saw_counts_as_well():
    assert days(
        record(STEPS, "17 08:00", "17 08:20", 1000, source="Watch"),
        record(STEPS, "17 18:00", "17 18:20", 2000, source="Phone"),
        record(STEPS, "17 18:00", "17 18:10", 500, source="Watch"),
        measure="steps",
    ) == {"17": 3000}


def test_a_day_in_one_record_is_not_added_to_the_hours_of_another_device():
    assert days(
        record(STEPS, "17 00:00", "17 23:59", 9000, source="Scale app"),
        record(STEPS, "17 08:00", "17 08:20", 4000, source="Watch"),
        record(STEPS, "17 19:00", "17 19:20", 4000, source="Watch"),
        measure="steps",
    ) == {"17": 9000}


def test_a_record_that_is_there_twice_counts_once():
    walk = record(STEPS, "17 12:00", "17 12:20", 1500)
    assert days(walk, walk, measure="steps") == {"17": 1500}


def test_a_walk_through_midnight_is_divided():
    walk = record(STEPS, "17 23:50", "18 00:10", 1000)
    assert days(walk, measure="steps") == {"17": 500, "18": 500}


def test_what_is_inside_a_correlation_is_not_counted_there_as_well():
    walk = record(STEPS, "17 12:00", "17 12:20", 1500)
    other = record(STEPS, "17 13:00", "17 13:20", 100)
    inside = f'<Correlation type="x">{other}</Correlation><Workout>{other}</Workout>'
    assert days(walk, inside, measure="steps") == {"17": 1500}


def test_sleep_is_what_was_slept_in_any_stage_and_never_lying_awake():
    assert days(
        asleep("17 00:00", "17 08:00", "InBed", source="Phone"),
        asleep("17 00:30", "17 02:00", "AsleepCore"),
        asleep("17 02:00", "17 03:00", "AsleepDeep"),
        asleep("17 03:00", "17 03:20", "Awake"),
        asleep("17 03:20", "17 04:00", "AsleepREM"),
        measure="sleep",
    ) == {"17": 90 + 60 + 40}


def test_overlapping_sleep_counts_once():
    assert days(
        asleep("17 01:00", "17 05:00", "Asleep"),
        asleep("17 02:00", "17 03:00", "AsleepDeep"),
        asleep("17 04:00", "17 06:00", "AsleepUnspecified"),
        measure="sleep",
    ) == {"17": 300}


def test_each_night_is_one_devices_the_one_that_saw_most_of_it():
    assert days(
        asleep("17 01:00", "17 07:00", source="Watch"),
        asleep("17 00:00", "17 02:00", source="Ring"),
        asleep("18 02:00", "18 03:00", source="Watch"),
        asleep("18 01:00", "18 06:00", source="Ring"),
        measure="sleep",
    ) == {"17": 360, "18": 300}


def test_a_night_belongs_to_the_day_of_waking():
    parts = [asleep("16 22:00", "16 23:30"), asleep("16 23:40", "17 06:00")]
    assert days(*parts, measure="sleep") == {"17": 90 + 380}


def test_who_sleeps_by_day_has_slept_that_day():
    assert days(asleep("17 09:00", "17 16:30"), measure="sleep") == {"17": 450}


def test_the_day_is_that_of_where_the_sleeper_was_and_not_of_the_phone_that_exported():
    night = asleep("17 17:00", "17 23:30", zone="Asia/Taipei")  # 0:00 to 6:30 there, on the 18th
    assert days(night, measure="sleep") == {"18": 390}
    assert days(asleep("17 17:00", "17 23:30", zone="No/Where"), measure="sleep") == {"17": 390}


def test_mindful_minutes_that_two_apps_saw_count_once():
    assert days(
        record(MINDFUL, "17 08:00", "17 08:10", source="Watch"),
        record(MINDFUL, "17 08:05", "17 08:15", source="App"),
        record(MINDFUL, "17 20:00", "17 20:05", source="App"),
        measure="mindful",
    ) == {"17": 20}


def test_of_the_resting_heart_rate_the_last_of_the_day_counts():
    assert days(
        record(RESTING, "17 00:00", "17 21:00", 58),
        record(RESTING, "17 00:00", "17 12:00", 61),
        measure="resting",
    ) == {"17": 58}


def test_only_the_days_that_are_kept_are_read():
    old = "2024-01-01 12:00:00 +0100"
    pull = read(document(record(STEPS, old, old, 5), record(STEPS, "17 12:00", "17 12:10", 7)))
    assert [one.value for one in pull.days] == [7]
    assert pull.refused == []
    assert all(one.day >= (NOW - timedelta(days=3)).date() for one in read(
        document(*(record(STEPS, f"{day:02} 12:00", f"{day:02} 12:10", 7) for day in range(1, 18))),
        keep_days=3,
    ).days)  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "value"),
    [
        ("17 12:00", "17 11:00", 5),
        ("17 12:00", "17 12:10", -5),
        ("17 12:00", "17 12:10", "nan"),
        ("17 12:00", "17 12:10", "1e300"),
        ("17 12:00", "17 12:10", ""),
        ("17 12:00", "17 12:10", "five"),
        ("17 25:00", "17 25:10", 5),
        ("yesterday", "today", 5),
        ("2026-11-17 12:00:00 +9900", "2026-11-17 12:00:00 +9900", 5),
        ("2026-02-30 12:00:00 +0100", "2026-02-30 12:00:00 +0100", 5),
        ("2126-11-17 12:00:00 +0100", "2126-11-17 12:00:00 +0100", 5),
        ("10 12:00", "17 12:00", 5),
    ],
)
def test_an_entry_that_makes_no_sense_is_left_out_and_named(start, end, value):
    good = record(STEPS, "17 12:00", "17 12:10", 7)
    pull = read(document(record(STEPS, start, end, value), good))
    assert [one.value for one in pull.days] == [7]
    assert pull.refused == ["1 entry without a time or a value that makes sense."]


def test_more_devices_than_a_person_has_are_left_out_and_named():
    walks = [record(STEPS, "17 12:00", "17 12:10", n, source=f"d{n}") for n in range(1, 60)]
    pull = read(document(*walks))
    assert [one.value for one in pull.days] == [40]
    assert pull.refused == ["19 entries from more devices, or in more pieces, than a person has."]


def test_the_attributes_may_come_in_any_order():
    turned = (
        f'<Record value="9" endDate="2026-11-17 12:10:00 +0100" sourceName="W" '
        f'startDate="2026-11-17 12:00:00 +0100" type="{STEPS}"/>'
    )
    assert days(turned, measure="steps") == {"17": 9}


def test_it_does_not_matter_where_the_pieces_of_the_file_end():
    data = document(
        record(STEPS, "17 12:00", "17 12:10", 7, source="Zoë’s &#x1F422; \x0b Watch"),
        asleep("17 00:00", "17 07:00", zone="Europe/Berlin"),
        before="<!DOCTYPE HealthData [<!ELEMENT HealthData ANY>]>",
    )
    whole = read(data)
    assert len(whole.days) == 2

    def again(size: int) -> HealthPull:
        return parse(chunked(data, size), now=NOW, keep_days=400)

    assert all(again(size) == whole for size in (1, 2, 3, 7, 64))
    assert SLEEP in data.decode()
