import pytest

from accounts import keys


@pytest.fixture
def declaring(monkeypatch) -> None:
    """What a test declares is gone after it."""
    monkeypatch.setattr(keys, "_keys", dict(keys._keys))
