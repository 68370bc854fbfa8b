"""The bytes of an Apple Health export, made fit for a strict XML parser. Pure.

Apple has shipped broken document types and control characters inside attributes. And whoever writes
a hostile file writes entities. So all that stands before `<HealthData` is dropped, unread: with it
go the document type, its entities and whatever is wrong with them.
"""

import re
from collections.abc import Iterable, Iterator

from integrations.formats.facts import BadFormat

LONGEST_PROLOGUE = 1_000_000
LONGEST_TAG = 1_000_000

HOW = (
    "On your iPhone open Health, tap your picture, then Export All Health Data, and choose the "
    "export.zip it makes."
)
NOT_ONE = f"This is not an Apple Health export. {HOW}"
CLINICAL = f"This is the clinical part of an export, which oO doesn't read. {HOW}"
BROKEN = "This export is damaged, so none of it was taken. Export it again on your iPhone."

_ROOT = re.compile(rb"<HealthData[\s/>]")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_NO_CHARACTER = re.compile(b"\xef\xbf[\xbe\xbf]")  # U+FFFE and U+FFFF
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));")


def looks_like_one(head: bytes) -> bool:
    """Whether a file that begins like this may be an export: its root is in it."""
    return _ROOT.search(head) is not None


def clean(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The document from its root element on, in UTF-8 and in characters that XML 1.0 has.

    Raises BadFormat where there is no such root, or a tag without end.
    """
    rest = b""
    inside = False
    for chunk in chunks:
        rest += chunk
        if not inside:
            root = _ROOT.search(rest)
            if root is None:
                if len(rest) > LONGEST_PROLOGUE:
                    break
                continue
            rest, inside = rest[root.start() :], True
        # Cut behind a tag: no character, and no reference to one, is in two pieces then.
        end = rest.rfind(b">") + 1
        if end:
            yield _legal(rest[:end])
            rest = rest[end:]
        elif len(rest) > LONGEST_TAG:
            raise BadFormat(BROKEN)
    if not inside:
        raise BadFormat(CLINICAL if b"<ClinicalDocument" in rest else NOT_ONE)
    yield _legal(rest)


def _legal(piece: bytes) -> bytes:
    piece = piece.translate(None, _CONTROLS)
    if not piece.isascii():
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError:
            piece = piece.decode("utf-8", "replace").encode()
        piece = _NO_CHARACTER.sub(b"", piece)
    if b"&#" in piece:
        piece = _REFERENCE.sub(_legal_reference, piece)
    return piece


def _legal_reference(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    legal = (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
    return found[0] if legal else b""
