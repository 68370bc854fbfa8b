"""Calendars behind secret addresses: read when they change, kept secret, and never lost to a bad day."""

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.contrib.messages import get_messages
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from werkzeug import Request, Response

from accounts.models import User
from integrations import snapshot
from integrations.answers import wait_asked
from integrations.connect import take_file
from integrations.disconnect import disconnect
from integrations.feeds import TRIES_AN_HOUR, CannotAdd, add_feed, rename_feed
from integrations.formats.facts import BadFormat
from integrations.formats.ical_reply import digest, is_whole, rest
from integrations.models import CalendarEvent, Connection, Revocation
from integrations.shown import label_of, shown
from integrations.source import sources
from integrations.sources.ical_feed import ICalendarFeed
from integrations.sync import sync_due
from integrations.troubles import TELL_AFTER
from oo.lib.http import Reply
from tests.integrations.calendars import FINE, calendar
from tests.integrations.google_world import GoogleWorld
from tests.integrations.test_ical_files import REAL

pytestmark = pytest.mark.django_db(transaction=True)
SOURCE = sources.get("ical_feed")
assert isinstance(SOURCE, ICalendarFeed)


@pytest.fixture
def ruth() -> User:
    return User.objects.create_user("ruth@example.com", time_zone="Europe/London")


@pytest.fixture
def address(google: GoogleWorld) -> str:
    return google.control.get("/feed", params={"persona": "ruth"}).json()["address"]


@pytest.fixture
def feed(ruth: User, address: str) -> Connection:
    return add_feed(ruth, SOURCE, address, "Family", now=timezone.now())


def read(feed: Connection, *, now: datetime | None = None) -> Connection:
    now = now or timezone.now()
    Connection.objects.filter(pk=feed.pk).update(due_at=now - timedelta(days=365))
    assert sync_due(now=now, limit=1) == 1
    return Connection.objects.get(pk=feed.pk)


def titles(feed: Connection) -> set[str]:
    return set((snapshot.read(feed.pk) or {}).values())


# ------------------------------------------------------------------------------------------------
# Adding one


def test_an_address_that_is_a_calendar_is_connected_with_its_events(feed: Connection) -> None:
    assert "Swimming, the boys" in titles(feed)
    assert "School run" not in titles(feed), "it leaves her free"
    assert CalendarEvent.objects.filter(connection=feed).exists()
    assert feed.due_at is not None
    assert feed.due_at >= feed.created_at + timedelta(minutes=45), "as the feed asks"


def test_the_address_is_sealed_and_shown_masked_and_said_to_no_log(
    feed: Connection, ruth: User, address: str, caplog
) -> None:
    secret = urlsplit(address).path.split("/")[3]
    read(feed)
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM connections")
        assert secret not in repr(cursor.fetchall())
    client = Client()
    client.force_login(ruth)
    for page in ("/settings/", "/connect/", "/api/connections"):
        assert secret not in client.get(page).content.decode()
    assert secret not in caplog.text
    (one,) = shown(ruth.pk, now=timezone.now())
    assert one.aside == "Calendar address · localhost/••••"


def test_webcal_is_https_and_what_leads_elsewhere_is_refused() -> None:
    assert SOURCE.understand(" webcal://example.com/a.ics#x ") == "https://example.com/a.ics"
    assert SOURCE.understand("webcals://example.com/a.ics") == "https://example.com/a.ics"
    assert SOURCE.understand("https://example.com:443/a?b=c").endswith("/a?b=c")
    for typed in (
        "", "a.ics", "ftp://example.com/a", "file:///etc/passwd", "javascript:alert(1)",
        "http://example.com/a.ics", "https://example.com:8443/a.ics", "https://u:p@example.com/a",
        "https://", "https://[::1", "https://a b/", "x" * 3000,
        "https://example.com:99999/a", "gopher://example.com/", "//example.com/a.ics",
    ):  # fmt: skip
        with pytest.raises(BadFormat) as caught:
            SOURCE.understand(typed)
        assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("kind", "word"),
    [("html", "no calendar"), ("garbage", "no calendar"), ("500", "could not be reached")],
)
def test_an_address_that_is_none_connects_nothing_and_says_what_to_do(
    ruth: User, address: str, google: GoogleWorld, kind: str, word: str
) -> None:
    google.post("/faults", path="/feeds", kind=kind)
    with pytest.raises(CannotAdd, match=word):
        add_feed(ruth, SOURCE, address, "", now=timezone.now())
    assert not Connection.objects.exists()


