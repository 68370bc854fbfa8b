"""What every source that takes a file promises, beside what every source does."""

import io
import random
import time
from datetime import timedelta
from types import ModuleType

import pytest

from integrations import snapshot
from integrations.connect import take_file
from integrations.formats.facts import BadFormat, CalendarPull, SeenEvent, SeenTask, TaskPull
from integrations.models import CalendarEvent, Connection, Task
from integrations.source import AcceptsFile, SignalSource, sources
from tests.integrations.samples import sample_of
from tests.people import NOW, person


@pytest.fixture(params=[source.id for source in sources if isinstance(source, AcceptsFile)])
def files(request) -> SignalSource:
    return sources.get(request.param)


@pytest.fixture
def sample(files) -> ModuleType:
    return sample_of(files.id)


def read(source: AcceptsFile, data: bytes, zone: str = "Europe/Berlin") -> CalendarPull | TaskPull:
    return source.read(io.BytesIO(data), time_zone=zone, now=NOW)


def things(pull: CalendarPull | TaskPull) -> "list[SeenEvent] | list[SeenTask]":
    return pull.open if isinstance(pull, TaskPull) else pull.coming


def rows() -> list[dict[str, object]]:
    """All that a file may have become, but the moment it was added."""
    return [
        {name: value for name, value in row.items() if name != "added_at"}
        for model in (CalendarEvent, Task)
        for row in model.objects.order_by("pk").values()
    ]


def test_its_sample_file_is_read(files, sample):
    pull = read(files, sample.FILE)
    assert {one.title for one in things(pull)} == sample.TITLES
    assert not pull.refused
    assert pull.complete
    ids = [one.external_id for one in things(pull)]
    assert len(set(ids)) == len(ids)
    assert all(0 < len(one) <= 64 and one.isascii() and one.isprintable() for one in ids)
    for event in [] if isinstance(pull, TaskPull) else pull.coming:
        assert event.starts_at.utcoffset() == timedelta(0)
        assert event.ends_at > NOW
        assert event.starts_at <= event.ends_at
    assert read(files, sample.FILE) == pull


@pytest.mark.django_db
def test_its_sample_file_becomes_rows_without_text_and_a_snapshot(files, sample):
    user = person("ada@example.com").user
    pull = take_file(user, files, io.BytesIO(sample.FILE), now=NOW)
    first = rows()
    assert len(first) == len(things(pull))
    take_file(user, files, io.BytesIO(sample.FILE), now=NOW)
    assert rows() == first, "the same file again changes nothing"
    connection = Connection.objects.get(source=files.id)
    assert set((snapshot.read(connection.pk) or {}).values()) == sample.TITLES
    assert not any(title in repr(first) for title in sample.TITLES)


@pytest.mark.django_db
def test_a_file_that_is_refused_leaves_what_an_earlier_one_gave(files, sample):
    user = person("ada@example.com").user
    take_file(user, files, io.BytesIO(sample.FILE), now=NOW)
    before = rows()
    with pytest.raises(BadFormat):
        take_file(user, files, io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(100)), now=NOW)
    assert rows() == before


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(files, settings):
    settings.UPLOAD_MAX_BYTES = 1000

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 <= size < 10_000, "it wants all of it"
            self.given += size
            return b"x" * size

    file = Endless()
    with pytest.raises(BadFormat):
        files.read(file, time_zone="UTC", now=NOW)
    assert file.given < 10_000


def test_hostile_files_end_soon_in_events_or_a_sentence(files, sample):
    chance = random.Random(3)
    half = len(sample.FILE) // 2
    hostile = [b"", b"\x00" * 1000, bytes(range(256)) * 40, sample.FILE[:half], sample.FILE * 50]
    for _ in range(5):
        flipped = bytearray(sample.FILE)
        for _ in range(10):
            flipped[chance.randrange(len(flipped))] = chance.randrange(256)
        hostile.append(bytes(flipped))
    for data in hostile:
        began = time.monotonic()
        said = "It was read."
        try:
            pull = read(files, data, chance.choice(["UTC", "No/Where", ""]))
            assert all(one.title for one in things(pull))
        except BadFormat as error:
            said = str(error)
        assert said.endswith(".")
        assert len(said) <= 200
        assert not any(title in said for title in sample.TITLES)
        assert time.monotonic() - began < 30
