"""What several rooms of the recommender's tests begin with."""

import pytest

from recommender import live


@pytest.fixture
def no_orders_seen(settings):
    """The test is a process that has seen no orders yet, and where none are, egreedy-v1 serves."""
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()
    yield
    live._known = live.Known()
