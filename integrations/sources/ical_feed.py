"""A calendar behind a secret address: Google's "secret address", Outlook's published one, iCloud's."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit, urlunsplit

from django.conf import settings

from integrations.answers import wait_asked
from integrations.formats.facts import BadFormat, CalendarPull
from integrations.formats.ical_reply import digest, is_whole, rest
from integrations.formats.ical_text import refuse_other_files
from integrations.ical_apart import NOT_NOW, read_apart
from integrations.source import SourceTrouble, UsesAddress
from oo.lib.env import host_and_port
from oo.lib.http import OutgoingError, Reply, fetch, within

LONGEST_ADDRESS = 2_000
MOST_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
BROKEN = (401, 403, 404, 410)
# What is on moves into view with the days, so what did not change is expanded anew now and then.
ANEW_AFTER = timedelta(hours=12)
LONGEST_TAG = 300
LONGEST_CURSOR = 1000

NO_ADDRESS = "This is not an address. It begins with https:// or webcal:// and ends mostly in .ics."
NOT_HTTPS = "oO reads calendars over https only: this address is a secret."
OTHER_PORT = "oO reads calendars on the usual port of https only."
WITH_NAME = "This address has a name and a password in it, which oO does not send."


@dataclass(frozen=True)
class _Seen:
    """What the last answer said of itself, and when it was expanded."""

    etag: str = ""
    modified: str = ""
    digest: str = ""
    at: datetime | None = None
    zone: str = ""

    def packed(self) -> str:
        at = self.at.isoformat() if self.at else ""
        packed = json.dumps([self.etag, self.modified, self.digest, at, self.zone])
        if len(packed) <= LONGEST_CURSOR:
            return packed
        # JSON writes some characters as two. The digest alone tells whether it changed.
        return json.dumps(["", "", self.digest, at, self.zone])


class ICalendarFeed(UsesAddress):
    id = "ical_feed"
    name = "Calendar address"
    says = "Reads your coming events from a calendar’s secret address, and again when it changes."
    most = 10

    def understand(self, typed: str) -> str:
        typed = typed.strip()
        if not 0 < len(typed) <= LONGEST_ADDRESS or not typed.isprintable() or " " in typed:
            raise BadFormat(NO_ADDRESS)
        try:
            parts = urlsplit(typed)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise BadFormat(NO_ADDRESS) from None
        if not host:
            raise BadFormat(NO_ADDRESS)
        scheme = "https" if parts.scheme in ("webcal", "webcals") else parts.scheme
        if parts.username is not None or parts.password is not None:
            raise BadFormat(WITH_NAME)
        if scheme == "http" and _is_trusted(host, port or 80):
            return urlunsplit(("http", *parts[1:4], ""))
        if scheme != "https":
            raise BadFormat(NOT_HTTPS if scheme == "http" else NO_ADDRESS)
        if port not in (None, 443) and not _is_trusted(host, port):
            raise BadFormat(OTHER_PORT)
        return urlunsplit(("https", *parts[1:4], ""))

    def pull(self, address: str, *, cursor: str, now: datetime, time_zone: str) -> CalendarPull:
        seen = _unpack(cursor)
        # A stamp from the future is of a clock that was wrong: it says nothing of how old this is.
        fresh = (
            seen.at is not None
            and timedelta(0) <= now - seen.at < ANEW_AFTER
            and seen.zone == time_zone
        )
        with within(settings.SOURCE_TIMEOUT_SECONDS):  # who leads on doesn't get the time anew
            reply = self._fetch(address, seen if fresh else _Seen())
        if reply.status == 304 and fresh:
            return CalendarPull(coming=[], complete=False, unchanged=True)
        if reply.status in BROKEN:
            raise SourceTrouble("link_broken", f"a calendar address answered {reply.status}")
        if reply.status != 200:
            raise _trouble(reply)
        body = reply.body
        try:
            refuse_other_files(body)
        except BadFormat as error:
            raise SourceTrouble("no_calendar", str(error)) from None
        if not is_whole(body):
            raise SourceTrouble("unreadable", "a calendar broke off before its end")
        told = digest(body)
        wait = rest(body)
        if fresh and told == seen.digest:
            return CalendarPull(coming=[], complete=False, unchanged=True, rest=wait)
        try:
            found = read_apart(body, time_zone=time_zone, now=now, may_be_empty=True)
        except BadFormat as error:
            code = "busy" if str(error) == NOT_NOW else "unreadable"
            raise SourceTrouble(code, str(error)) from None
        last = _Seen(_tag(reply, "etag"), _tag(reply, "last-modified"), told, now, time_zone)
        return CalendarPull(
            coming=found.coming, refused=found.refused, cursor=last.packed(), rest=wait
        )

    def _fetch(self, address: str, seen: _Seen) -> Reply:
        """The answer at the end of a few redirects, each of which is looked at like the address."""
        conditions = {"If-None-Match": seen.etag, "If-Modified-Since": seen.modified}
        headers = {"Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1"}
        headers |= {name: value for name, value in conditions.items() if value}
        for _ in range(1 + MOST_REDIRECTS):
            try:
                reply = fetch(
                    "GET",
                    address,
                    headers=headers,
                    seconds=settings.SOURCE_TIMEOUT_SECONDS,
                    max_bytes=settings.UPLOAD_MAX_BYTES,
                    trusted=_stand_in(),
                )
            except OutgoingError as error:
                raise SourceTrouble(CODES.get(error.trouble, "unreachable"), str(error)) from None
            if reply.status not in REDIRECTS:
                return reply
            try:
                address = self.understand(urljoin(address, reply.headers.get("location", "")))
            except ValueError:  # BadFormat is one
                raise SourceTrouble("forbidden", "a calendar address leads astray") from None
        raise SourceTrouble("link_broken", "a calendar address leads from one to the next")


CODES = {"forbidden": "forbidden", "bad address": "forbidden", "too large": "too_large"}


def _stand_in() -> frozenset[str]:
    """The sandbox, in development. Nothing else that the operator trusts is a user's to name."""
    place = host_and_port(settings.SANDBOX_URL)
    return frozenset([place] if place else [])


def _is_trusted(host: str, port: int) -> bool:
    return f"{host}:{port}" in _stand_in()


def _trouble(reply: Reply) -> SourceTrouble:
    code = "rate_limited" if reply.status == 429 else "unavailable"
    busy = reply.status == 429 or reply.status >= 500
    wait = wait_asked(reply) if busy else None
    return SourceTrouble(code, f"a calendar address answered {reply.status}", wait)


def _tag(reply: Reply, name: str) -> str:
    value = reply.headers.get(name, "")
    return value if len(value) <= LONGEST_TAG and value.isascii() and value.isprintable() else ""


def _unpack(cursor: str) -> _Seen:
    try:
        etag, modified, told, at, zone = json.loads(cursor)
        seen = _Seen(str(etag), str(modified), str(told), datetime.fromisoformat(at), str(zone))
    except (ValueError, TypeError):
        return _Seen()
    return seen if seen.at and seen.at.tzinfo else _Seen()
