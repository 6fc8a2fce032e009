"""Chance without state: every draw is a function of (seed, what is drawn, whose it is), so that order and threads don't matter.

The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
generators", 2014) on wrapping 64-bit integers, once in plain Python and once as a Polars expression; both give the
same numbers. A chunk (a file, a month, one enterprise) can therefore be made alone, or again, and comes out the same.
"""

from __future__ import annotations

import hashlib
from functools import cache

import polars as pl

_MASK = (1 << 64) - 1
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GOLDEN = 0x9E3779B97F4A7C15
KEY = "_key"
"""Column of a frame that holds each row's own 64-bit key (see `Draws.key`)."""


def _u64(value: int) -> pl.Expr:
    return pl.lit(value & _MASK, dtype=pl.UInt64)


def mix(value: int) -> int:
    """SplitMix64's finaliser on one integer (0 ≤ result < 2^64)."""
    value &= _MASK
    value = ((value ^ (value >> 30)) * _FIRST) & _MASK
    value = ((value ^ (value >> 27)) * _SECOND) & _MASK
    return value ^ (value >> 31)


def mixed(value: pl.Expr) -> pl.Expr:
    """The same function over a UInt64 column."""
    value = (value ^ (value // _u64(1 << 30))) * _u64(_FIRST)
    value = (value ^ (value // _u64(1 << 27))) * _u64(_SECOND)
    return value ^ (value // _u64(1 << 31))


@cache
def _label(name: str, place: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{name}|{place}".encode()).digest()[:8], "big")


class Draws:
    """All chance of one generated district; equal seeds give equal draws."""

    def __init__(self, seed: int) -> None:
        self._seed = _label("district", seed)

    def key(self, serial: int) -> int:
        """The 64-bit key of one enterprise or row by its number."""
        return mix(self._seed + (serial + 1) * _GOLDEN)

    def keys(self, serial: pl.Expr) -> pl.Expr:
        """`key` over a column of non-negative integers."""
        return mixed(_u64(self._seed) + (serial.cast(pl.UInt64) + _u64(1)) * _u64(_GOLDEN))

    def draw(self, name: str, place: int, key: int) -> int:
        """A number 0 ≤ n < 2^64 for the purpose `name` at `place` (a month, a position) of the owner of `key`."""
        return mix(mix(key ^ _label(name, place)) + _GOLDEN)

    def below(self, limit: int, name: str, place: int, key: int) -> int:
        """A whole number 0 ≤ n < limit."""
        return (self.draw(name, place, key) >> 20) % limit

    def column(self, limit: int, name: str, place: int = 0, key: str = KEY) -> pl.Expr:
        """`below` for every row, from the column `key`; Int64."""
        drawn = mixed(mixed(pl.col(key) ^ _u64(_label(name, place))) + _u64(_GOLDEN))
        return ((drawn // _u64(1 << 20)) % _u64(limit)).cast(pl.Int64)

    def share(self, rate: pl.Expr | int, name: str, place: int = 0, key: str = KEY) -> pl.Expr:
        """True for about `rate` in ten thousand rows."""
        return self.column(10_000, name, place, key) < rate

    def rounded(
        self, count: pl.Expr, rate: pl.Expr | int, name: str, place: int = 0, scale: int = 10_000
    ) -> pl.Expr:
        """`count × rate / scale` as a whole number whose expectation is exact: the rest decides by a draw; Int64."""
        return (count * rate + self.column(scale, name, place)) // scale

    def part(self, total: int, rate: int, name: str, place: int = 0) -> int:
        """How many of `total` to take at `rate` in ten thousand, as `rounded` for one number."""
        return (total * rate + self.below(10_000, name, place, self._seed)) // 10_000

    def chosen(self, total: int, count: int, name: str, place: int = 0) -> list[int]:
        """`count` different positions below `total` in the order drawn; at most `total`."""
        picked: dict[int, None] = {}
        attempt, own = 0, mix(self._seed ^ _label(name, place))
        while len(picked) < min(count, total):
            picked[mix(own + attempt * _GOLDEN) % total] = None
            attempt += 1
        return list(picked)
