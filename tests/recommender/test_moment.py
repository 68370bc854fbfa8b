"""Why there is no tip, in words the user can act on."""

import pytest
from django.db.models import F

from integrations.models import Connection
from recommender.moment import standing
from tests.people import NOW, person

pytestmark = pytest.mark.django_db


def stand(someone, *, has_tip=False, silent=False, **connection):
    if connection:
        Connection.objects.update(**connection)
    rows = Connection.objects.values("source", "status", "failures", synced=F("synced_at"))
    return standing(someone.user, list(rows), has_tip=has_tip, silent=silent, now=NOW)


def test_with_nothing_connected_the_next_step_is_to_connect():
    ada = person()
    Connection.objects.all().delete()
    assert stand(ada).state == "connect"


def test_a_first_read_that_is_under_way_is_said_and_one_that_drags_on_too():
    ada = person()
    assert not stand(ada, synced_at=None).slow
    assert stand(ada, synced_at=None).state == "reading"
    assert stand(ada, synced_at=None, failures=2, trouble="unavailable").slow


def test_trouble_that_passes_by_itself_is_not_the_users_to_know():
    ada = person()
    assert stand(ada, failures=9, trouble="rate_limited").state == "quiet"


def test_a_grant_that_ended_is_named_beside_a_tip_and_instead_of_one():
    ada = person()
    alone = stand(ada, status="reconnect", synced_at=NOW)
    assert alone.state == "reconnect"
    beside = stand(ada, has_tip=True)
    assert beside.state == "tip"
    assert [source.name for source in beside.reconnect] == ["Todoist"]


def test_silence_is_quiet_and_does_not_hide_that_a_source_needs_its_user():
    ada = person()
    assert stand(ada, silent=True, synced_at=None).state == "quiet"
    broken = stand(ada, silent=True, status="reconnect", synced_at=NOW)
    assert broken.state == "quiet"
    assert [source.name for source in broken.reconnect] == ["Todoist"]
