"""One sandbox process for the folder, a fresh world for each test."""

from collections.abc import Iterator

import pytest

from tests.sandbox.world import Receiver, World


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def _world(_receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("sandbox") / "world.sqlite3"
    world = World("sandbox-of-its-own", state, "--webhook-url", _receiver.url)
    world.start()
    yield world
    world.stop()


@pytest.fixture
def world(_world: World, _receiver: Receiver) -> World:
    _world.control("POST", "/reset").raise_for_status()
    _world.http.cookies.clear()
    _receiver.status = 200
    _receiver.deliveries.clear()
    return _world


@pytest.fixture
def receiver(_receiver: Receiver) -> Receiver:
    return _receiver