def test_there_may_be_several_but_each_once_and_not_too_many(
    feed: Connection, ruth: User, address: str, google: GoogleWorld
) -> None:
    with pytest.raises(CannotAdd, match="already"):
        add_feed(ruth, SOURCE, address, "", now=timezone.now())
    other = google.control.get("/feed", params={"persona": "mei"}).json()["address"]
    add_feed(ruth, SOURCE, other, "", now=timezone.now())
    assert Connection.objects.count() == 2
    for number in range(SOURCE.most - 2):
        Connection.objects.create(
            user=ruth, source=SOURCE.id, slot=str(number), created_at=timezone.now()
        )
    third = google.control.get("/feed", params={"persona": "joao"}).json()["address"]
    with pytest.raises(CannotAdd, match="at most"):
        add_feed(ruth, SOURCE, third, "", now=timezone.now())


def test_nobody_tries_addresses_without_end(ruth: User, address: str, google: GoogleWorld) -> None:
    google.post("/faults", path="/feeds", kind="html")
    now = timezone.now()
    for number in range(TRIES_AN_HOUR):
        with pytest.raises(CannotAdd, match="no calendar"):
            add_feed(ruth, SOURCE, f"{address}?{number}", "", now=now)
    google.forget_requests()
    with pytest.raises(CannotAdd, match="Wait"):
        add_feed(ruth, SOURCE, address, "", now=now)
    assert google.asked("/feeds") == []


# ------------------------------------------------------------------------------------------------
# Reading it again


def test_a_feed_without_news_costs_a_304_and_changes_nothing(
    feed: Connection, google: GoogleWorld
) -> None:
    before = list(CalendarEvent.objects.order_by("pk").values())
    google.forget_requests()
    assert read(feed).trouble == ""
    (entry,) = google.control.get("/requests").json()["requests"]
    assert entry["status"] == 304
    assert list(CalendarEvent.objects.order_by("pk").values()) == before


def test_a_feed_that_says_nothing_of_itself_is_told_by_its_body(
    ruth: User, address: str, google: GoogleWorld, monkeypatch
) -> None:
    feed = add_feed(ruth, SOURCE, f"{address}?plain=1", "", now=timezone.now())
    expanded: list[int] = []
    from integrations.sources import ical_feed

    real = ical_feed.read_apart

    def counted(*given: Any, **more: Any) -> Any:
        expanded.append(1)
        return real(*given, **more)

    monkeypatch.setattr(ical_feed, "read_apart", counted)
    cursor = read(feed).cursor
    assert expanded == [], "its stamps are new, and it tells the same"
    google.post(
        "/events",
        persona="ruth",
        title="Dentist",
        starts_at=(google.now + timedelta(days=1)).isoformat(),
    )
    assert read(feed).cursor != cursor
    assert expanded == [1]
    assert "Dentist" in titles(feed)


def test_what_was_taken_out_of_a_feed_goes_and_days_that_come_into_view_come(
    feed: Connection, google: GoogleWorld
) -> None:
    id = google.post(
        "/events", persona="ruth", title="Dentist", starts_at=(google.now + timedelta(days=1)).isoformat()
    )["id"]  # fmt: skip
    read(feed)
    assert "Dentist" in titles(feed)
    google.post(f"/events/{id}", persona="ruth", status="cancelled")
    read(feed)
    assert "Dentist" not in titles(feed)
    last = max(CalendarEvent.objects.values_list("starts_at", flat=True))
    read(feed, now=timezone.now() + timedelta(days=4))  # the world has not changed
    assert max(CalendarEvent.objects.values_list("starts_at", flat=True)) > last


