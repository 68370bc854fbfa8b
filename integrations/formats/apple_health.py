"""An Apple Health export into what each day comes to. Pure, streaming, bounded in memory.

Kept are minutes asleep, steps, mindful minutes and the resting heart rate of each day. The records
themselves, and who somebody is (`Me`), are read over and never kept.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.parsers import expat

from integrations.formats.apple_health_days import LONGEST, Intervals, Latest, Steps, TooMany
from integrations.formats.apple_health_time import DAY, EPOCH, day_of, moment, offset_in
from integrations.formats.apple_health_xml import BROKEN, clean
from integrations.formats.facts import BadFormat, HealthPull, SeenDay

DEEPEST = 50
MOST_STEPS = 100_000
HEARTBEATS = (20.0, 250.0)
ASLEEP = tuple(
    f"HKCategoryValueSleepAnalysis{name}"
    for name in ("Asleep", "AsleepUnspecified", "AsleepCore", "AsleepDeep", "AsleepREM")
)
CUT_SHORT = "This export ends in the middle, so none of it was taken. Export it again."

Record = dict[str, str]


def parse(chunks: Iterable[bytes], *, now: datetime, keep_days: int) -> HealthPull:
    """Reads a whole export.xml, of which the last `keep_days` days count. Raises BadFormat."""
    reader = _Reader(now, keep_days)
    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    # What stands before the root is dropped, so there is no document type; should one get through
    # all the same, nothing of it is of use.
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        for chunk in clean(chunks):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        cut = error.code in (
            expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
            expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
            expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
        )
        raise BadFormat(CUT_SHORT if cut else BROKEN) from None
    return reader.pull()


def _refuse(*_told: Any) -> None:
    raise BadFormat(BROKEN)


class _Reader:
    """Takes elements as they begin and end; only children of the root are records of their own."""

    def __init__(self, now: datetime, keep_days: int) -> None:
        self._depth = 0
        self._record: Record | None = None
        self._take: Callable[[Record], None] | None = None
        self._made_on: date | None = None
        self._latest = int(now.timestamp()) + 2 * DAY
        self._today = now.astimezone(UTC).date()
        self._since = self._today - timedelta(days=keep_days)
        # A night before the first day may end on it.
        self._earliest = (self._since.toordinal() - EPOCH - 2) * DAY
        self._steps, self._resting = Steps(), Latest()
        self._sleep, self._mindful = Intervals(), Intervals()
        self._refused: Counter[str] = Counter()
        self._takes = {
            "HKQuantityTypeIdentifierStepCount": self._take_steps,
            "HKQuantityTypeIdentifierRestingHeartRate": self._take_resting,
            "HKCategoryTypeIdentifierSleepAnalysis": self._take_sleep,
            "HKCategoryTypeIdentifierMindfulSession": self._take_mindful,
        }

    def start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        if self._depth == 2:
            if name == "Record":
                # Apple writes the type first, and most records are of no interest.
                if attributes and attributes[0] == "type":
                    self._take = self._takes.get(attributes[1])
                else:
                    self._take = self._takes.get(_named(attributes).get("type", ""))
                if self._take is not None:
                    self._record = _named(attributes)
            elif name == "ExportDate":
                self._note_date(_named(attributes).get("value", ""))
        elif self._record is not None and self._depth == 3 and name == "MetadataEntry":
            said = _named(attributes)
            if said.get("key") == "HKTimeZone":
                self._record["zone"] = said.get("value", "")
        elif self._depth > DEEPEST:
            raise BadFormat(BROKEN)

    def end(self, _name: str) -> None:
        self._depth -= 1
        if self._depth == 1 and self._record is not None and self._take is not None:
            try:
                self._take(self._record)
            except TooMany:
                self._refused["from more devices, or in more pieces, than a person has"] += 1
            except (ValueError, KeyError):
                self._refused["without a time or a value that makes sense"] += 1
            self._record = self._take = None

    def pull(self) -> HealthPull:
        """What it all comes to."""
        made_on = min(self._made_on or self._today, self._today + timedelta(days=1))
        measures: dict[str, Iterable[tuple[int, float]]] = {
            "sleep": self._sleep.nights(),
            "steps": self._steps.by_day(),
            "mindful": self._mindful.covered(),
            "resting": self._resting.by_day(),
        }
        days = [
            SeenDay(day=day, measure=measure, value=float(round(value)))
            for measure, found in measures.items()
            for number, value in found
            if self._since <= (day := day_of(number * DAY)) <= made_on + timedelta(days=1)
        ]
        return HealthPull(
            days=sorted(days, key=lambda seen: (seen.day, seen.measure)),
            since=self._since,
            made_on=made_on,
            refused=[
                f"{count:,} {'entry' if count == 1 else 'entries'} {why}."
                for why, count in self._refused.most_common()
            ],
        )

    def _note_date(self, said: str) -> None:
        try:
            at, offset = moment(said)
        except ValueError:
            return
        if 0 < at < self._latest:
            self._made_on = day_of(at + offset)

    def _span(self, record: Record) -> tuple[int, int, int] | None:
        """From, until, and the offset where it was; None when too long ago. Raises ValueError."""
        start, _ = moment(record["startDate"])
        end, offset = moment(record["endDate"])
        if end < start or end - start > LONGEST or end > self._latest:
            raise ValueError("impossible")
        if start < self._earliest:
            return None
        if "zone" in record:
            known = offset_in(record["zone"], end)
            offset = offset if known is None else known
        return start, end, offset

    def _take_steps(self, record: Record) -> None:
        if (span := self._span(record)) is not None:
            count = _number(record, 0, MOST_STEPS)
            self._steps.add(record.get("sourceName", ""), *span, count)

    def _take_resting(self, record: Record) -> None:
        if (span := self._span(record)) is not None:
            self._resting.add(span[1], span[2], _number(record, *HEARTBEATS))

    def _take_sleep(self, record: Record) -> None:
        if record["value"] in ASLEEP and (span := self._span(record)) is not None:
            self._sleep.add(record.get("sourceName", ""), *span)

    def _take_mindful(self, record: Record) -> None:
        if (span := self._span(record)) is not None:
            self._mindful.add(record.get("sourceName", ""), *span)


def _named(attributes: list[str]) -> Record:
    return dict(zip(attributes[::2], attributes[1::2], strict=True))


def _number(record: Record, least: float, most: float) -> float:
    value = float(record["value"])
    if not math.isfinite(value) or not least <= value <= most:
        raise ValueError("out of all bounds")
    return value
