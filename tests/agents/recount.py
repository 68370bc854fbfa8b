"""The second road: each belief's sentence read as a user reads it, and counted again from the raw past.

Nothing here comes from the code that made the sentence, save how many days are looked at.
"""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median, stdev
from typing import Any

from agents.library.base import DoneFact, History

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
Recount = Callable[[History, Any, str], None]


def read(sentence: str, *patterns: str) -> tuple[str, ...]:
    """The words in the places of the first pattern that is all of the sentence."""
    for pattern in patterns:
        if found := re.fullmatch(pattern, sentence):
            return found.groups()
    raise AssertionError(f"nobody can read: {sentence}")


def wall(history: History, at: datetime) -> datetime:
    """What the user's clock showed, by way of the seconds since 1970."""
    return datetime.fromtimestamp(at.timestamp(), history.zone).replace(tzinfo=None)


def walls(history: History) -> list[datetime]:
    return [wall(history, one.at) for one in history.done]


def day_of(text: str) -> date:
    return datetime.strptime(f"{text} +0000", "%d %B %Y %z").date()


def minutes_of(text: str) -> int:
    hours = re.search(r"(\d+) h", text)
    rest = re.search(r"(\d+) min", text)
    return 60 * int(hours[1] if hours else 0) + int(rest[1] if rest else 0)


def today(history: History) -> date:
    return wall(history, history.now).date()


def close(said: str, real: float, within: float = 0.0501) -> None:
    assert abs(float(said.replace(",", "")) - real) <= within, (said, real)


def preferred_hour(history, value, sentence):
    first, last, most, of = map(int, read(
        sentence,
        r"You finish more between (\d+):00 and (\d+):00 than in any other hour:"
        r" (\d+) of (\d+) things\.",
    ))  # fmt: skip
    hours = Counter(at.hour for at in walls(history))
    assert (first, last) == (value, (value + 1) % 24)
    assert of == len(history.done)
    assert most == hours[first]
    assert all(hours[hour] < most for hour in range(24) if hour != first)


def _quiet(history, text):
    of, few, first, last = read(
        text, r" Of (\d+) things, (\d+|none) (?:was|were) finished between (\d+):00 and (\d+):00\."
    )
    hours, hour = [], int(first)
    while hour != int(last):
        hours.append(hour)
        hour = (hour + 1) % 24
    inside = [at for at in walls(history) if at.hour in hours]
    assert int(of) == len(history.done)
    assert few == (str(len(inside)) if inside else "none")
    below = [
        sum(at.hour == hour for at in walls(history)) * 24 < len(history.done) for hour in range(24)
    ]
    assert all(below[hour] for hour in hours)  # each of them below its share of the whole
    assert len(hours) in range(4, 13)
    if len(hours) < 12:  # nowhere are more of them in a row; twelve may be a part of more
        around = below * 2
        assert not any(all(around[n : n + len(hours) + 1]) for n in range(24))
    if not set(range(1, 7)) & set(hours):  # by day: then the night is not one as well
        assert not all(below[1:7])
    return int(first), int(last)


def quiet_start(history, value, sentence):
    hour, rest = read(sentence, r"Your quiet hours begin at (\d+):00\.(.*)")
    assert int(hour) == value == _quiet(history, rest)[0]


def quiet_end(history, value, sentence):
    hour, rest = read(sentence, r"Your quiet hours end at (\d+):00\.(.*)")
    assert int(hour) == value == _quiet(history, rest)[1]


def tz(history, value, sentence):
    name, rest = read(
        sentence,
        r"You live by the clock of ([\w /+-]+): by it, your quiet hours are around the night\.(.*)",
    )
    assert name.replace(" ", "_") == value == history.zone.key
    assert "_" not in name
    first, last = _quiet(history, rest)
    middle = first + (last - first) % 24 / 2
    assert any(abs(middle - night) <= 3 for night in (4, 28)), "from one to seven is night"


def peak_hours(history, value, sentence):
    listed, inside, of = read(
        sentence,
        r"Your fullest hours begin at (.+ and .+): (\d+) of (\d+) things were finished in them\.",
        r"Your fullest hour begins at (\S+): (\d+) of (\d+) things were finished in it\.",
    )
    said = [int(hour) for hour in re.findall(r"(\d+):00", listed)]
    hours = Counter(at.hour for at in walls(history))
    assert said == value == sorted(value)
    assert int(of) == len(history.done)
    assert int(inside) == sum(hours[hour] for hour in said)
    others = [hours[hour] for hour in range(24) if hour not in said]
    assert min(hours[hour] for hour in said) > max(others)
    assert len(said) >= len(hours) // 4


def _days(history, last, count):
    """What was finished on each of the days up to one."""
    days = [day_of(last) - timedelta(days=n) for n in range(int(count))]
    return [sum(at.date() == day for at in walls(history)) for day in days]


