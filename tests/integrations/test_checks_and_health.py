"""What the operator is told, before and while sources are read."""

from datetime import timedelta

import pytest

from integrations.checks import sources_load, times_make_sense
from integrations.health import credentials, last_sync
from integrations.models import Connection
from integrations.source import sources
from tests.people import NOW, person


def test_an_installation_as_it_should_be_has_nothing_to_say():
    assert sources_load(None) == []
    assert times_make_sense(None) == []
    assert credentials(NOW).state == "ok"


def test_no_source_that_can_be_connected_is_a_warning_with_the_variables(settings):
    settings.TODOIST_CLIENT_SECRET = ""
    (beside,) = sources_load(None)
    assert beside.id == "integrations.I001", "Google Calendar can be connected still"
    settings.GOOGLE_CALENDAR_CLIENT_SECRET = ""
    said = sources_load(None)
    assert {one.id for one in said} == {"integrations.W001"}
    hints = " ".join(one.hint or "" for one in said)
    assert "TODOIST_CLIENT_SECRET" in hints
    assert "GOOGLE_CALENDAR_CLIENT_SECRET" in hints
    found = credentials(NOW)
    assert found.state == "fail"
    assert "TODOIST_CLIENT_ID" in found.fix


def test_a_wrong_path_in_sources_is_an_error_with_the_path(settings, monkeypatch):
    monkeypatch.setattr(sources, "_loaded", None)
    settings.SOURCES = ["integrations.sources.nowhere.Nowhere"]
    (said,) = sources_load(None)
    assert said.id == "integrations.E001"
    assert "nowhere.Nowhere" in said.msg


def test_reading_more_often_than_sources_allow_is_an_error(settings):
    settings.FRESH_SECONDS = 0
    assert [said.id for said in times_make_sense(None)] == ["integrations.E002"]


@pytest.mark.django_db
def test_the_state_of_reading_in_one_sentence():
    assert last_sync(NOW).state == "ok"
    person("ada@example.com")
    assert last_sync(NOW).state == "ok"
    Connection.objects.update(failures=2, trouble="unavailable")
    assert last_sync(NOW).state == "warn"
    Connection.objects.update(trouble="sealed")
    found = last_sync(NOW)
    assert found.state == "fail"
    assert "ENCRYPTION_KEYS" in found.fix
    Connection.objects.update(failures=0, trouble="", due_at=NOW - timedelta(hours=1))
    late = last_sync(NOW)
    assert late.state == "fail"
    assert "3600 s late" in late.says
