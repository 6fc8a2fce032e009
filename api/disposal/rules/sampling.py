"""A random sample that anybody can draw again: the `size` enterprises with the smallest SHA-256(seed, month, number).

The seed is recorded with the sample and the digest of the population, so that nobody can have chosen whom to visit. Pure.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable
from itertools import accumulate


def population_digest(population: Iterable[int]) -> str:
    """SHA-256 (hex) over the sorted numbers, 8 bytes each, little endian."""
    return hashlib.sha256(b"".join(n.to_bytes(8, "little") for n in sorted(set(population)))).hexdigest()


def pack(population: Iterable[int]) -> bytes:
    """The sorted numbers as differences, deflated: some tens of kilobytes for a district."""
    ordered = sorted(set(population))
    steps = [after - before for before, after in zip([0, *ordered], ordered, strict=False)]
    return zlib.compress(json.dumps(steps).encode(), 9)


def unpack(packed: bytes) -> list[int]:
    """Inverse of `pack`; nothing of nothing."""
    return list(accumulate(json.loads(zlib.decompress(packed)))) if packed else []


def draw(population: Iterable[int], size: int, seed: bytes, month: int) -> list[int]:
    """`size` distinct members (all if there are fewer), in the order in which they were drawn."""
    if size < 0:
        raise ValueError("a sample has no negative size")

    def ticket(number: int) -> bytes:
        return hashlib.sha256(b"concord-sample-1\x00" + seed + f"/{month}/{number}".encode()).digest()

    return sorted(set(population), key=ticket)[:size]
