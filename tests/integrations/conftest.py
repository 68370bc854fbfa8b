"""`todoist`, `google`: the sandbox's services and people connected to them by real OAuth."""

import pytest

from tests.integrations.google_world import GoogleWorld
from tests.integrations.todoist_world import TodoistWorld
from tests.services.sandbox import Sandbox


@pytest.fixture
def todoist(sandbox: Sandbox, settings, monkeypatch) -> TodoistWorld:
    def wait_at_most(seconds: float) -> None:
        settings.SOURCE_TIMEOUT_SECONDS = seconds
        monkeypatch.setattr("integrations.sources.todoist.REFRESH_SECONDS", seconds)

    return TodoistWorld(sandbox, wait_at_most)


@pytest.fixture
def google(sandbox: Sandbox) -> GoogleWorld:
    return GoogleWorld(sandbox)
