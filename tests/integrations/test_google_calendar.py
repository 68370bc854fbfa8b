"""Google Calendar as a source: least scope, reads in steps, changes told at once, a clean goodbye."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from django.test import Client

from integrations.connect import turn_titles_off
from integrations.disconnect import disconnect, revoke_due
from integrations.formats.google_calendar import parse_events, unpack
from integrations.models import CalendarEvent, Channel, Connection, Revocation
from integrations.personal_data import Grants
from integrations.source import NeedsReconnect, SourceTrouble
from integrations.sources.google_calendar import EVENTS, FREEBUSY
from integrations.sync import sync_due
from oo.events.models import Record
from tests.integrations.google_world import API, LIST, Calendar, GoogleWorld

pytestmark = pytest.mark.django_db(transaction=True)


def changes_told() -> int:
    return Record.objects.filter(subject="signals.calendar.changed").count()


# ------------------------------------------------------------------------------------------------
# What is asked for


def test_only_busy_times_are_asked_for_and_apart_from_the_sign_in(google: GoogleWorld) -> None:
    url = google.source.authorize_url(state="s", challenge="c", redirect_uri="http://localhost/")
    query = parse_qs(urlsplit(url).query)
    assert query["scope"] == [f"openid {FREEBUSY}"]
    assert "include_granted_scopes" not in query, "revoking it would revoke the sign-in too"
    assert query["access_type"] == ["offline"]
    assert query["prompt"] == ["consent"]


def test_a_consent_to_busy_times_gives_times_without_words(google: GoogleWorld) -> None:
    calendar = google.link()
    google.forget_requests()
    row = calendar.read()
    assert google.asked() == ["POST /freeBusy"]
    assert row.trouble == ""
    events = CalendarEvent.objects.filter(connection=row)
    assert events.count() > 10
    assert calendar.titles() == {"Busy"}
    assert not google.channels(), "there is nothing to watch without the events"
    before = set(events.values_list("external_id", "starts_at"))
    told = changes_told()
    calendar.read()
    assert set(events.values_list("external_id", "starts_at")) == before
    assert changes_told() == told, "a read without news is no news"


def test_titles_that_were_unticked_leave_busy_times(google: GoogleWorld) -> None:
    calendar = google.link(titles=True, ticked=(FREEBUSY,))
    google.forget_requests()
    assert calendar.read().scope == FREEBUSY
    assert google.asked() == ["POST /freeBusy"]


def test_a_consent_with_all_unticked_connects_nothing_and_is_given_back(
    google: GoogleWorld,
) -> None:
    with pytest.raises(NeedsReconnect):
        google.link(ticked=())
    assert not Connection.objects.exists()
    assert google.grants_alive("priya") == 0


# ------------------------------------------------------------------------------------------------
# With titles


@pytest.fixture
def priya(google: GoogleWorld) -> Calendar:
    calendar = google.link(titles=True)
    calendar.read()
    return calendar


def test_what_is_declined_free_or_a_place_is_not_busy_and_set_aside_times_keep_their_kind(
    priya: Calendar,
) -> None:
    titles = priya.titles()
    assert {"Leadership standup", "No meetings: the memo"} <= titles
    assert not {"Vendor demo", "Run"} & titles
    kinds = set(CalendarEvent.objects.values_list("kind", flat=True))
    assert {"busy", "focus"} <= kinds


def test_a_whole_day_is_the_users_own_and_ends_where_the_next_begins(priya: Calendar) -> None:
    day = priya.world.now.date() + timedelta(days=3)
    id = priya.add(
        "Out: Chennai",
        start={"date": day.isoformat()},
        end={"date": (day + timedelta(days=2)).isoformat()},
        eventType="outOfOffice",
    )
    priya.read()
    event = priya.event(id)
    assert event is not None
    assert (event.kind, event.all_day) == ("away", True)
    assert event.ends_at - event.starts_at == timedelta(days=2)
    assert f"{event.starts_at:%H:%M}" == "18:30", "midnight in Kolkata"


def test_later_reads_bring_only_what_changed(priya: Calendar) -> None:
    known = CalendarEvent.objects.count()
    id = priya.add("Dentist")
    priya.world.forget_requests()
    priya.read()
    assert priya.world.asked(LIST) == ["GET /calendars/primary/events"], "one page"
    assert CalendarEvent.objects.count() == known + 1
    assert "Dentist" in priya.titles()
    assert "Leadership standup" in priya.titles(), "the words of the rest are still there"
    priya.change(id, summary="Dentist, moved", start={"dateTime": "2001-01-01T10:00:00Z"},
                 end={"dateTime": "2001-01-01T11:00:00Z"})  # fmt: skip
    priya.read()
    assert priya.event(id) is None, "it moved out of what is coming"
    again = priya.add("Call")
    priya.read()
    priya.change(again, status="cancelled")
    priya.read()
    assert priya.event(again) is None
    assert not {"Dentist, moved", "Call"} & priya.titles()


def test_a_forgotten_sync_token_leads_to_a_full_read_and_no_trouble(priya: Calendar) -> None:
    priya.world.post("/forget-sync-tokens", persona="priya")
    id = priya.add("Dentist")
    before = set(CalendarEvent.objects.values_list("external_id", flat=True))
    assert priya.read().trouble == ""
    after = set(CalendarEvent.objects.values_list("external_id", flat=True))
    assert after == before | {id}


def test_the_window_is_read_anew_each_night(priya: Calendar) -> None:
    last = max(CalendarEvent.objects.values_list("starts_at", flat=True))
    priya.world.later(days=2)
    priya.read()
    assert max(CalendarEvent.objects.values_list("starts_at", flat=True)) > last


def test_a_user_in_another_zone_has_whole_days_placed_anew(priya: Calendar) -> None:
    day = (priya.world.now.date() + timedelta(days=3)).isoformat()
    end = (priya.world.now.date() + timedelta(days=4)).isoformat()
    id = priya.add("Off", start={"date": day}, end={"date": end})
    priya.read()
    user = priya.row().user
    user.time_zone = "Europe/Berlin"
    user.save()
    priya.read()
    event = priya.event(id)
    assert event is not None
    assert event.starts_at.hour in (22, 23)


def test_lost_words_are_read_again(priya: Calendar) -> None:
    from integrations import snapshot

    snapshot.drop(priya.connection.pk)
    priya.read()
    assert "Leadership standup" in priya.titles()


@pytest.mark.parametrize("kind", ["403", "429"])
def test_a_used_up_quota_is_waited_for_as_long_as_google_says(priya: Calendar, kind: str) -> None:
    priya.world.post("/faults", path=API, kind=kind, seconds=7200)
    known = CalendarEvent.objects.count()
    row = priya.read()
    assert row.trouble == "rate_limited"
    assert row.due_at is not None
    assert row.due_at >= priya.world.now + timedelta(seconds=7190)
    assert CalendarEvent.objects.count() == known


def test_a_grant_that_was_withdrawn_asks_for_the_user(priya: Calendar) -> None:
    priya.world.post("/revoke", service="google", persona="priya")
    assert priya.read().status == Connection.Status.RECONNECT


# ------------------------------------------------------------------------------------------------
# Titles on and off


def test_titles_turned_on_later_keep_one_grant_and_its_successor_alive(google: GoogleWorld) -> None:
    calendar = google.link()
    calendar.read()
    user = calendar.row().user
    calendar = google.link(user=user, titles=True)
    assert Revocation.objects.count() == 0, "the same account: revoking would end the new one too"
    assert Connection.objects.count() == 1
    calendar.read()
    assert "Leadership standup" in calendar.titles()


def test_another_account_has_the_old_grant_revoked(google: GoogleWorld) -> None:
    calendar = google.link("priya")
    user = calendar.row().user
    google.link("mei", user=user)
    assert Revocation.objects.count() == 2
    assert revoke_due(now=google.now) == 2
    assert google.grants_alive("priya") == 0
    assert google.grants_alive("mei") == 1


def test_titles_turned_off_are_gone_at_once_and_not_read_any_more(priya: Calendar) -> None:
    turn_titles_off(priya.row(), priya.world.source, now=priya.world.now)
    assert not CalendarEvent.objects.exists()
    assert priya.titles() == set()
    priya.world.forget_requests()
    priya.read()
    assert "POST /freeBusy" in priya.world.asked()
    assert LIST not in "".join(priya.world.asked())
    assert priya.titles() == {"Busy"}
    assert not priya.world.channels(), "nothing is watched any more"
    assert not Channel.objects.exists()


# ------------------------------------------------------------------------------------------------
# Being told


def hear(headers: dict[str, str]) -> int:
    return Client().post("/hooks/google_calendar/changed/", headers=headers).status_code


def test_a_calendar_with_titles_is_watched_once(priya: Calendar) -> None:
    (channel,) = priya.world.channels()
    assert channel["address"].endswith("/hooks/google_calendar/changed/")
    priya.read()
    assert len(priya.world.channels()) == 1


def test_a_call_of_google_has_the_calendar_read_and_any_other_does_nothing(
    priya: Calendar,
) -> None:
    channel = Channel.objects.get()
    told = {
        "X-Goog-Channel-ID": str(channel.pk),
        "X-Goog-Channel-Token": channel.token,
        "X-Goog-Resource-State": "exists",
    }
    due_at = priya.row().due_at
    assert hear(told | {"X-Goog-Channel-Token": "guessed"}) == 404
    assert hear(told | {"X-Goog-Channel-Token": "gu\u00e9ssed"}) == 404
    assert hear(told | {"X-Goog-Channel-ID": "nonsense"}) == 404
    assert hear({}) == 404
    assert hear(told | {"X-Goog-Resource-State": "sync"}) == 204
    assert priya.row().due_at == due_at
    assert Client().get("/hooks/google_calendar/changed/").status_code == 405
    assert hear(told) == 204
    now = priya.row().due_at
    assert now is not None
    assert now < datetime.now(now.tzinfo) + timedelta(seconds=1)


def test_a_channel_is_made_anew_before_it_ends_and_the_old_one_stopped(priya: Calendar) -> None:
    (old,) = priya.world.channels()
    priya.world.later(days=6)
    priya.read()
    (new,) = priya.world.channels()
    assert new["id"] != old["id"]
    assert str(Channel.objects.get().pk) == new["id"]


def test_a_channel_that_is_refused_is_no_trouble_and_not_asked_for_with_each_read(
    google: GoogleWorld,
) -> None:
    calendar = google.link(titles=True)
    google.post("/faults", path=f"{LIST}/watch", kind="500")
    assert calendar.read().trouble == ""
    calendar.read()
    assert google.asked(f"{LIST}/watch") == ["POST /calendars/primary/events/watch"]
    google.control.delete("/faults")
    google.later(hours=7)
    calendar.read()
    assert len(google.channels()) == 1
    assert Channel.objects.count() == 1


def test_without_a_public_address_nothing_is_watched(google: GoogleWorld, settings) -> None:
    settings.SANDBOX_URL = ""
    settings.PUBLIC_URL = "http://localhost:8000"
    assert not google.source.can_watch(EVENTS)
    settings.PUBLIC_URL = "https://oo.example.org"
    assert google.source.can_watch(EVENTS)
    assert not google.source.can_watch(FREEBUSY)


# ------------------------------------------------------------------------------------------------
# Goodbye


def test_after_disconnecting_nothing_is_left_here_or_there(priya: Calendar) -> None:
    disconnect(priya.row(), now=priya.world.now)
    assert not Connection.objects.exists()
    assert not CalendarEvent.objects.exists()
    assert not Channel.objects.exists()
    assert priya.titles() == set()
    revoke_due(now=priya.world.now)
    assert priya.world.channels() == []
    assert priya.world.grants_alive("priya") == 0
    assert not Revocation.objects.exists()


def test_a_channel_is_stopped_also_when_the_access_token_is_over(priya: Calendar) -> None:
    priya.world.later(hours=3)
    disconnect(priya.row(), now=priya.world.now)
    revoke_due(now=priya.world.now)
    assert priya.world.channels() == []
    assert priya.world.grants_alive("priya") == 0


def test_a_goodbye_that_google_does_not_hear_is_said_again(priya: Calendar) -> None:
    priya.world.post("/faults", path="/google/", kind="500")
    disconnect(priya.row(), now=priya.world.now)
    revoke_due(now=priya.world.now)
    assert Revocation.objects.count() == 2
    priya.world.control.delete("/faults")
    revoke_due(now=priya.world.now + timedelta(hours=1))
    assert not Revocation.objects.exists()
    assert priya.world.grants_alive("priya") == 0


def test_one_persons_trouble_does_not_keep_another_unread(google: GoogleWorld) -> None:
    first, second = google.link("priya"), google.link("mei")
    google.post("/revoke", service="google", persona="priya")
    assert sync_due(now=google.now, limit=5) == 2
    assert first.row().status == Connection.Status.RECONNECT
    assert second.row().synced_at is not None


def test_what_was_read_by_a_clock_that_was_ahead_is_read_anew(priya: Calendar) -> None:
    row, world = priya.read(), priya.world
    for days, complete in ((-0.1, False), (400, True)):
        stamp = replace(unpack(row.cursor), read_at=world.now + timedelta(days=days))
        pull = world.source.pull(
            row.access_token, cursor=stamp.packed(), now=world.now, scope=row.scope,
            time_zone="Asia/Kolkata",
        )  # fmt: skip
        assert pull.complete == complete


def test_after_a_rotation_connecting_anew_keeps_the_new_grant(
    google: GoogleWorld, settings
) -> None:
    calendar = google.link()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    again = google.link(user=calendar.connection.user, titles=True)
    assert not Revocation.objects.exists(), "the same account: revoking would end the new one too"
    revoke_due(now=google.now)
    assert again.read().status == "connected"
    assert google.grants_alive("priya")


def test_an_erasure_revokes_what_it_can_open(google: GoogleWorld, settings) -> None:
    """One grant of a lost key is left, to be tried again; the other ends."""
    calendar = google.link()
    user, now = calendar.connection.user, google.now
    disconnect(calendar.connection, now=now)
    lost = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    Revocation.objects.create(user=user, source=google.source.id, token="one", due_at=now)
    google.forget_requests()
    with pytest.raises(SourceTrouble) as caught:
        Grants().let_go(user.pk)
    assert caught.value.code == "sealed"
    assert len(google.asked("/google/revoke")) == 1
    left = Revocation.objects.count()
    assert left == Revocation.objects.exclude(token__isnull=True).count() > 0
    settings.ENCRYPTION_KEYS = lost
    Grants().let_go(user.pk)
    assert not Revocation.objects.exists()
    assert not google.grants_alive("priya")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ({"dateTime": "0001-01-01T00:00:00Z"}, {"dateTime": "2026-11-21T10:00:00Z"}),
        ({"dateTime": "2026-11-21T10:00:00Z"}, {"dateTime": "9999-12-31T23:00:00Z"}),
        ({"date": "1899-12-31"}, {"date": "2026-11-21"}),
        ({"date": "2026-11-21"}, {"date": "3000-01-01"}),
    ],
)
def test_an_event_of_a_year_that_is_a_mistake_is_left_out(start, end) -> None:
    page = parse_events({"items": [{"id": "a", "start": start, "end": end}]}, zone=UTC)
    assert (page.coming, page.refused) == ([], 1)
