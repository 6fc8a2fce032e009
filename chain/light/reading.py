"""Protobuf read strictly: one spelling of every number, fields in order, wire types 0 and 2 (evidence-spec, annex C).

The verifier reads nothing but the data of results; the maker reads what a node answers.
"""

from __future__ import annotations

from chain.errors import ProofInvalid

_OCTETS = 2
Fields = dict[int, list[bytes | int]]


def read(data: bytes) -> Fields:
    """Fields by number, in ascending order, of the wire types 0 and 2 only, every number in its shortest form."""
    found: Fields = {}
    at = last = 0
    while at < len(data):
        tag, at = _number(data, at, 32)
        field, kind = tag >> 3, tag & 7
        if field == 0 or field < last or kind not in (0, _OCTETS):
            raise ProofInvalid("a message is not in its one spelling")
        last = field
        size, at = _number(data, at, 31 if kind else 64)
        if kind == 0:
            found.setdefault(field, []).append(size)
            continue
        found.setdefault(field, []).append(data[at : at + size])
        at += size
        if at > len(data):
            raise ProofInvalid("a message ends too early")
    return found


def _number(data: bytes, at: int, bits: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ProofInvalid("a number of a message can't be read")
        octet = data[at]
        at += 1
        value |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            break
    if (octet == 0 and shift > 7) or value >> bits:
        raise ProofInvalid("a number of a message is not in its shortest form, or out of range")
    return value, at


def one(fields: Fields, field: int) -> bytes:
    """The octets of a field that comes at most once; none when it is absent. Raises ProofInvalid."""
    values = fields.get(field, [b""])
    if len(values) != 1:
        raise ProofInvalid("a member of a message comes twice")
    return of_octets(values[0])


def of_octets(value: bytes | int) -> bytes:
    """A value that must be octets. Raises ProofInvalid."""
    if isinstance(value, int):
        raise ProofInvalid("a member of a message is a number")
    return value


def text(fields: Fields, field: int) -> str:
    """The text of a field that comes at most once. Raises ProofInvalid."""
    return decode(one(fields, field))


def decode(data: bytes) -> str:
    """UTF-8 text. Raises ProofInvalid."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProofInvalid("a text of a message can't be read") from error
