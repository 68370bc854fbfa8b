"""The people's calendars as feeds behind secret addresses, as calendar services publish them."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, make_response, redirect, request

from .clock import stamp
from .diary import Body
from .personas import BY_ID, Persona
from .store import Store
from .world import the_world

feeds = Blueprint("feeds", __name__, url_prefix="/feeds")

FACT = "feed_number"
MOST_REDIRECTS = 9


def path_of(persona: Persona, store: Store) -> str:
    """Where the persona's feed is now: it moves when they reset its secret."""
    number = store.remembered(f"{FACT}:{persona.id}") or "0"
    secret = hashlib.sha256(f"feed of {persona.id}, {number}".encode()).hexdigest()[:32]
    return f"/feeds/{persona.id}/private-{secret}/basic.ics"


def reset_secret(persona: Persona, store: Store) -> None:
    """The old address leads nowhere from now on."""
    number = int(store.remembered(f"{FACT}:{persona.id}") or 0)
    store.remember(f"{FACT}:{persona.id}", str(number + 1))


@feeds.get("/<id>/<secret>/basic.ics")
def feed(id: str, secret: str) -> Response:
    persona = BY_ID.get(id) or abort(404)
    there = path_of(persona, the_world().store)
    if not hmac.compare_digest(request.path.encode(), there.encode()):
        abort(404)
    with the_world().diary(persona) as diary:
        rows = [row for row in diary.rows() if row["status"] != "cancelled"]
    body = _calendar(persona, rows, the_world().clock.now())
    # The stamps are new each time and count for nothing, as with the better services.
    told = _calendar(persona, rows, datetime(2000, 1, 1, tzinfo=UTC))
    tag = hashlib.sha256(told.encode()).hexdigest()[:20]
    if request.headers.get("If-None-Match") == f'"{tag}"' and "plain" not in request.args:
        return make_response("", 304)
    response = make_response(body)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    if "plain" not in request.args:  # as Google's and Outlook's, which say nothing of themselves
        response.headers["ETag"] = f'"{tag}"'
    return response


@feeds.get("/moved/<int:times>/<path:rest>")
def moved(times: int, rest: str) -> Response:
    """Leads on so many times, then to the feed."""
    if not 1 <= times <= MOST_REDIRECTS:
        abort(404)
    there = f"/feeds/moved/{times - 1}/{rest}" if times > 1 else f"/feeds/{rest}"
    target = redirect(there, code=302)
    assert isinstance(target, Response)
    return target


def _calendar(persona: Persona, rows: list[Body], now: datetime) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Sandbox//Calendar//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{persona.email}",
        f"X-WR-TIMEZONE:{persona.time_zone}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT45M",
    ]
    for row in rows:
        lines += [
            "BEGIN:VEVENT",
            f"DTSTAMP:{stamp(now)[:19].replace('-', '').replace(':', '')}Z",
            f"UID:{row['iCalUID']}",
            f"DTSTART{_when(row['start'])}",
            f"DTEND{_when(row['end'])}",
            f"SUMMARY:{_escaped(row['summary'])}",
            "STATUS:CONFIRMED",
            f"TRANSP:{row.get('transparency', 'opaque').upper()}",
            *(
                f"ATTENDEE;PARTSTAT={one['responseStatus'].upper()}:mailto:{one['email']}"
                for one in row.get("attendees", ())
            ),
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _when(told: Body) -> str:
    if "date" in told:
        return f";VALUE=DATE:{told['date'].replace('-', '')}"
    moment = datetime.fromisoformat(told["dateTime"]).astimezone(UTC)
    return f":{moment:%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _folded(line: str) -> str:
    return "\r\n ".join(line[at : at + 70] for at in range(0, len(line), 70))
