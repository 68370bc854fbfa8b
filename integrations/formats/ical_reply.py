"""What the answer of a feed says about itself, without being expanded. Pure."""

import hashlib
import re
from datetime import timedelta

LONGEST_REST = timedelta(days=1)

# What many feeds write anew at each request, whether anything changed or not.
_RESTLESS = re.compile(
    rb"^(?:DTSTAMP|CREATED|LAST-MODIFIED)[:;].*(?:\r?\n[ \t].*)*\r?\n?",
    re.MULTILINE | re.IGNORECASE,
)
_REST = re.compile(
    rb"^(?:REFRESH-INTERVAL[^:\r\n]*|X-PUBLISHED-TTL):\s*\+?P(?:(\d{1,3})W)?(?:(\d{1,4})D)?"
    rb"(?:T(?:(\d{1,5})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?\s*$",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(rb"END:VCALENDAR\s*\Z", re.IGNORECASE)


def digest(body: bytes) -> str:
    """The same for bodies that tell the same."""
    return hashlib.sha256(_RESTLESS.sub(b"", body)).hexdigest()[:32]


def rest(body: bytes) -> timedelta:
    """How long the feed asks to be left alone between two reads: a day at most."""
    asked = timedelta(0)
    for match in _REST.finditer(body[:100_000]):
        weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
        asked = max(
            asked,
            timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds),
        )
    return min(asked, LONGEST_REST)


def is_whole(body: bytes) -> bool:
    """Whether a calendar came to its end. What is missing in half of one is not gone."""
    return _END.search(body[-200:]) is not None