def baseline_completions_per_day(history, value, sentence):
    usual, done, count, last = read(
        sentence, r"You finish about ([\d.]+) things a day: (\d+) in the (\d+) days to (.+)\."
    )
    days = _days(history, last, count)
    assert day_of(last) == today(history) - timedelta(days=1)
    assert int(done) == sum(days)
    close(usual, fmean(days), 0.06)
    assert abs(value - fmean(days)) < 0.006


def completions_per_day_stdev(history, value, sentence):
    spread, least, most, count, last = read(
        sentence,
        r"Your days differ by about ([\d.]+) from one to another: from (\d+) to (\d+) things"
        r" finished in a day, over the (\d+) days to (.+)\.",
    )
    days = _days(history, last, count)
    assert (int(least), int(most)) == (min(days), max(days))
    close(spread, stdev(days), 0.06)
    assert abs(value - stdev(days)) < 0.006


def engagement_trend(history, value, sentence):
    said, week, last, before, count = read(
        sentence,
        r"(.+): ([\d.]+) things a day over the seven days to (.+),"
        r" ([\d.]+) over the (\d+) days before them\.",
    )
    days = _days(history, last, 7 + int(count))
    assert day_of(last) == today(history) - timedelta(days=1)
    now, then = fmean(days[:7]), fmean(days[7:])
    close(week, now)
    close(before, then)
    z = (now - then) / (stdev(days) * (1 / 7 + 1 / int(count)) ** 0.5)
    expected = "more" if z >= 1.64 else "less" if z <= -1.64 else "steady"
    assert value == expected
    assert (
        said
        == {
            "more": "You finish more than before",
            "less": "It is quieter than before",
            "steady": "How much you finish has not clearly changed",
        }[value]
    )


def _dated(history) -> list[tuple[DoneFact, int]]:
    return [
        (one, (wall(history, one.at).date() - one.due_on).days)
        for one in history.done
        if one.due_on and not one.recurring
    ]


def lateness_tolerance_days(history, value, sentence):
    days, _ = read(
        sentence,
        r"A date of yours has some room: of what you finish after its day,"
        r" at least half is finished within (\d+) (days?) of it\.",
    )
    late = [slip for _, slip in _dated(history) if slip > 0]
    assert int(days) == value
    assert sum(slip <= value for slip in late) * 2 >= len(late)
    assert sum(slip <= value - 1 for slip in late) * 2 < len(late)  # and no day fewer would do


def project_realness(history, value, sentence):
    slips: dict[str, list[int]] = {}
    for one, slip in _dated(history):
        if one.project:
            slips.setdefault(one.project, []).append(max(0, slip))
    overall = median(slip for some in slips.values() for slip in some)
    judged = {name: median(some) for name, some in slips.items() if len(some) >= 5}
    assert judged.keys() == value.keys()
    slower = sum(one > overall for one in judged.values())
    sooner = sum(one < overall for one in judged.values())
    if slower:
        said = read(sentence, r"In (\d+) of (\d+) lists, dates have more room: .+ longer after .+")
        assert said == (str(slower), str(len(judged)))
    elif sooner:
        said = read(sentence, r"In (\d+) of (\d+) lists, dates hold closer: .+ fewer days after .+")
        assert said == (str(sooner), str(len(judged)))
    else:
        said = read(sentence, r"Dates hold alike in all of (\d+) lists: .+")
        assert said == (str(len(judged)),)
        assert set(judged.values()) == {overall}
    for name, share in value.items():
        assert abs(share - min(1, (1 + overall) / (1 + judged[name]))) < 0.006


def lookback_days(history, value, sentence):
    days, seen = read(
        sentence,
        r"To see how you live, oO looks back (\d+) days: far enough to have seen you finish"
        r" (\d+) things\.",
    )

    def within(days: int) -> int:
        return sum((today(history) - at.date()).days < days for at in walls(history))

    assert int(days) == value
    assert value % 7 == 0
    assert int(seen) == within(value)
    assert value <= 364
    assert within(value) >= 30
    assert value == 7 or within(value - 7) < 30


def weekly_cycle(history, value, sentence):
    weekday, at_peak, of, since = read(
        sentence,
        r"You finish more on (\w+)s than on any other day: (\d+) of (\d+) things since (.+)\.",
        r"No day of your week stands out by much\. (\w+) has (\d+) of (\d+) things since (.+)\.",
    )
    found = [at.weekday() for at in walls(history) if at.date() >= day_of(since)]
    _cycle(Counter(found), 7, WEEKDAYS.index(weekday), at_peak, of, value, sentence)
    assert ((today(history) - day_of(since)).days + 1) % 7 == 0  # as many of each day


