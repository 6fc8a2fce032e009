"""Invented facts made from a rule set's own conditions: every threshold's edges, nulls, zeros, negatives, ends of 64 bits.

Half of the rows are quiet enterprises with a few facts moved, so that low grades come out as well as high ones. Chunks are
independent: chunk k of a seed is the same whatever other chunks are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import polars as pl

from api.risk.spec.model import (
    FACT_LIMIT,
    WHOLE_BP,
    Compare,
    Ratio,
    RuleSet,
    atoms,
    conditions,
)

_EXTREMES = (-(2**63), 2**63 - 1, -FACT_LIMIT - 1, FACT_LIMIT + 1, -FACT_LIMIT, FACT_LIMIT, -1)
_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class _Dice:
    """SplitMix64 over row numbers, a fresh stream per throw: the same on every machine and version."""

    def __init__(self, seed: int, number: int, rows: int) -> None:
        self._base = pl.int_range(number * rows, (number + 1) * rows, dtype=pl.UInt64, eager=True)
        self._streams = count((seed * 1_000_003) << 20)

    def throw(self, sides: int) -> pl.Series:
        """A number below `sides` per row."""
        z = pl.col("n") * pl.lit(_GOLDEN, pl.UInt64) + pl.lit(next(self._streams) * _MIX_2 % 2**64, pl.UInt64)
        for shift, factor in ((30, _MIX_1), (27, _MIX_2)):
            z = (z ^ (z // 2**shift)) * pl.lit(factor, pl.UInt64)
        z = (z ^ (z // 2**31)) % sides
        return pl.DataFrame({"n": self._base}).select(z.cast(pl.Int64).alias("z"))["z"]

    def chance(self, per_mille: int) -> pl.Series:
        """True in about so many of a thousand rows."""
        return self.throw(1_000) < per_mille

    def pick(self, pool: list[int]) -> pl.Series:
        """One of the pool's values per row."""
        return pl.Series(pool, dtype=pl.Int64).gather(self.throw(len(pool)))


def edges(ruleset: RuleSet) -> dict[str, list[int]]:
    """Per fact: each value it is compared with, one less and one more; person floors likewise."""
    found: dict[str, set[int]] = {fact: {0, 1} for fact in ruleset.facts}
    for point in ruleset.points:
        for condition in conditions(point):
            for atom in atoms(condition):
                if isinstance(atom, Compare):
                    found[atom.fact] |= {atom.value - 1, atom.value, atom.value + 1}
                elif isinstance(atom, Ratio) and atom.persons is not None:
                    for floor in ruleset.person_floors.values():
                        found[atom.persons] |= {floor - 1, floor}
    return {fact: sorted(values) for fact, values in found.items()}


def pairs(ruleset: RuleSet) -> dict[tuple[str, str], list[int]]:
    """The ratios of a rule set with their thresholds in basis points."""
    found: dict[tuple[str, str], set[int]] = {}
    for point in ruleset.points:
        for condition in conditions(point):
            for atom in atoms(condition):
                if isinstance(atom, Ratio):
                    found.setdefault((atom.num, atom.den), set()).add(atom.bp)
    return {pair: sorted(bps) for pair, bps in sorted(found.items())}


def quiet(ruleset: RuleSet) -> dict[str, int]:
    """A value per fact that lights nothing: denominators 1,000, flags that must not be 0 are 1, everything else 0."""
    values = dict.fromkeys(ruleset.facts, 0)
    for point in ruleset.points:
        for condition in point.tiers.values():
            for atom in atoms(condition):
                if isinstance(atom, Compare) and atom.op in ("eq", "le", "lt"):
                    values[atom.fact] = max(values[atom.fact], atom.value + 1)
    for _, den in pairs(ruleset):
        values[den] = 1_000
    return values


def chunk(ruleset: RuleSet, seed: int, number: int, rows: int, *, wild: bool = True) -> pl.DataFrame:
    """Facts of `rows` enterprises: enterprise, month and every fact (Int64, null = unknown).

    Without `wild` every fact stays in the domain, as what passed the intake does.
    """
    dice = _Dice(seed, number, rows)
    calm = dice.chance(500)
    extremes = [value for value in _EXTREMES if wild or abs(value) <= FACT_LIMIT]
    still, known_edges = quiet(ruleset), edges(ruleset)
    columns: dict[str, pl.Series] = {}
    gone: dict[str, pl.Series] = {}
    for fact in ruleset.facts:
        other = dice.throw(200).zip_with(dice.chance(250), dice.pick(known_edges[fact]))
        other = dice.pick(extremes).zip_with(dice.chance(20), other)
        moved = ~calm | dice.chance(30)
        columns[fact] = other.zip_with(moved, pl.repeat(still[fact], rows, dtype=pl.Int64, eager=True))
        gone[fact] = moved & dice.chance(60)
    for (num, den), bps in pairs(ruleset).items():
        d = columns[den]
        near = (calm & dice.chance(40) | ~calm & dice.chance(600)) & (d > 0) & (d <= FACT_LIMIT)
        exact = dice.pick(bps) * d.clip(0, FACT_LIMIT) // WHOLE_BP + dice.throw(4) - 1
        columns[num] = exact.zip_with(near, columns[num])
    first = number * rows + 1
    made = pl.DataFrame({"enterprise": pl.int_range(first, first + rows, dtype=pl.Int64, eager=True)})
    month = pl.lit(202_610, pl.Int32).alias("month")
    facts = [pl.when(~gone[fact]).then(columns[fact]).alias(fact) for fact in ruleset.facts]
    return made.with_columns(month, *facts)


def chunks(ruleset: RuleSet, seed: int, rows: int, size: int) -> Iterator[pl.DataFrame]:
    """`rows` enterprises in chunks of `size`."""
    for number in range(-(-rows // size)):
        made = chunk(ruleset, seed, number, size)
        yield made.head(rows - number * size)