@pytest.mark.parametrize("kind", ["html", "garbage", "truncated", "500", "429"])
def test_a_bad_day_takes_nothing_away(feed: Connection, google: GoogleWorld, kind: str) -> None:
    known = set(CalendarEvent.objects.values_list("external_id", flat=True))
    words = titles(feed)
    Connection.objects.update(cursor="")
    google.post("/faults", path="/feeds", kind=kind)
    for _ in range(3):
        assert read(feed).trouble
    assert set(CalendarEvent.objects.values_list("external_id", flat=True)) == known
    assert titles(feed) == words
    google.control.delete("/faults")
    assert read(feed).trouble == ""


def test_a_link_that_stays_broken_is_said_to_the_user_with_what_to_do(
    feed: Connection, ruth: User, google: GoogleWorld
) -> None:
    known = CalendarEvent.objects.count()
    google.post("/feed/reset", persona="ruth")
    Connection.objects.update(cursor="")
    for number in range(TELL_AFTER):
        (one,) = shown(ruth.pk, now=timezone.now())
        assert one.trouble == "", f"{number} slips are nobody's worry"
        assert read(feed).trouble == "link_broken"
    (one,) = shown(ruth.pk, now=timezone.now())
    assert "Copy the calendar’s address anew" in one.trouble
    client = Client()
    client.force_login(ruth)
    assert one.trouble in client.get("/settings/").content.decode()
    assert CalendarEvent.objects.count() == known
    row = Connection.objects.get()
    assert row.status == "connected", "it is tried again, in case it comes back"


def test_a_feed_leads_on_three_times_and_no_more(
    ruth: User, address: str, google: GoogleWorld
) -> None:
    here = urlsplit(address)
    led = here._replace(path=f"/feeds/moved/3{here.path.removeprefix('/feeds')}").geturl()
    too_far = led.replace("/moved/3/", "/moved/4/")
    with pytest.raises(CannotAdd):
        add_feed(ruth, SOURCE, too_far, "", now=timezone.now())
    add_feed(ruth, SOURCE, led, "", now=timezone.now())


# ------------------------------------------------------------------------------------------------
# A server that answers as it likes


@pytest.fixture
def served(httpserver, settings) -> Iterator[Any]:
    settings.SANDBOX_URL = httpserver.url_for("")
    yield httpserver
    httpserver.clear()


def pull(server: Any, body: bytes, **headers: str) -> Any:
    server.clear()
    server.expect_request("/a.ics").respond_with_data(body, headers=headers)
    return SOURCE.pull(
        server.url_for("/a.ics"), cursor="", now=datetime.fromisoformat("2026-03-02T08:00:00Z"),
        time_zone="Europe/Berlin",
    )  # fmt: skip


def test_an_emptied_calendar_is_empty_and_half_of_one_is_trouble(served) -> None:
    from integrations.source import SourceTrouble

    assert [one.title for one in pull(served, calendar(FINE)).coming] == ["Fine"]
    assert pull(served, calendar()).coming == []
    for body in (b"", b"  \n", calendar(FINE)[:-20], b"<html></html>", b"BEGIN:VCARD\nEND:VCARD"):
        with pytest.raises(SourceTrouble) as caught:
            pull(served, body)
        assert caught.value.code in ("no_calendar", "unreadable")


def test_a_calendar_that_is_too_large_is_not_read(served, settings) -> None:
    from integrations.source import SourceTrouble

    settings.UPLOAD_MAX_BYTES = 1000
    with pytest.raises(SourceTrouble) as caught:
        pull(served, calendar(*[FINE] * 50))
    assert caught.value.code == "too_large"


def test_its_cursor_fits_whatever_the_server_calls_its_answer(served) -> None:
    found = pull(served, calendar(FINE), ETag='"' + "x" * 5000 + '"')
    assert len(found.cursor) <= 1000


@pytest.mark.parametrize(
    ("line", "minutes"),
    [
        ("REFRESH-INTERVAL;VALUE=DURATION:PT45M", 45),
        ("X-PUBLISHED-TTL:PT1H", 60),
        ("X-PUBLISHED-TTL:P1W", 24 * 60),
        ("REFRESH-INTERVAL;VALUE=DURATION:P1D", 24 * 60),
        ("X-PUBLISHED-TTL:PT0S", 0),
        ("X-PUBLISHED-TTL:-PT5M", 0),
        ("X-PUBLISHED-TTL:soon", 0),
        ("SUMMARY:X-PUBLISHED-TTL:PT5M", 0),
    ],
)
def test_how_long_a_feed_asks_to_be_left_alone(line: str, minutes: int) -> None:
    assert rest(calendar(FINE, before=line)) == timedelta(minutes=minutes)


