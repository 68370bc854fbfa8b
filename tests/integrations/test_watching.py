"""A channel that comes at an awkward moment: cut while it is opened, sealed with a key that is lost."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from integrations.disconnect import disconnect, revoke_due
from integrations.models import Channel, Connection
from integrations.source import SourceTrouble
from integrations.sync import read_soon, sync_due
from integrations.watching import heard
from tests.integrations.google_world import LIST, GoogleWorld

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_channel_whose_connection_is_cut_while_it_is_opened_is_stopped(
    google: GoogleWorld, monkeypatch
) -> None:
    calendar = google.link(titles=True)
    kind = type(google.source)
    before = kind.watch

    def watch(self, *args, **more):
        opened = before(self, *args, **more)
        assert google.channels()
        disconnect(Connection.objects.get(pk=calendar.connection.pk), now=google.now)
        return opened

    monkeypatch.setattr(kind, "watch", watch)
    Connection.objects.update(due_at=google.now - timedelta(days=365))
    assert sync_due(now=google.now, limit=1) == 1
    assert google.channels() == []
    revoke_due(now=google.now)
    assert google.grants_alive("priya") == 0


def test_a_channel_sealed_with_a_lost_key_is_no_trouble(google: GoogleWorld, settings) -> None:
    calendar = google.link(titles=True)
    calendar.read()
    (old,) = google.channels()
    Connection.objects.update(status="reconnect", access_token="", refresh_token="")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    again = google.link(user=calendar.connection.user, titles=True)
    for _ in range(2):
        row = again.read()
        assert (row.trouble, row.failures) == ("", 0)
    # One that we can't tell from a forged one would tell of nothing, so there is another in its place.
    (new,) = google.channels()
    assert new["id"] != old["id"]
    assert Channel.objects.get().token


def test_channels_that_are_refused_for_days_leave_one_row(google: GoogleWorld) -> None:
    calendar = google.link(titles=True)
    google.post("/faults", path=f"{LIST}/watch", kind="500")
    for _ in range(4):
        google.later(hours=7)
        assert calendar.read().trouble == ""
    (left,) = Channel.objects.all()
    assert google.now - left.created_at < timedelta(hours=1), "or it is asked for with each read"


def test_a_refused_renewal_leaves_the_channel_that_still_works(google: GoogleWorld) -> None:
    calendar = google.link(titles=True)
    calendar.read()
    works = Channel.objects.get()
    google.later(days=5, hours=12)
    google.post("/faults", path=f"{LIST}/watch", kind="500")
    for _ in range(2):
        google.later(hours=7)
        calendar.read()
    assert Channel.objects.exclude(resource_id="").get().pk == works.pk
    assert Channel.objects.count() == 2


@pytest.fixture
def reading(google: GoogleWorld, monkeypatch):
    """`during(then)` reads a calendar, and has `then` happen when its list has been read."""
    calendar = google.link(titles=True)
    calendar.read()
    kind = type(google.source)
    pull = kind.pull

    def during(then):
        def read(self, *args, **more):
            pulled = pull(self, *args, **more)
            then(Channel.objects.get())
            return pulled

        monkeypatch.setattr(kind, "pull", read)
        row = calendar.read()
        monkeypatch.setattr(kind, "pull", pull)
        return row

    return during


def test_a_change_told_of_during_a_read_is_read_next(google: GoogleWorld, reading) -> None:
    def told(channel: Channel) -> None:
        at = google.now
        assert heard("google_calendar", str(channel.pk), channel.token, news=True, now=at)

    # In trouble until this very read, which goes well.
    Connection.objects.update(trouble="unavailable")
    row = reading(told)
    assert (row.trouble, row.claim_token) == ("", None)
    assert row.due_at <= google.now
    assert sync_due(now=google.now, limit=1) == 1
    assert Connection.objects.get().due_at > google.now, "once, not for ever"


def test_a_read_that_is_wished_for_during_a_read_comes_next(google: GoogleWorld, reading) -> None:
    row = reading(lambda channel: read_soon(channel.connection_id, now=google.now))
    assert row.due_at <= google.now


def test_a_change_told_of_during_a_read_that_fails_hurries_nothing(
    google: GoogleWorld, reading
) -> None:
    def told(channel: Channel) -> None:
        at = google.now
        assert heard("google_calendar", str(channel.pk), channel.token, news=True, now=at)
        raise SourceTrouble("unavailable", "not now")

    row = reading(told)
    assert row.trouble == "unavailable"
    assert row.due_at > google.now
