"""The second road for snippets: their texts and facts, counted again from the raw inputs."""

import re
from collections import Counter
from datetime import datetime, timedelta
from statistics import NormalDist, fmean, median, stdev

from agents.library.base import Inputs, Snippet
from tests.agents.recount import WEEKDAYS, close, minutes_of, read

DAY = timedelta(days=1)


def walls(inputs: Inputs) -> list[datetime]:
    return [_wall(inputs, at) for at in inputs.done_at]


def _wall(inputs, at):
    return datetime.fromtimestamp(at.timestamp(), inputs.zone).replace(tzinfo=None)


def _today(inputs):
    return _wall(inputs, inputs.now).date()


def time_of_day(inputs: Inputs, snippet: Snippet):
    facts, now = snippet.facts, _wall(inputs, inputs.now)
    part, weekday, rest = read(snippet.text, r"It is (\w+) on a (\w+)\.(.*)")
    parts = ["night"] * 5 + ["morning"] * 7 + ["afternoon"] * 5 + ["evening"] * 5 + ["night"] * 2
    assert part == facts["part"] == parts[now.hour]
    assert weekday == WEEKDAYS[facts["weekday"]] == WEEKDAYS[now.weekday()]
    quiet, hour = [], inputs.preferences["quiet_start"]
    while hour != inputs.preferences["quiet_end"]:
        quiet.append(hour)
        hour = (hour + 1) % 24
    assert facts["quiet"] == (now.hour in quiet)
    assert facts["peak"] == (now.hour in inputs.preferences["peak_hours"])
    assert facts["hour"] == now.hour
    assert facts["tz"] == inputs.zone.key
    assert facts["done"] == len(inputs.done_at)
    hours = Counter(at.hour for at in walls(inputs))
    days = Counter(hour for _, hour in {(at.date(), at.hour) for at in walls(inputs)})
    if facts["preferred_hour"] is None:
        assert rest == ""
        if len(inputs.done_at) >= 20:
            top = [hour for hour in hours if hours[hour] == max(hours.values())]
            assert len(top) > 1 or days[top[0]] < 5
        return
    of, most, first, last = map(int, read(
        rest, r" Of (\d+) things finished in the last 28 days, (\d+) were finished between (\d+):00"
              r" and (\d+):00, more than in any other hour\.",
    ))  # fmt: skip
    assert of == len(inputs.done_at)
    assert most == facts["at_preferred_hour"] == hours[first]
    assert (first, last) == (facts["preferred_hour"], (first + 1) % 24)
    assert all(hours[hour] < most for hour in range(24) if hour != first)
    assert days[first] >= 5
    # How sure it is goes by the days on which something was finished in it, whatever was on each.
    rival = max((count for hour, count in days.items() if hour != first), default=0)
    lead = (days[first] - rival) / (days[first] + rival) ** 0.5
    close(str(snippet.confidence), NormalDist().cdf(lead), 1e-6)


def momentum(inputs, snippet):
    facts = snippet.facts
    week, before, count, said = read(
        snippet.text,
        r"Over the last seven days ([\d.]+) things a day were finished and ([\d.]+) over the (\d+)"
        r" days before: (.+)\.",
    )

    def on(days_ago):
        day = _today(inputs) - timedelta(days=days_ago)
        return sum(at.date() == day for at in walls(inputs))

    lately = [on(n) for n in range(1, 8)]
    earlier = [on(n) for n in range(8, 8 + int(count))]
    assert 7 <= int(count) == facts["before_days"] <= 20
    close(week, fmean(lately))
    close(before, fmean(earlier))
    close(str(facts["week_per_day"]), fmean(lately), 0.006)
    close(str(facts["before_per_day"]), fmean(earlier), 0.006)
    apart = fmean(lately) - fmean(earlier)
    z = apart / (stdev(lately + earlier) * (1 / 7 + 1 / int(count)) ** 0.5)
    close(str(facts["z"]), z, 0.006)
    assert facts["trend"] == ("more" if z >= 1.64 else "less" if z <= -1.64 else "steady")
    size = "within" if abs(z) < 1 else "clearly" if abs(z) >= 2 else "a little"
    assert said.startswith(size)
    assert size == "within" or ("more" in said) == (apart > 0)
    assert (facts["today"], facts["yesterday"]) == (on(0), on(1))
    close(str(facts["per_day"]), fmean(lately + earlier), 0.006)
    usual = inputs.preferences["baseline_completions_per_day"]
    close(str(facts["usual_per_day"]), fmean(lately + earlier) if usual == 3 else usual, 0.006)
    spread = inputs.preferences["completions_per_day_stdev"]
    close(str(facts["usual_stdev"]), stdev(lately + earlier) if spread == 2 else spread, 0.006)
    if facts["usual_stdev"] > 0.1:
        shown = (on(1) - facts["usual_per_day"]) / facts["usual_stdev"]
        close(str(facts["yesterday_z"]), shown, 0.01 + 0.2 * abs(shown))


