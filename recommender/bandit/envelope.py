"""How a policy's numbers travel as bytes: who wrote them, how many rewards they hold, a checksum.

    2 s  magic "oO"
    1 B  format, 1
    1 B  length k of the label
    8 Q  count of rewards learned
    k s  label, "<policy id>/<policy version>", ASCII
    ...  the numbers, as whoever sealed them packs them
    4 I  CRC-32 of all of the above

Everything little-endian.
"""

import struct
import zlib

import numpy as np

from recommender.bandit.arrays import Floats

_HEAD = struct.Struct("<2sBBQ")
_TAIL = struct.Struct("<I")
_MAGIC, _FORMAT = b"oO", 1


class StateError(ValueError):
    """These bytes are not a state that this policy may use. Rebuild it from the decisions."""


def seal(label: str, count: int, numbers: bytes) -> bytes:
    """`numbers`, labelled and with a checksum."""
    name = label.encode("ascii")
    body = _HEAD.pack(_MAGIC, _FORMAT, len(name), count) + name + numbers
    return body + _TAIL.pack(zlib.crc32(body))


def unseal(data: bytes, label: str) -> tuple[int, bytes]:
    """The count and the numbers that `seal` packed under this label.

    Raises StateError if the bytes are damaged or of another policy or version.
    """
    if len(data) < _HEAD.size + _TAIL.size:
        raise StateError("the state is cut short")
    body = bytes(data[: -_TAIL.size])
    magic, version, length, count = _HEAD.unpack_from(body)
    if magic != _MAGIC or version != _FORMAT:
        raise StateError("the state is of an unknown format")
    if zlib.crc32(body) != _TAIL.unpack(data[-_TAIL.size :])[0]:
        raise StateError("the state is damaged: its checksum differs")
    written_by, numbers = body[_HEAD.size :][:length], body[_HEAD.size + length :]
    if written_by != label.encode("ascii"):
        raise StateError(f"the state is of {written_by!r}, not of {label!r}")
    return count, numbers


def floats(numbers: bytes, size: int) -> Floats:
    """`size` finite float64 values out of sealed numbers. Raises StateError if they are not."""
    if len(numbers) != 8 * size:
        raise StateError(f"the state holds {len(numbers)} bytes of numbers, expected {8 * size}")
    values = np.frombuffer(numbers, dtype="<f8").astype(np.float64)
    if not np.isfinite(values).all():
        raise StateError("the state holds NaN or infinity")
    return values
