"""The export inside the zip file that an iPhone makes: found, never unpacked to disk. Pure.

No name of an entry is ever used as a path. What is declared is bounded before anything is read, and
what is read is bounded again, since a header may lie.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from integrations.formats.apple_health_xml import CLINICAL, HOW, NOT_ONE, looks_like_one
from integrations.formats.facts import BadFormat

PIECE = 256 * 1024
MOST_BYTES = 12_000_000_000
MOST_ENTRIES = 60_000
MOST_RATIO = 200  # real ones are packed ten to twenty times
SMALL = 20_000_000  # below this a ratio says nothing
HEAD = 64 * 1024
MOST_LOOKED_INTO = 12

EMPTY = f"This file is empty. {HOW}"
DAMAGED = (
    "This zip file is damaged or not all of it arrived. Send export.zip from your iPhone again, "
    "then choose it here."
)
WITHOUT = f"This zip file holds no Apple Health export. {HOW}"
LOCKED = "This zip file has a password. Choose the export.zip as your iPhone made it."
BOMB = "This zip file unpacks to far more than a health export has, so it was not read."
TOO_LARGE = "This export unpacks to more than oO reads."


@contextmanager
def opened(file: BinaryIO) -> Iterator[tuple[IO[bytes], int]]:
    """The export's document, to be read once from its beginning, and its declared size in bytes.

    `file` is a zip file with an export in it, or the bare export.xml. Raises BadFormat.
    """
    head = file.read(HEAD)
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    if not size:
        raise BadFormat(EMPTY)
    if not head.startswith(b"PK"):
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise BadFormat(NOT_ONE)
        yield file, size
        return
    with _translated(), zipfile.ZipFile(file) as archive:
        entry = _find(archive)
        _refuse_bombs(entry)
        with archive.open(entry) as document:
            yield document, entry.file_size


def pieces(document: IO[bytes], size: int) -> Iterator[bytes]:
    """The document in pieces, no more of it than was declared. Raises BadFormat."""
    taken = 0
    while piece := document.read(PIECE):
        taken += len(piece)
        if taken > min(size, MOST_BYTES):
            raise BadFormat(BOMB)
        yield piece


@contextmanager
def _translated() -> Iterator[None]:
    """What zipfile raises about a stranger's bytes, as a sentence."""
    try:
        yield
    except RuntimeError as error:  # NotImplementedError, an unknown way of packing, is one
        raise BadFormat(LOCKED if "encrypted" in str(error) else DAMAGED) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, OverflowError) as error:
        if isinstance(error, BadFormat):
            raise
        raise BadFormat(DAMAGED) from None


def _find(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The entry that is the export. By its name, or in other languages by what is in it."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_ENTRIES:
        raise BadFormat(BOMB)
    documents = [entry for entry in entries if _base(entry).endswith(".xml")]
    named = [entry for entry in documents if _base(entry) == "export.xml"]
    others = sorted(documents, key=lambda entry: -entry.file_size)[:MOST_LOOKED_INTO]
    for entry in named or others:
        if looks_like_one(_head(archive, entry)):
            return entry
    if named:
        return named[0]  # what is wrong with it, the parser says
    clinical = any(_base(entry) == "export_cda.xml" for entry in documents)
    raise BadFormat(CLINICAL if clinical else WITHOUT)


def _base(entry: zipfile.ZipInfo) -> str:
    return re.split(r"[/\\]", entry.filename)[-1].lower()


def _head(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as document:
        return document.read(HEAD)


def _refuse_bombs(entry: zipfile.ZipInfo) -> None:
    if entry.file_size > MOST_BYTES:
        raise BadFormat(TOO_LARGE)
    if not entry.file_size:
        raise BadFormat(DAMAGED)
    if entry.file_size > SMALL and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        raise BadFormat(BOMB)