def test_stamps_count_for_nothing_and_words_for_all() -> None:
    first = calendar(f"{FINE}\nDTSTAMP:20260101T000000Z\nCREATED:20250101T000000Z")
    later = calendar(f"{FINE}\nDTSTAMP:20260301T000000Z\nCREATED:20250101T000009Z")
    other = calendar(f"{FINE}!\nDTSTAMP:20260101T000000Z\nCREATED:20250101T000000Z")
    assert digest(first) == digest(later) != digest(other)
    assert is_whole(first)
    assert not is_whole(first[:-8])


# ------------------------------------------------------------------------------------------------
# Names, pages and the end


def test_a_feed_is_renamed_and_its_name_is_sealed(feed: Connection) -> None:
    rename_feed(feed, "  Choir\n" + "x" * 100)
    renamed = Connection.objects.get()
    assert label_of(renamed) == ("Choir " + "x" * 100)[:60]
    with database.cursor() as cursor:
        cursor.execute("SELECT label FROM connections")
        assert "Choir" not in repr(cursor.fetchall())


def test_removing_a_feed_leaves_nothing_and_no_secret_waiting(feed: Connection) -> None:
    disconnect(feed, now=timezone.now())
    assert not Connection.objects.exists()
    assert not CalendarEvent.objects.exists()
    assert not Revocation.objects.exists(), "an address is no grant: it is not kept to be revoked"
    assert snapshot.read(feed.pk) is None


def test_through_the_pages_a_feed_is_added_renamed_and_removed(ruth: User, address: str) -> None:
    client = Client(headers={"host": django_settings.PUBLIC_URL.split("//")[1]})
    client.force_login(ruth)
    wrong = client.post("/connect/ical_feed/address/", {"address": "a.ics"})
    assert wrong["Location"] == "/connect/"
    assert "not an address" in str(*get_messages(wrong.wsgi_request))
    made = client.post("/connect/ical_feed/address/", {"address": address, "label": "Family"})
    assert made["Location"] == "/settings/"
    feed = Connection.objects.get()
    assert "Family" in client.get("/settings/").content.decode()
    client.post(f"/connections/{feed.pk}/name/", {"label": "School"})
    assert "School" in client.get("/settings/").content.decode()
    eve = Client()
    eve.force_login(User.objects.create_user("eve@example.com"))
    assert eve.post(f"/connections/{feed.pk}/name/", {"label": "Mine"}).status_code == 404
    assert client.post("/connect/todoist/address/", {"address": address}).status_code == 404
    client.post(f"/connections/{feed.pk}/cut/")
    assert not Connection.objects.exists()


def test_every_real_calendar_gives_the_same_as_a_feed_and_as_a_file(
    real_data: Path, served, ruth: User
) -> None:
    files = sorted((real_data / "ical").glob("*.ics"))
    assert files
    came = 0
    for path in files:
        name, day, zone, _ = next(case for case in REAL if case[0] == path.stem)
        now = datetime.fromisoformat(day).replace(tzinfo=UTC)
        ruth.time_zone = zone
        ruth.save()
        Connection.objects.all().delete()
        take_file(ruth, sources.get("ical"), io.BytesIO(path.read_bytes()), now=now)
        served.clear()
        served.expect_request("/a.ics").respond_with_data(path.read_bytes())
        feed = add_feed(ruth, SOURCE, served.url_for("/a.ics"), name, now=now)
        file = Connection.objects.get(source="ical")
        columns = ("external_id", "starts_at", "ends_at", "all_day", "kind", "text_hash")
        both = [
            set(CalendarEvent.objects.filter(connection=one).values_list(*columns))
            for one in (feed, file)
        ]
        assert both[0] == both[1], name
        assert titles(feed) == titles(file)
        came += len(both[0])
    assert came > 20


