"""Records of a health export, added up by day without counting anything twice. Pure.

A phone and a watch count the same steps, and a watch and an app the same sleep. So of steps the source
that counted most is taken hour by hour, of sleep one source for each night, and of mindful minutes
what is covered at all. All of it is bounded, whatever a file holds.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator

from integrations.formats.apple_health_time import DAY

HOUR = 3600
APART = 3 * HOUR  # a longer time awake ends a night
LONGEST = DAY
MOST_SOURCES = 40
MOST_INTERVALS = 200_000
MOST_REMEMBERED = 5_000
HOURS = 24

Interval = tuple[int, int, int]  # from, until, and the offset from UTC at its end


class TooMany(Exception):
    """More sources or intervals than any person has."""


class Names:
    """Names of sources as small numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Raises TooMany."""
        number = self._numbers.setdefault(name, len(self._numbers))
        if number >= MOST_SOURCES:
            del self._numbers[name]
            raise TooMany
        return number


class Steps:
    """Steps by local day, source and hour. What lasts longer than an hour counts for its day only."""

    def __init__(self) -> None:
        self._sources = Names()
        self._hours: dict[int, dict[int, array[float]]] = {}
        self._remembered: dict[int, set[tuple[int, int, float]]] = {}

    def add(self, source: str, start: int, end: int, offset: int, count: float) -> None:
        """Raises TooMany."""
        number = self._sources.number(source)
        if self._seen(number, (start, end, count)):
            return
        start, end = start + offset, end + offset
        day = start // DAY
        total = self._of(day, number)
        total[HOURS] += count
        if end - start > HOUR:
            return
        first, last = start // HOUR, max(end - 1, start) // HOUR
        if first == last:
            total[first % HOURS] += count
            return
        early = count * (last * HOUR - start) / (end - start)
        total[first % HOURS] += early
        if last // HOURS == day:
            total[last % HOURS] += count - early
        else:
            total[HOURS] -= count - early
            late = self._of(day + 1, number)
            late[0] += count - early
            late[HOURS] += count - early

    def _of(self, day: int, number: int) -> "array[float]":
        """A source's steps in each hour of a day, and behind them in all of it."""
        sources = self._hours.setdefault(day, {})
        if number not in sources:
            sources[number] = array("d", bytes(8 * (HOURS + 1)))
        return sources[number]

    def _seen(self, number: int, record: tuple[int, int, float]) -> bool:
        """Whether the source has just said the same: some exports repeat records."""
        known = self._remembered.setdefault(number, set())
        if record in known:
            return True
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known.add(record)
        return False

    def by_day(self) -> Iterator[tuple[int, float]]:
        for day, sources in self._hours.items():
            hourly = sum(max(total[hour] for total in sources.values()) for hour in range(HOURS))
            yield day, max(hourly, *(total[HOURS] for total in sources.values()), 0.0)


class Intervals:
    """When each source says that something was so, neighbours joined as they come."""

    def __init__(self) -> None:
        self._sources = Names()
        self._by_source: dict[int, list[Interval]] = defaultdict(list)
        self._count = 0

    def add(self, source: str, start: int, end: int, offset: int) -> None:
        """Raises TooMany."""
        found = self._by_source[self._sources.number(source)]
        if found and found[-1][0] <= start <= found[-1][1]:
            before = found[-1]
            found[-1] = (before[0], end, offset) if end > before[1] else before
            return
        if self._count >= MOST_INTERVALS:
            raise TooMany
        self._count += 1
        found.append((start, end, offset))

    def nights(self) -> Iterator[tuple[int, float]]:
        """Minutes of each night, by the day of waking: of the source that saw most of it."""
        best: dict[int, float] = {}
        for found in self._by_source.values():
            nights: dict[int, float] = defaultdict(float)
            for night in _nights(_joined(found)):
                woke = (night[-1][1] + night[-1][2]) // DAY
                nights[woke] += sum(end - start for start, end, _ in night) / 60
            for day, minutes in nights.items():
                best[day] = max(best.get(day, 0.0), min(minutes, DAY / 60))
        yield from best.items()

    def covered(self) -> Iterator[tuple[int, float]]:
        """Minutes that any source saw, by the day on which they began."""
        minutes: dict[int, float] = defaultdict(float)
        every = (interval for found in self._by_source.values() for interval in found)
        for start, end, offset in _joined(every):
            minutes[(start + offset) // DAY] += (end - start) / 60
        yield from ((day, min(total, DAY / 60)) for day, total in minutes.items())


class Latest:
    """One value a day: the last that was written for it, whoever wrote it."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[int, float]] = {}

    def add(self, end: int, offset: int, value: float) -> None:
        day = (end + offset) // DAY
        self._values[day] = max(self._values.get(day, (end, value)), (end, value))

    def by_day(self) -> Iterator[tuple[int, float]]:
        yield from ((day, value) for day, (_, value) in self._values.items())


def _joined(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """In their order, those that overlap or touch as one."""
    last: Interval | None = None
    for interval in sorted(intervals):
        if last is not None and interval[0] <= last[1]:
            if interval[1] > last[1]:
                last = (last[0], interval[1], interval[2])
            continue
        if last is not None:
            yield last
        last = interval
    if last is not None:
        yield last


def _nights(intervals: Iterable[Interval]) -> Iterator[list[Interval]]:
    night: list[Interval] = []
    for interval in intervals:
        if night and interval[0] - night[-1][1] > APART:
            yield night
            night = []
        night.append(interval)
    if night:
        yield night
