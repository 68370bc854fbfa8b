"""A channel that comes at an awkward moment: cut while it is opened, sealed with a key that is lost."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from integrations.disconnect import disconnect, revoke_due
from integrations.models import Channel, Connection
from integrations.sync import sync_due
from tests.integrations.google_world import GoogleWorld

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