@pytest.mark.parametrize("word", ['"', "\\", "x"])
def test_its_cursor_fits_whatever_json_makes_of_the_tags(served, word) -> None:
    found = pull(served, calendar(FINE), **{"ETag": word * 300, "Last-Modified": word * 300})
    assert 0 < len(found.cursor) <= 1000
    again = SOURCE.pull(
        served.url_for("/a.ics"), cursor=found.cursor,
        now=datetime.fromisoformat("2026-03-02T09:00:00Z"), time_zone="Europe/Berlin",
    )  # fmt: skip
    assert again.unchanged


def test_what_was_read_by_a_clock_that_was_ahead_is_read_anew(served) -> None:
    found = pull(served, calendar(FINE))
    earlier = datetime.fromisoformat("2026-02-20T08:00:00Z")
    again = SOURCE.pull(
        served.url_for("/a.ics"), cursor=found.cursor, now=earlier, time_zone="Europe/Berlin"
    )
    assert not again.unchanged


def test_an_address_that_leads_on_has_one_time_for_all_of_it(served, settings) -> None:
    from integrations.source import SourceTrouble

    settings.SOURCE_TIMEOUT_SECONDS = 0.6
    asked = []

    def lead_on(request: Request) -> Response:
        asked.append(request.path)
        time.sleep(0.4)
        return Response(status=302, headers={"Location": "/a.ics"})

    served.expect_request("/a.ics").respond_with_handler(lead_on)
    with pytest.raises(SourceTrouble) as caught:
        SOURCE.pull(served.url_for("/a.ics"), cursor="", now=timezone.now(), time_zone="UTC")
    assert caught.value.code == "unreachable"
    assert len(asked) <= 2, "each takes most of it"


def test_one_person_tries_one_address_at_a_time(ruth: User, served) -> None:
    """While one is read, of which the server makes a long affair, the next is turned away."""
    turned_away = []

    def answer(request: Request) -> Response:
        try:
            add_feed(ruth, SOURCE, served.url_for("/b.ics"), "", now=timezone.now())
        except CannotAdd as error:
            turned_away.append(str(error))
        finally:
            database.close()
        return Response(calendar(FINE))

    served.expect_request("/a.ics").respond_with_handler(answer)
    served.expect_request("/b.ics").respond_with_data(calendar(FINE))
    add_feed(ruth, SOURCE, served.url_for("/a.ics"), "", now=timezone.now())
    assert len(turned_away) == 1
    assert "Wait a moment" in turned_away[0]
    add_feed(ruth, SOURCE, served.url_for("/b.ics"), "", now=timezone.now())


def test_after_a_rotation_an_address_is_still_known(ruth: User, served, settings) -> None:
    served.expect_request("/a.ics").respond_with_data(calendar(FINE))
    add_feed(ruth, SOURCE, served.url_for("/a.ics"), "", now=timezone.now())
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    with pytest.raises(CannotAdd, match="already"):
        add_feed(ruth, SOURCE, served.url_for("/a.ics"), "", now=timezone.now())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120), ("Sat, 21 Nov 2026 18:00:00 GMT", 3600), ("Saturday", None), ("", None),
        ("Sat, 21 Nov 2026 16:00:00 GMT", 0), ("Sat, 21 Nov 2026 25:00:00 GMT", None),
    ],
)  # fmt: skip
def test_the_wait_that_is_asked_for_is_seconds_or_a_moment(header, seconds) -> None:
    date = "Sat, 21 Nov 2026 17:00:00 GMT"
    assert wait_asked(Reply(429, {"retry-after": header, "date": date}, b"")) == seconds


def test_a_feed_that_asks_for_a_wait_until_a_moment_is_given_it(served) -> None:
    from integrations.source import SourceTrouble

    served.expect_request("/a.ics").respond_with_data(
        status=503,
        headers={"Retry-After": format_datetime(timezone.now() + timedelta(hours=2), True)},
    )
    with pytest.raises(SourceTrouble) as caught:
        SOURCE.pull(served.url_for("/a.ics"), cursor="", now=timezone.now(), time_zone="UTC")
    assert caught.value.retry_after == pytest.approx(7200, abs=60)
