"""Fixtures that start the real parts. tests/services/plugin.py tells where they will be found.

`redis_server`  always there, emptied after each test; .stop() and .start() for a broken Redis
`nats`          NATS with JetStream, named by settings.NATS_URL while the test runs; .kill(), .start()
`sandbox`       Google and Todoist on localhost: .url, .control for /_control/...; reset per test
`worker`        a Celery worker process on the test database: .kill(), .restart(), .log
`live`          the web server at settings.PUBLIC_URL, on the test database: .url
`page`          a fresh page of the system's Chromium; `browser` to open contexts oneself
`real_data`     the folder OO_REAL_DATA, or the test is skipped and says so
"""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.services import plugin
from tests.services.browser import ARGUMENTS, find_browser
from tests.services.celery import Worker
from tests.services.nats import NatsServer
from tests.services.redis import RedisServer
from tests.services.sandbox import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`postgres` tests are about locks SQLite does not have. What touches no database, is marked
    `once`, or looks at pages in a browser is not run a second time on another one: but for the way in.
    """
    if plugin.DATABASE_URL:
        left_out = [item for item in items if item.get_closest_marker("once") or not _stores(item)]
    else:
        left_out = [item for item in items if item.get_closest_marker("postgres")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _stores(item: pytest.Item) -> bool:
    """Whether it asks for the database, by a mark or through a fixture."""
    asked = {"db", "transactional_db", "django_db_setup"}.intersection(
        getattr(item, "fixturenames", ())
    )
    marked = item.get_closest_marker("django_db") or item.get_closest_marker("postgres")
    looks = "browser" in getattr(item, "fixturenames", ()) and "test_way_in" not in item.nodeid
    return bool(asked or marked) and not looks


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The score of the injection corpus, whichever processes its tests ran in."""
    from tests.injection.score import line_of

    told = {
        report.nodeid: value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "injection"
    }
    if told:
        terminalreporter.write_line(line_of(list(told.values())))


@pytest.fixture(scope="session", autouse=True)
def _broker() -> None:
    """Jobs woken by a test go to the test's Redis, as they do from the web process."""
    import_module("oo.celery")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Names the test database so that a worker process finds it: on SQLite it is a file."""
    from django.db import connection

    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
    else:
        name = plugin.shared_database_name(str(connection.settings_dict["NAME"]))
    connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The operators' log refuses to be deleted, but SQLite is emptied after a test by DELETE.

    tests/console/test_log.py puts the trigger back to try it. PostgreSQL is emptied by TRUNCATE.
    """
    from django.db import connection

    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER admin_actions_kept")


@pytest.fixture(scope="session", autouse=True)
def _redis_process() -> Iterator[RedisServer]:
    server = RedisServer(plugin.REDIS_SOCKET)
    server.start()
    yield server
    server.kill()


@pytest.fixture(autouse=True)
def redis_server(_redis_process: RedisServer) -> Iterator[RedisServer]:
    yield _redis_process
    if not _redis_process.running:
        _redis_process.start()
    _redis_process.empty()


@pytest.fixture
def nats(settings: Any) -> Iterator[NatsServer]:
    """A new one for each test: streams have memories."""
    server = NatsServer()
    server.start()
    settings.NATS_URL = server.url
    yield server
    server.kill()


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(_sandbox_process: Sandbox) -> Iterator[Sandbox]:
    if not _sandbox_process.running:
        _sandbox_process.start()
    yield _sandbox_process
    if _sandbox_process.running:
        _sandbox_process.control.post("/reset").raise_for_status()


@pytest.fixture
def worker(transactional_db: None, redis_server: RedisServer) -> Iterator[Worker]:
    worker = Worker()
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """pytest-django's, on the port that the settings were told."""
    plugin.release_port(plugin.LIVE_PORT)
    server = LiveServer(f"localhost:{plugin.LIVE_PORT}")
    yield server
    server.stop()


@pytest.fixture
def live(live_server: LiveServer) -> SimpleNamespace:
    from django.conf import settings

    return SimpleNamespace(url=settings.PUBLIC_URL)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import expect, sync_playwright

    path = find_browser()
    if path is None:
        pytest.fail("No Chromium on the PATH. `make test` as root installs it; see its message.")
    expect.set_options(timeout=30_000)  # a machine may have more to do than this
    # Playwright keeps an event loop running in this thread, which Django takes for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("OO_REAL_DATA")
    if not folder:
        pytest.skip("needs real data: set OO_REAL_DATA to its folder")
    path = Path(folder)
    assert path.is_dir(), f"OO_REAL_DATA names no folder: {folder}"
    return path
