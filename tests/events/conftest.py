import pytest

from oo.events.subscribe import _handlers


@pytest.fixture
def handlers():
    """The subscriptions of one test alone."""
    before = {subject: dict(named) for subject, named in _handlers.items()}
    _handlers.clear()
    yield _handlers
    _handlers.clear()
    _handlers.update(before)