def daily_cycle(history, value, sentence):
    between = r"between (\d+):00 and (\d+):00"
    if "No time" in sentence:
        at_peak, of, since, first, last = read(
            sentence,
            rf"No time of your day stands out by much: (\d+) of (\d+) things since (.+) {between}\.",
        )
    else:
        first, last, at_peak, of, since = read(
            sentence,
            rf"You finish much of what you finish {between}: (\d+) of (\d+) things since (.+)\.",
        )
    found = [at.hour // 3 for at in walls(history) if at.date() >= day_of(since)]
    assert (int(first) + 3) % 24 == int(last)
    _cycle(Counter(found), 8, int(first) // 3, at_peak, of, value, sentence)


def _cycle(counts, parts, peak, at_peak, of, value, sentence):
    assert int(at_peak) == counts[peak] == max(counts.values())
    assert int(of) == counts.total()
    assert abs(value - (1 - counts.total() / parts / counts[peak])) < 0.006
    if value > 0.5:  # then it is said that no other part has as many
        assert sentence.startswith(("You finish more", "You finish much"))
        assert sorted(counts.values())[-2:].count(counts[peak]) == 1
    else:
        assert sentence.startswith("No ")


def preferred_areas(history, value, sentence):
    how, which, than, inside, of, since = read(
        sentence,
        r"You finish (most|more) in (one|two) of your lists(| than in any other| than in any of the others):"
        r" (\d+) of (\d+) things since (.+)\.",
    )
    first = today(history) - timedelta(days=89)
    lists = Counter(
        one.project for one in history.done if one.project and wall(history, one.at).date() >= first
    )
    assert day_of(since) >= first
    assert (which, than) in {
        1: (("one", ""), ("one", " than in any other")),
        2: (("two", ""), ("two", " than in any of the others")),
    }[len(value)]
    assert (how == "most") == (than == "") == (int(inside) > int(of) / 2)
    assert int(inside) == sum(lists[name] for name in value)
    assert int(of) == lists.total()
    others = [count for name, count in lists.items() if name not in value]
    assert all(lists[name] > max(others, default=0) for name in value)


def free_window_minutes(history, value, sentence):
    stretch, of, longer = read(
        sentence,
        r"You can use free time of (.+) or more: of (\d+) things finished between two appointments,"
        r" (\d+) were finished in stretches that long\.",
    )
    assert minutes_of(stretch) == value
    timed = [
        (one.starts_at.timestamp(), one.ends_at.timestamp())
        for one in history.events
        if not one.all_day and one.ends_at.timestamp() > one.starts_at.timestamp()
    ]
    lengths = []
    for one in history.done:
        at = one.at.timestamp()
        before = [end for start, end in timed if start <= at]
        after = [start for start, _ in timed if start > at]
        if not before or not after or max(before) > at:
            continue
        edges = [datetime.fromtimestamp(edge, UTC) for edge in (max(before), min(after))]
        if len({wall(history, edge).date() for edge in edges}) == 1:
            lengths.append((min(after) - max(before)) / 60)
    assert int(of) == len(lengths)
    assert int(longer) == sum(length >= value for length in lengths)
    assert int(longer) / len(lengths) >= 0.75 or value == 5


def _measured(history, measure, last):
    return [
        fact.value
        for fact in history.health
        if fact.measure == measure and 0 <= (last - fact.day).days < 90
    ]


def usual_sleep_minutes(history, value, sentence):
    said, count = read(
        sentence, r"A usual night of yours has about (.+) of sleep: the middle of (\d+) nights\."
    )
    slept = _measured(history, "sleep", today(history))
    assert int(count) == len(slept)
    assert minutes_of(said) == value
    assert abs(value - median(slept)) <= 0.5


def usual_steps(history, value, sentence):
    said, count = read(
        sentence, r"A usual day of yours has about ([\d,]+) steps: the middle of (\d+) days\."
    )
    steps = _measured(history, "steps", today(history) - timedelta(days=1))
    assert int(count) == len(steps)
    close(said, median(steps), 0.5)


def sleep_link(history, value, sentence):
    done = Counter(at.date() for at in walls(history))
    both = [
        (fact.value, done[fact.day])
        for fact in history.health
        if fact.measure == "sleep" and min(done) <= fact.day < today(history)
    ]
    if value == 0:
        assert read(sentence, r"oO sees no clear link .+, over (\d+) days\.") == (str(len(both)),)
        return
    which, longer, shorter, days = read(
        sentence,
        r"You finish (more|less) on days after longer nights: ([\d.]+) things a day, against"
        r" ([\d.]+) after the shorter ones, over (\d+) days\.",
    )
    middle = median(minutes for minutes, _ in both)
    after_long = fmean(count for minutes, count in both if minutes > middle)
    after_short = fmean(count for minutes, count in both if minutes < middle)
    assert int(days) == len(both)
    assert which == ("more" if after_long > after_short else "less")
    assert (value > 0) == (after_long > after_short)
    close(longer, after_long)
    close(shorter, after_short)


RECOUNTS: dict[str, Recount] = {
    one.__name__: one
    for one in (
        preferred_hour, quiet_start, quiet_end, peak_hours, tz, engagement_trend,
        baseline_completions_per_day, completions_per_day_stdev, lateness_tolerance_days,
        project_realness, lookback_days, weekly_cycle, daily_cycle, preferred_areas,
        free_window_minutes, usual_sleep_minutes, usual_steps, sleep_link,
    )
}  # fmt: skip