def overdue_task(inputs, snippet):
    facts = snippet.facts
    late = {}
    for task in inputs.tasks:
        day = _wall(inputs, task.due_at).date() if task.due_at else task.due_on
        passed = task.due_at < inputs.now if task.due_at else day and day < _today(inputs)
        if passed:
            late[task] = (_today(inputs) - day).days
    middle = median(late.values())
    many, of, rest = read(
        snippet.text, r"(\d+) of (\d+) open tasks? (?:is|are) past the day or time set(.*)\."
    )
    assert int(many) == facts["overdue"] == len(late)
    assert int(of) == facts["open"] == len(inputs.tasks)
    assert facts["median_days"] == middle
    if middle:
        days = float(re.search(r"by ([\d.]+) day", rest)[1])
        assert days == middle
        assert sum(one >= days for one in late.values()) * 2 >= len(late)
    else:
        assert rest == ""
    ordered = sorted(late, key=lambda task: (-task.priority, -late[task], task.id))
    assert facts["task_ids"] == [task.id for task in ordered[:20]]
    assert facts["tolerance_days"] == inputs.preferences["lateness_tolerance_days"]
    gone = {t.id for t in late if late[t] > facts["tolerance_days"] and not t.recurring}
    assert set(facts["let_go_ids"]) == gone
    real = inputs.preferences["project_realness"]
    assert set(facts["soft_ids"]) == {t.id for t in late if real.get(t.project, 1) < 0.5}


