"""What becomes of a calendar file: files of real programs, and the finer points of the format."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.formats.facts import BadFormat
from integrations.formats.ical import parse
from tests.integrations.calendars import BERLIN, FINE, NOW, calendar, read, starts, upload

# file, now, the user's zone, and when a person who reads the file would say its events begin in UTC
DAILY_LA = [f"{day} 16:00" for day in range(19, 31)] + ["01 16:00", "02 16:00"]
REAL = [
    ("ical-py_apple_ical", "2022-09-19", "America/Los_Angeles", sorted(
        [*DAILY_LA, "20 16:00", "22 16:00", "27 16:00"], key=lambda d: (d < "19", d))),
    ("ical-py_google_calendar_public_holidays", "2022-12-20", "America/New_York", []),
    ("ical4j_EXDATE", "2005-12-31", BERLIN,
        ["01 02:00", "02 02:00", "05 02:00", "06 02:00", "07 02:00"]),
    ("icalendar_issue_466_respect_unique_timezone", "2022-10-20", "UTC", ["21 18:00", "28 18:00"]),
    ("icalendar_issue_722_timezone_transition_ambiguity", "2024-03-01", "UTC", ["02 20:00"]),
    ("icalendar_issue_722_timezone_transition_ambiguity", "2024-05-01", "UTC",
        ["04 19:00", "04 22:00"]),
    ("icalendar_issue_722_timezone_transition_ambiguity", "2024-08-01", "UTC", ["02 22:00"]),
    ("ics-parser_issue-196", "2019-11-04", "UTC",
        ["05 18:00", "06 18:00", "07 18:00", "08 18:00", "09 16:00", "10 17:00", "11 18:00"]),
    ("node-ical_Office-2012-owa", "2020-10-27", BERLIN,
        ["28 02:30", "28 17:30", "02 18:30", "02 18:30", "05 18:30", "06 18:30"]),
    ("node-ical_bad_custom_ms_tz", "2021-03-24", BERLIN, ["25 09:35", "31 22:00", "01 19:30"]),
    ("node-ical_daily-count-exdate-recurrence-id", "2015-07-05", BERLIN,
        ["06 19:00", "09 19:00", "09 22:00", *(f"{day} 19:00" for day in range(11, 16))]),
    ("node-ical_dst-transition-rules", "2022-10-08", "Asia/Tokyo", ["09 01:00"]),
    ("node-ical_exchange_whole_day_moved_recurrence", "2026-02-18", BERLIN, []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "day", "time_zone", "expected"), REAL)
def test_files_of_real_programs_give_what_a_person_would_read_in_them(
    real_data: Path, name: str, day: str, time_zone: str, expected: list[str]
) -> None:
    data = (real_data / "ical" / f"{name}.ics").read_bytes()
    now = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert starts(data, time_zone=time_zone, now=now) == expected


def test_every_real_file_is_known_to_these_tests_and_passes_through_the_child(
    real_data: Path,
) -> None:
    files = sorted((real_data / "ical").glob("*.ics"))
    assert {path.stem for path in files} == {name for name, *_ in REAL}
    for path in files:
        name, day, time_zone, expected = next(case for case in REAL if case[0] == path.stem)
        now = datetime.fromisoformat(day).replace(tzinfo=UTC)
        assert len(upload(path.read_bytes(), time_zone=time_zone, now=now).coming) == len(expected)


def test_exchange_moves_one_whole_day_and_ends_on_the_users_last_day(real_data: Path) -> None:
    data = (real_data / "ical" / "node-ical_exchange_whole_day_moved_recurrence.ics").read_bytes()
    busy = data.replace(b"TRANSPARENT", b"OPAQUE").replace(b":FREE", b":BUSY")
    # 26 February is on the 27th; days begin at 23:00 UTC of the day before.
    february = datetime(2026, 2, 18, tzinfo=UTC)
    assert starts(busy, now=february) == ["18 23:00", "23 23:00", "26 23:00", "02 23:00"]
    # UNTIL says 17 August 22:00 UTC, which is the 18th in Berlin.
    august = datetime(2026, 8, 10, 23, tzinfo=UTC)
    assert starts(busy, now=august) == ["10 22:00", "12 22:00", "17 22:00"]
    assert all(event.all_day for event in read(busy, now=august).coming)


def test_a_real_calendar_of_what_leaves_one_free_says_why_nothing_is_coming(
    real_data: Path,
) -> None:
    data = (real_data / "ical" / "ical-py_google_calendar_public_holidays.ics").read_bytes()
    pull = read(data, now=datetime(2022, 12, 20, tzinfo=UTC))
    assert pull.coming == []
    assert "leaves you free" in pull.refused[0]


TIMES = {
    "UTC": ("DTSTART:20260303T100000Z", "03 10:00"),
    "in a zone": ("DTSTART;TZID=America/New_York:20260303T100000", "03 15:00"),
    "in a Windows zone": ("DTSTART;TZID=W. Europe Standard Time:20260303T100000", "03 09:00"),
    "with a vendor's prefix": (
        "DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20260303T100000", "03 01:00"),
    "as Outlook displays it": (
        'DTSTART;TZID="(UTC-08:00) Pacific Time (US & Canada)":20260303T100000', "03 18:00"),
    "as Outlook displays it, unquoted": (
        "DTSTART;TZID=(UTC+09:00) Osaka, Sapporo, Tokyo:20260303T100000", "03 01:00"),
    "floating": ("DTSTART:20260303T100000", "03 09:00"),
    "in a zone no one knows": ("DTSTART;TZID=Customized Time Zone 1:20260303T100000", "03 09:00"),
    "a folder of zones": ("DTSTART;TZID=America:20260303T100000", "03 09:00"),
    "UTC in spite of a zone": ("DTSTART;TZID=Asia/Tokyo:20260303T100000Z", "03 10:00"),
    "all day": ("DTSTART;VALUE=DATE:20260303", "02 23:00"),
    "all day, without saying so": ("DTSTART:20260303", "02 23:00"),
    "all day, with a zone": ("DTSTART;VALUE=DATE;TZID=Asia/Tokyo:20260303", "02 23:00"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), TIMES.values(), ids=TIMES.keys())
def test_a_start_is_read_as_what_it_means(line: str, expected: str) -> None:
    assert starts(calendar(f"UID:1\n{line}")) == [expected]


def test_an_hour_that_does_not_exist_is_the_next_and_one_that_is_twice_the_first() -> None:
    gap = calendar("UID:1\nDTSTART;TZID=Europe/Berlin:20260329T023000")
    assert starts(gap, now=datetime(2026, 3, 20, tzinfo=UTC)) == ["29 01:30"]
    twice = calendar("UID:1\nDTSTART;TZID=Europe/Berlin:20261025T023000")
    assert starts(twice, now=datetime(2026, 10, 20, tzinfo=UTC)) == ["25 00:30"]


def test_a_zone_no_one_knows_is_told_and_floating_time_is_not() -> None:
    unknown = read(calendar("UID:1\nDTSTART;TZID=Nowhere:20260303T100000", FINE))
    assert unknown.refused == [
        "1 event was in a time zone that is not known here, so yours was taken."
    ]
    assert read(calendar("UID:1\nDTSTART:20260303T100000")).refused == []


ZONE = """BEGIN:VTIMEZONE
TZID:House time
BEGIN:STANDARD
DTSTART:20000101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0330
END:STANDARD
END:VTIMEZONE"""


def test_a_zone_that_the_file_defines_counts_wherever_it_stands_and_for_this_file_only() -> None:
    event = "UID:1\nDTSTART;TZID=House time:20260303T103000"
    assert starts(calendar(event, before=ZONE)) == ["03 07:00"]
    after = calendar(event).replace(b"END:VCALENDAR", ZONE.encode() + b"\nEND:VCALENDAR")
    assert starts(after) == ["03 07:00"]
    assert starts(calendar(event)) == ["03 09:30"]


LENGTHS = {
    "DTEND": ("DTSTART:20260303T100000Z\nDTEND:20260303T113000Z", 90),
    "DURATION": ("DTSTART:20260303T100000Z\nDURATION:PT45M", 45),
    "both, which is illegal": (
        "DTSTART:20260303T100000Z\nDTEND:20260303T110000Z\nDURATION:PT0S", 60),
    "neither": ("DTSTART:20260303T100000Z", 0),
    "an end before the start": ("DTSTART:20260303T100000Z\nDTEND:20260302T100000Z", 0),
    "a broken DURATION": ("DTSTART:20260303T100000Z\nDURATION:-PT1W1D2H3M4S", 0),
    "a whole day": ("DTSTART;VALUE=DATE:20260303", 24 * 60),
    "two whole days, the end exclusive": (
        "DTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260305", 48 * 60),
    "a day that ends as it begins": (
        "DTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260303", 24 * 60),
    "as it says, and not as its alarm does": (
        "DTSTART:20260303T100000Z\nBEGIN:VALARM\nDURATION:PT15M\nEND:VALARM", 0),
    "an end of another kind": ("DTSTART:20260303T100000Z\nDTEND;VALUE=DATE:20260304", 0),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "minutes"), LENGTHS.values(), ids=LENGTHS.keys())
def test_an_event_lasts_as_long_as_it_says(lines: str, minutes: int) -> None:
    (event,) = read(calendar(f"UID:1\n{lines}")).coming
    assert event.ends_at - event.starts_at == timedelta(minutes=minutes)


DAILY = "UID:1\nSUMMARY:Daily\nDTSTART;TZID=Europe/Berlin:20260301T100000\nRRULE:FREQ=DAILY;COUNT=5"


def moved(to: str, more: str = "SEQUENCE:0") -> str:
    """The occurrence of 3 March, moved to noon of another day of it."""
    return f"UID:1\nRECURRENCE-ID:20260303T090000Z\nDTSTART:202603{to}T120000Z\n{more}"


SERIES = {
    "a series": ([DAILY], "02 03 04 05"),
    "without a day, given as a time": ([DAILY + "\nEXDATE;TZID=Europe/Berlin:20260303T100000"],
        "02 04 05"),
    "without a day, given as a date": ([DAILY + "\nEXDATE;VALUE=DATE:20260303"], "02 04 05"),
    "without a day, given in UTC": ([DAILY + "\nEXDATE:20260303T090000Z"], "02 04 05"),
    "without a day, given floating": ([DAILY + "\nEXDATE:20260303T100000"], "02 04 05"),
    "without days in a list and again": (
        [DAILY + "\nEXDATE:20260303T090000Z,20260304T090000Z\nEXDATE:20260303T090000Z"], "02 05"),
    "with a broken exception": ([DAILY + "\nEXDATE:yesterday"], "02 03 04 05"),
    "and a period more": (
        [DAILY + "\nRDATE;VALUE=PERIOD:20260309T100000Z/PT1H"], "02 03 04 05 09"),
    "and a moment more": ([DAILY + "\nRDATE:20260309T100000Z"], "02 03 04 05 09"),
    "until a day, that day included": (
        [DAILY.replace("COUNT=5", "UNTIL=20260304")], "02 03 04"),
    "until a local time": (
        [DAILY.replace("COUNT=5", "UNTIL=20260304T100000")], "02 03 04"),
    "one moved": ([DAILY, moved("07")], "02 04 05 07"),
    "one moved, told as a day": (
        [DAILY, moved("07").replace("-ID:20260303T090000Z", "-ID;VALUE=DATE:20260303")],
        "02 04 05 07"),
    "a whole day moved, told as its midnight in UTC": (
        ["UID:1\nDTSTART;VALUE=DATE:20260302\nRRULE:FREQ=DAILY;COUNT=3",
         moved("07").replace("-ID:20260303T090000Z", "-ID:20260302T230000Z")], "01 03 07"),
    "one moved twice, the later version counts": (
        [DAILY, moved("07", "SEQUENCE:2"), moved("08", "SEQUENCE:1")], "02 04 05 07"),
    "the same version twice, the later stamp counts": (
        [DAILY, moved("08", "DTSTAMP:20260101T000000Z"), moved("07", "DTSTAMP:20260102T000000Z")],
        "02 04 05 07"),
    "one cancelled": ([DAILY, moved("03", "STATUS:CANCELLED")], "02 04 05"),
    "all that follow moved": (
        [DAILY, moved("04").replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE")],
        "02 04 05 06"),
    "an override without its series": ([moved("07")], "07"),
    "the same event twice": ([DAILY, DAILY], "02 03 04 05"),
    "every event with the same UID": (
        ["UID:1\nDTSTART:20260303T090000Z", "UID:1\nDTSTART:20260304T090000Z"], "03 04"),
    "events without a UID": (["DTSTART:20260303T090000Z", "DTSTART:20260304T090000Z"], "03 04"),
    "an older version of it": (["UID:1\nDTSTART:20260303T090000Z\nSEQUENCE:1",
        "UID:1\nDTSTART:20260304T090000Z"], "03"),
}  # fmt: skip


@pytest.mark.parametrize(("events", "days"), SERIES.values(), ids=SERIES.keys())
def test_a_series_happens_on_its_days(events: list[str], days: str) -> None:
    pull = read(calendar(*events))
    assert " ".join(f"{event.starts_at:%d}" for event in pull.coming) == days
    assert pull.refused == []
    assert len({event.external_id for event in pull.coming}) == len(pull.coming)


def test_a_daily_event_keeps_its_local_hour_when_clocks_change() -> None:
    daily = "UID:1\nDTSTART;TZID=Europe/Berlin:20260301T023000\nRRULE:FREQ=DAILY"
    found = starts(calendar(daily), now=datetime(2026, 3, 28, tzinfo=UTC))
    assert found[:3] == ["28 01:30", "29 01:30", "30 00:30"]


@pytest.mark.parametrize(("ends", "lasts"), [("031000", 40), ("033000", 60), ("043000", 120)])
def test_an_event_lasts_as_long_on_the_day_the_clock_skips_its_start(ends: str, lasts: int) -> None:
    nightly = (
        "UID:1\nDTSTART;TZID=Europe/Berlin:20260301T023000\n"
        f"DTEND;TZID=Europe/Berlin:20260301T{ends}\nRRULE:FREQ=DAILY"
    )
    found = read(calendar(nightly), now=datetime(2026, 3, 28, tzinfo=UTC)).coming
    minutes = [(event.ends_at - event.starts_at).total_seconds() / 60 for event in found[:3]]
    assert minutes == [lasts] * 3


@pytest.mark.parametrize(
    "line",
    ["STATUS:CANCELLED", "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
     "ATTENDEE;CN=Me;PARTSTAT=DECLINED:mailto:Me@example.org"],
)  # fmt: skip
def test_what_leaves_the_user_free_is_not_coming(line: str) -> None:
    mine = "X-WR-CALNAME:me@example.org"
    assert starts(calendar(FINE, f"UID:2\nDTSTART:20260304T100000Z\n{line}", before=mine)) == [
        "03 10:00"
    ]


def test_what_another_declined_is_coming() -> None:
    event = "UID:1\nDTSTART:20260304T100000Z\nATTENDEE;PARTSTAT=DECLINED:mailto:you@example.org"
    assert starts(calendar(event, before="X-WR-CALNAME:me@example.org")) == ["04 10:00"]


def test_only_what_ends_after_now_and_begins_inside_the_window_is_coming() -> None:
    moments = [-1441, -30, 30, 14 * 1440 - 1, 14 * 1440 + 1]
    events = [
        f"UID:{i}\nDTSTART:{NOW + timedelta(minutes=minutes):%Y%m%dT%H%M%SZ}\nDURATION:PT1H"
        for i, minutes in enumerate(moments)
    ]
    begun = "UID:long\nDTSTART;VALUE=DATE:20260201\nDTEND;VALUE=DATE:20260401"
    assert starts(calendar(*events, begun)) == ["31 23:00", "02 07:30", "02 08:30", "16 07:59"]


def test_an_occurrence_keeps_its_id_when_it_is_moved_and_when_the_file_is_read_again() -> None:
    first = {e.external_id for e in read(calendar(DAILY)).coming}
    assert {e.external_id for e in read(calendar(DAILY, moved("07"))).coming} == first
    assert all(0 < len(external_id) <= 64 for external_id in first)
    nameless = [
        read(calendar(f"DTSTART:20260303T100000Z\nDTSTAMP:2026030{day}T000000Z")).coming
        for day in (1, 2)
    ]
    assert nameless[0] == nameless[1] != []


TITLES = {
    "SUMMARY:  Tea \\, cake\\n and\tmore ": "Tea , cake and more",
    "SUMMARY:a\x00b\x1bc\u202ed\u2028e": "a b cd e",
    "SUMMARY:" + "é" * 300: "é" * 200,
    "SUMMARY:👩‍👧": "👩‍👧",
    "SUMMARY:": "Busy",
    "STATUS:CONFIRMED": "Busy",
}


@pytest.mark.parametrize(("line", "title"), TITLES.items())
def test_a_title_is_one_clean_line(line: str, title: str) -> None:
    (event,) = read(calendar(f"UID:1\nDTSTART:20260303T100000Z\n{line}")).coming
    assert event.title == title


def test_an_override_without_a_title_has_that_of_its_series() -> None:
    assert {e.title for e in read(calendar(DAILY, moved("07"))).coming} == {"Daily"}


def test_bytes_are_read_as_programs_really_write_them() -> None:
    event = calendar(f"{FINE}\nBEGIN:VALARM\nTRIGGER:-PT5M\nSUMMARY:Alarm\nEND:VALARM")
    umlaut = calendar(FINE.replace("SUMMARY:Fine", "SUMMARY:Gr\u00fc\u00dfe"))
    cut_in_two = umlaut.replace(b"\xc3\xbc", b"\xc3\r\n \xbc")
    for data in (
        b"\xef\xbb\xbf" + event,
        b"  \n" + event,
        event.replace(b"\r\n", b"\n"),
        event.replace(b"\r\n", b"\r\r\n"),
        event.replace(b"END:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", b""),
        event.replace(
            b"END:VEVENT\r\n", b"BEGIN:VTODO\r\nDTSTART:20260304T100000Z\r\nEND:VTODO\r\n"
        ),
        event + event,
    ):
        assert [(e.title, f"{e.starts_at:%d}") for e in read(data).coming] == [("Fine", "03")]
    assert [e.title for e in read(cut_in_two).coming] == ["Grüße"]


def test_a_file_in_another_encoding_is_refused_and_one_odd_description_is_not() -> None:
    latin = calendar(FINE.replace("SUMMARY:Fine", "SUMMARY:Grüße")).decode().encode("latin-1")
    with pytest.raises(BadFormat, match="not written in UTF-8"):
        read(latin)
    described = calendar(FINE + "\nDESCRIPTION:Grüße").decode().encode("latin-1")
    assert starts(described) == ["03 10:00"]


def test_no_more_than_the_first_occurrences_are_taken_and_that_is_told() -> None:
    hourly = calendar("UID:1\nDTSTART:20260301T000000Z\nRRULE:FREQ=HOURLY")
    pull = parse(hourly, time_zone="UTC", now=NOW, max_occurrences=10)
    assert [f"{e.starts_at:%H}" for e in pull.coming] == [f"{hour:02}" for hour in range(9, 19)]
    assert pull.refused == ["Only the first 10 coming events were taken."]
