"""Why there is no tip, in words the user can act on."""

import pytest

from integrations.models import Connection
from recommender.moment import standing
from tests.people import NOW, person

pytestmark = pytest.mark.django_db


def stand(someone, **connection):
    Connection.objects.update(**connection)
    return standing(someone.user, has_tip=False, now=NOW)


def test_with_nothing_connected_the_next_step_is_to_connect():
    ada = person()
    Connection.objects.all().delete()
    assert standing(ada.user, has_tip=False, now=NOW).state == "connect"


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
    beside = standing(ada.user, has_tip=True, now=NOW)
    assert beside.state == "tip"
    assert [source.name for source in beside.reconnect] == ["Todoist"]