def recent_patterns(inputs, snippet):
    facts = snippet.facts
    of, days, rest = read(snippet.text, r"Of (\d+) things finished in the last (\d+) days, (.+)\.")
    assert int(days) == facts["days"] == min(28, inputs.preferences["lookback_days"])
    found = [at for at in walls(inputs) if (_today(inputs) - at.date()).days < int(days)]
    assert int(of) == facts["done"] == len(found)
    parts = Counter(at.hour // 3 for at in found)
    weekdays = Counter(at.weekday() for at in found)
    close(str(facts["daily_cycle"]), 1 - len(found) / 8 / max(parts.values()), 0.006)
    if facts["weekly_cycle"] is not None:
        close(str(facts["weekly_cycle"]), 1 - len(found) / 7 / max(weekdays.values()), 0.006)
    said = []
    if facts["peak_from"] is not None:
        first, last, count = facts["peak_from"], facts["peak_until"], facts["in_peak"]
        assert (first + 3) % 24 == last
        assert parts[first // 3] == count > 2 * len(found) / 8
        assert all(parts[other] < count for other in range(8) if other != first // 3)
        said.append(f"{count} between {first}:00 and {last}:00")
    if facts["peak_weekday"] is not None:
        peak, count = facts["peak_weekday"], facts["on_peak_weekday"]
        assert weekdays[peak] == count > 2 * len(found) / 7
        assert all(weekdays[other] < count for other in range(7) if other != peak)
        said.append(f"{count} on {WEEKDAYS[peak]}s")
    assert rest == " and ".join(said)
    assert said


def focus_area(inputs, snippet):
    facts, areas = snippet.facts, inputs.preferences["preferred_areas"]
    inside = [task.id for task in inputs.tasks if task.project in areas]
    assert facts["areas"] == areas
    assert facts["area_task_ids"] == inside[:20]
    assert facts["open"] == len(inputs.tasks)
    groups = Counter(task.cluster for task in inputs.tasks if task.cluster)
    assert facts["groups"] == {name: n for name, n in groups.items() if n >= 3}
    said = ""
    if inside:
        be, which = "is" if len(inside) == 1 else "are", "list" if len(areas) == 1 else "lists"
        tasks = "open task" if len(inputs.tasks) == 1 else "open tasks"
        said = f"{len(inside)} of {len(inputs.tasks)} {tasks} {be} in the {which} worked on most."
    assert facts["in_areas"] == len(inside)
    if facts["group"]:
        assert groups[facts["group"]] == max(groups.values())
        assert (
            facts["group_task_ids"]
            == [task.id for task in inputs.tasks if task.cluster == facts["group"]][:20]
        )
        said += f" {groups[facts['group']]} open tasks seem to be about one thing."
    assert snippet.text == said.strip()


def free_window(inputs, snippet):
    """Looks at every minute from now on, one by one."""
    facts = snippet.facts
    now = inputs.now.timestamp()
    timed = [
        (event.starts_at.timestamp(), event.ends_at.timestamp())
        for event in inputs.events
        if not event.all_day
    ]

    def taken(at):
        return any(start <= at < end for start, end in timed)

    def clock(at):
        return datetime.fromtimestamp(at, inputs.zone)

    quiet, hour = set(), inputs.preferences["quiet_start"]
    while hour != inputs.preferences["quiet_end"]:
        quiet.add(hour)
        hour = (hour + 1) % 24
    assert clock(now).hour not in quiet
    assert facts["busy"] == taken(now)
    # Whatever can end it begins or ends here: at an appointment's edge or on an hour.
    edges = {edge for span in timed for edge in span}
    edges |= {(now // 900 + n) * 900 for n in range(1, 97)} | {now + 86400}
    for edge in sorted(edge for edge in edges if now < edge <= now + 86400 or facts["busy"]):
        if edge <= now:
            continue
        if facts["busy"]:
            if not taken(edge):
                expected, what = edge, "free"
                break
        elif taken(edge):
            expected, what = edge, "event"
            break
        elif clock(edge).hour in quiet:
            expected, what = edge, "quiet"
            break
        elif edge == now + 86400:
            expected, what = edge, "horizon"
    until = datetime.fromisoformat(facts["until"])
    assert facts["until_what"] == what
    assert abs(until.timestamp() - expected) < 1
    assert datetime.fromisoformat(facts["from"]) == inputs.now
    assert facts["minutes"] == int((until.timestamp() - now) // 60)
    wanted = inputs.preferences["free_window_minutes"]
    assert facts["enough"] == (not facts["busy"] and (until.timestamp() - now) // 60 >= wanted)
    said = f"{clock(expected):%H:%M}" + (
        "" if clock(expected).date() == clock(now).date() else f" on {clock(expected):%A}"
    )
    assert (
        snippet.text
        == {
            "free": f"Something is on in the calendar until {said}.",
            "event": f"The calendar is free until {said}.",
            "quiet": f"The calendar is free until quiet hours begin at {said}.",
            "horizon": "The calendar is free for the next 24 hours.",
        }[what]
    )
    begin = [e.id for e in inputs.events
             if e.starts_at.timestamp() == until.timestamp() < e.ends_at.timestamp()]  # fmt: skip
    assert facts["next_event_id"] == (min(begin) if what == "event" else None)
    assert facts["focus"] == any(
        event.kind == "focus" and event.starts_at.timestamp() <= now < event.ends_at.timestamp()
        for event in inputs.events
    )
    rest = [start for start, _ in timed if start > now and clock(start).date() == clock(now).date()]
    assert facts["later_today"] == len(rest)
    minute = now
    busy = 0
    while clock(minute).date() == clock(now).date():
        busy += taken(minute)
        minute += 60
    assert abs(facts["busy_minutes_today"] - busy) <= 1 + len(timed)


def energy(inputs, snippet):
    facts, today = snippet.facts, _today(inputs)

    def on(measure, day):
        return next((f.value for f in inputs.health if (f.measure, f.day) == (measure, day)), None)

    def before(measure, day):
        return [f.value for f in inputs.health if f.measure == measure and f.day < day]

    def usual(name, default, measured):
        own = inputs.preferences[name]
        return own if own != default else median(measured) if len(measured) >= 7 else None

    nights, days = before("sleep", today), before("steps", today - DAY)
    slept, steps = on("sleep", today), on("steps", today - DAY)
    night = usual("usual_sleep_minutes", 480, nights)
    walk = usual("usual_steps", 6000, days)
    assert (facts["sleep_minutes"], facts["usual_sleep_minutes"]) == (slept, night)
    assert (facts["steps"], facts["usual_steps"]) == (steps, walk)
    assert facts["nights"] == len(nights)
    texts = snippet.text
    if slept is not None and night is not None:
        said, how, middle = re.match(
            r"Last night had (.+) of sleep, (.+) \((.+)\)\.", texts
        ).groups()
        assert minutes_of(said) == round(slept)
        assert minutes_of(middle) == round(night)
        apart = slept - night
        level = {"shorter than usual": "low", "longer than usual": "high"}.get(how, "usual")
        assert facts["level"] == level
        deviation = 1.4826 * median(abs(one - median(nights)) for one in nights)
        unusual = abs(apart) >= 30 and abs(apart) >= 1.5 * deviation
        assert level == ("usual" if not unusual else "low" if apart < 0 else "high")
    else:
        assert "night" not in texts
        assert facts["level"] is None
    if steps is not None and walk is not None:
        said, middle = re.search(
            r"Yesterday had ([\d,]+) steps; a usual day has about ([\d,]+)\.$", texts
        ).groups()
        close(said, steps, 0.5)
        close(middle, walk, 0.5)
    else:
        assert "steps" not in texts
    beat_day = today if on("resting", today) is not None else today - DAY
    assert facts["resting"] == on("resting", beat_day)
    beats = before("resting", beat_day)
    assert facts["usual_resting"] == (median(beats) if len(beats) >= 7 else None)


RECOUNTS = {
    "time-of-day": time_of_day,
    "momentum": momentum,
    "overdue-task": overdue_task,
    "recent-patterns": recent_patterns,
    "focus-area": focus_area,
    "free-window": free_window,
    "energy": energy,
}
