"""Google Calendar's answers as values. Pure, and distrustful of every field."""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from integrations.formats.facts import BadFormat, EventKind, SeenEvent

LONGEST_TITLE = 200
UNTITLED = "Busy"
KINDS: dict[str, EventKind] = {"focusTime": "focus", "outOfOffice": "away"}
NOT_BUSY = ("workingLocation", "birthday")

# What is outside is a mistake or a joke, and no arithmetic with it is safe in every time zone.
FIRST_YEAR, LAST_YEAR = 1900, 2999

_ID = re.compile(r"[0-9A-Za-z_@.-]{1,64}")


@dataclass(frozen=True)
class Page:
    """One page of events: what is on, what is not (any more), and how to go on."""

    coming: list[SeenEvent]
    gone: list[str]
    refused: int
    next_page: str
    sync_token: str


@dataclass(frozen=True)
class Cursor:
    """How a read in steps goes on: Google's sync token, when the whole window was last read, and
    in which zone whole days were placed."""

    token: str = ""
    read_at: datetime | None = None
    zone: str = ""

    def packed(self) -> str:
        read_at = self.read_at.isoformat() if self.read_at else ""
        return json.dumps([self.token, read_at, self.zone], separators=(",", ":"))


def unpack(cursor: str) -> Cursor:
    """The cursor that was packed; an empty one when it is none of ours."""
    try:
        token, read_at, zone = json.loads(cursor)
        if not (isinstance(token, str) and isinstance(zone, str)):
            return Cursor()
        moment = datetime.fromisoformat(read_at)
    except (ValueError, TypeError):
        return Cursor()
    return Cursor(token, moment, zone) if moment.tzinfo else Cursor()


def parse_busy(body: Any, calendar: str) -> list[SeenEvent]:
    """The answer of POST /freeBusy about one calendar. Raises BadFormat."""
    calendars = body.get("calendars") if isinstance(body, dict) else None
    told = calendars.get(calendar) if isinstance(calendars, dict) else None
    if not isinstance(told, dict) or told.get("errors") or not isinstance(told.get("busy"), list):
        raise BadFormat("Google did not say when this calendar is busy.")
    found = {}
    for block in told["busy"]:
        starts_at = _instant(block.get("start")) if isinstance(block, dict) else None
        ends_at = _instant(block.get("end")) if isinstance(block, dict) else None
        if starts_at is None or ends_at is None or ends_at < starts_at:
            raise BadFormat("Google gave a busy time that makes no sense.")
        id = f"{starts_at:%Y%m%dT%H%M%SZ}-{ends_at:%Y%m%dT%H%M%SZ}"
        found[id] = SeenEvent(id, UNTITLED, starts_at, ends_at)
    return list(found.values())


def parse_events(body: Any, *, zone: tzinfo) -> Page:
    """One page of `events.list`; whole days are the user's. Raises BadFormat.

    What is cancelled, declined, or leaves the user free is as good as gone.
    """
    if not isinstance(body, dict) or not isinstance(body.get("items", []), list):
        raise BadFormat("Google's answer is not a list of events.")
    coming: list[SeenEvent] = []
    gone: list[str] = []
    refused = 0
    for item in body.get("items", []):
        id = _id(item.get("id")) if isinstance(item, dict) else ""
        if not id:
            refused += 1
        elif not _is_busy(item):
            gone.append(id)
        elif (event := _event(id, item, zone)) is not None:
            coming.append(event)
        else:
            refused += 1
    return Page(coming, gone, refused, _word(body, "nextPageToken"), _word(body, "nextSyncToken"))


def user_zone(name: str) -> tzinfo:
    """The user's zone; UTC when it is no name of a zone."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):
        return UTC


def _is_busy(item: dict[str, Any]) -> bool:
    if item.get("status") == "cancelled" or item.get("transparency") == "transparent":
        return False
    if item.get("eventType") in NOT_BUSY:
        return False
    attendees = item.get("attendees")
    return not any(
        isinstance(one, dict)
        and one.get("self") is True
        and one.get("responseStatus") == "declined"
        for one in (attendees if isinstance(attendees, list) else [])
    )


def _event(id: str, item: dict[str, Any], zone: tzinfo) -> SeenEvent | None:
    start, end = item.get("start"), item.get("end")
    if not isinstance(start, dict) or not isinstance(end, dict):
        return None
    all_day = "date" in start
    # The end is exclusive: of a whole day it is the midnight that ends it.
    read = (lambda one: _midnight(one.get("date"), zone)) if all_day else _moment
    starts_at, ends_at = read(start), read(end)
    if starts_at is None or ends_at is None or ends_at < starts_at:
        return None
    kind: EventKind = "busy"
    if isinstance(item.get("eventType"), str):
        kind = KINDS.get(item["eventType"], "busy")
    return SeenEvent(id, _title(item.get("summary")), starts_at, ends_at, all_day, kind)


def _moment(told: dict[str, Any]) -> datetime | None:
    return _instant(told.get("dateTime"))


def _instant(told: Any) -> datetime | None:
    """An RFC 3339 instant in UTC."""
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
        if moment is None or moment.utcoffset() is None or not _is_sane(moment):
            return None
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _midnight(told: Any, zone: tzinfo) -> datetime | None:
    try:
        day = date.fromisoformat(told) if isinstance(told, str) else None
        if day is None or not _is_sane(day):
            return None
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_sane(day: date) -> bool:
    return FIRST_YEAR <= day.year <= LAST_YEAR


def _id(told: Any) -> str:
    """Google's ids have up to 1024 characters; ours fit the column."""
    if not isinstance(told, str) or not told:
        return ""
    if _ID.fullmatch(told):
        return told
    return sha256(told.encode(errors="replace")).hexdigest()[:40]


def _title(told: Any) -> str:
    """A summary as one line of text. It is missing where only busy or free is shared."""
    if not isinstance(told, str):
        return UNTITLED
    shown = "".join(
        " " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one
        for one in told[:2000]
        if unicodedata.category(one) != "Cs" and one not in "\u202a\u202b\u202c\u202d\u202e"
    )
    return " ".join(shown.split())[:LONGEST_TITLE].strip() or UNTITLED


def _word(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else ""


def window(now: datetime, days: int) -> tuple[datetime, datetime]:
    """What is read: whole hours, so that a busy time that began is told alike at each read."""
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
    return begin, begin + timedelta(days=days + 1)
