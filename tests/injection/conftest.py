"""`score`: what one test of the injection corpus came to; tests/conftest.py prints the sum."""

from collections.abc import Callable, Iterator

import pytest

from tests.injection.score import Score


@pytest.fixture
def score(record_property: Callable[[str, object], None]) -> Iterator[Score]:
    found = Score()
    yield found
    record_property("injection", found.counts())
