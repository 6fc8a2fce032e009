"""DER as bytes (X.690, section 10.1): lengths that are definite, shortest and exactly filled.

Where two parsers must agree, this is read before either of them: neither has to be trusted to refuse what BER allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_VALUES: Final = 20_000
DEEPEST: Final = 40
_CONSTRUCTED: Final = 0x20


class NotDer(ValueError):
    """The bytes are not one DER value."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its identifier octet, its whole encoding, its content."""

    tag: int
    der: bytes
    content: bytes


def check(data: bytes) -> None:
    """Raise NotDer unless the bytes are one value and, as deep as values are constructed, of DER lengths.

    At most 20,000 values, at most 40 deep, no tag number above 30. Primitive contents are not looked into.
    """
    if len(parts(data)) != 1:
        raise NotDer("one value expected")
    _walk(data, 0, len(data), DEEPEST, MOST_VALUES)


def parts(data: bytes) -> list[Value]:
    """Return the values that stand in `data` one behind the other; raises NotDer."""
    found: list[Value] = []
    place = 0
    while place < len(data):
        start, stop = _content(data, place, len(data))
        found.append(Value(data[place], data[place:stop], data[start:stop]))
        place = stop
    return found


def _walk(data: bytes, place: int, end: int, depth: int, left: int) -> int:
    """Check the values from `place` to `end`; return how many more may follow."""
    if depth == 0 and place < end:
        raise NotDer("too deep")
    while place < end:
        start, stop = _content(data, place, end)
        left -= 1
        if left < 0:
            raise NotDer("too many values")
        if data[place] & _CONSTRUCTED:
            left = _walk(data, start, stop, depth - 1, left)
        place = stop
    return left


def _content(data: bytes, place: int, end: int) -> tuple[int, int]:
    """Where the content of the value at `place` begins and ends."""
    if place + 2 > end or data[place] & 0x1F == 0x1F or data[place] == 0:
        raise NotDer(f"no value at {place}")
    length, start = data[place + 1], place + 2
    if length >= 0x80:
        octets = length - 0x80
        start += octets
        if not 1 <= octets <= 4 or start > end:
            raise NotDer(f"the length at {place}")
        length = int.from_bytes(data[place + 2 : start], "big")
        if length < 0x80 or length < 1 << 8 * (octets - 1):
            raise NotDer(f"the length at {place}")
    if start + length > end:
        raise NotDer(f"the value at {place} is cut off")
    return start, start + length
