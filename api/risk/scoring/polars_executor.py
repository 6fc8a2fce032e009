"""A rule set as Polars expressions: what the nightly run, the backtest and corrections use. Streams; integers only.

Polars' boolean & and | are Kleene's; a comparison with null is null. A ratio's denominator becomes null where it is not
positive, which makes the ratio unknown; 0 of 0 is then forced to false.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_

import polars as pl

from api.risk.scoring.decision import OUTPUT
from api.risk.scoring.grading import lift_table
from api.risk.spec.model import (
    COLOURS,
    FACT_LIMIT,
    HALF,
    WHOLE_BP,
    Compare,
    Condition,
    Every,
    Negation,
    Point,
    Ratio,
    RuleSet,
    RuleSetError,
    Some,
    Tier,
    TierAtLeast,
)

Scorer = Callable[[pl.LazyFrame], pl.LazyFrame]
KEYS = ("enterprise", "month")
_TIER = "tier:"


def _sign(op: str, left: pl.Expr, right: pl.Expr | int) -> pl.Expr:
    match op:
        case "ge":
            return left >= right
        case "gt":
            return left > right
        case "le":
            return left <= right
        case "lt":
            return left < right
        case _:
            return left == right


def _tier(point: str) -> pl.Expr:
    return pl.col(_TIER + point)


def _ratio(op: str, num: str, den: str, bp: int) -> pl.Expr:
    n, d = pl.col(num), pl.col(den)
    positive = pl.when(d > 0).then(d)
    return _sign(op, n * WHOLE_BP, positive * bp) & ~((n == 0) & (d == 0))


def expression(condition: Condition, floor: int) -> pl.Expr:
    """A condition as a nullable Boolean expression over fact columns and tier columns."""
    match condition:
        case Compare(op, fact, value):
            return _sign(op, pl.col(fact), value)
        case Ratio(op, num, den, bp, None):
            return _ratio(op, num, den, bp)
        case Ratio(op, num, den, bp, str(persons)):
            return _ratio(op, num, den, bp) & (pl.col(persons) >= floor)
        case Every(of):
            return reduce(and_, [expression(part, floor) for part in of])
        case Some(of):
            return reduce(or_, [expression(part, floor) for part in of])
        case Negation(part):
            return ~expression(part, floor)
        case TierAtLeast(point, colour):
            t = _tier(point)
            known = pl.when(t != Tier.UNKNOWN).then(t)
            return (known >= colour) & (t != Tier.NOT_APPLICABLE)
        case _:
            raise RuleSetError("no such condition")


def _state(point: Point, ruleset: RuleSet) -> pl.Expr:
    result: pl.Expr = pl.lit(0, pl.Int8)
    for colour in COLOURS:
        if colour == point.highest and point.needs:
            gone = reduce(or_, [pl.col(fact).is_null() for fact in point.needs])
            result = pl.when(gone).then(pl.lit(int(Tier.UNKNOWN), pl.Int8)).otherwise(result)
        if colour in point.tiers:
            test = expression(point.tiers[colour], ruleset.person_floors[colour])
            result = pl.when(test).then(pl.lit(int(colour), pl.Int8)).otherwise(result)
    if point.not_applicable is not None:
        absent = expression(point.not_applicable, 0)
        result = pl.when(absent).then(pl.lit(int(Tier.NOT_APPLICABLE), pl.Int8)).otherwise(result)
    return result.alias(_TIER + point.id)


def _added(parts: Sequence[pl.Expr]) -> pl.Expr:
    return reduce(lambda a, b: a + b, parts) if parts else pl.lit(0, pl.Int64)


def _forces(ruleset: RuleSet) -> dict[str, pl.Expr]:
    zero = pl.lit(0, pl.Int8)
    return {p.id: pl.when(_tier(p.id) <= Tier.RED).then(_tier(p.id)).otherwise(zero) for p in ruleset.points}


def _score(ruleset: RuleSet, forces: dict[str, pl.Expr]) -> pl.Expr:
    worth = [ruleset.colour_points[colour] for colour in COLOURS]
    step = worth[0]
    if worth == [step, 2 * step, 3 * step, 4 * step]:
        whole = _added([forces[p.id].cast(pl.Int64) * (p.weight_bp * step) for p in ruleset.points])
        return whole // 100
    parts = []
    for point in ruleset.points:
        value: pl.Expr = pl.lit(0, pl.Int64)
        for colour, points in zip(COLOURS, worth, strict=True):
            amount = pl.lit(points * point.weight_bp, pl.Int64)
            value = pl.when(forces[point.id] == colour).then(amount).otherwise(value)
        parts.append(value)
    return _added(parts) // 100


def _grade(ruleset: RuleSet, forces: dict[str, pl.Expr], score: pl.Expr) -> pl.Expr:
    def when(test: pl.Expr, grade: int) -> pl.Expr:
        return pl.when(test).then(pl.lit(grade, pl.Int64)).otherwise(pl.lit(0, pl.Int64))

    worst = pl.max_horizontal(*forces.values())
    lifts = lift_table(ruleset)
    found = [when(score >= ruleset.base_levels[colour], int(colour)) for colour in COLOURS]
    found += [when(worst >= colour, lifts[colour]) for colour in COLOURS if lifts[colour]]
    if ruleset.red_points:
        reds = [_tier(point) == Tier.RED for point in ruleset.red_points]
        found.append(when(reduce(or_, reds), int(Tier.RED)))
    for pattern in ruleset.patterns:
        together = reduce(and_, [forces[point] >= colour for point, colour in pattern.of])
        found.append(when(together, int(pattern.grade)))
    return pl.max_horizontal(*found)


def _packed(points: Sequence[Point]) -> pl.Expr:
    return _added([_tier(p.id).cast(pl.Int64) * (1 << 4 * i) for i, p in enumerate(points)])


def _summary(ruleset: RuleSet) -> list[pl.Expr]:
    forces = _forces(ruleset)
    gone = [(_tier(p.id) == Tier.UNKNOWN).cast(pl.Int64) for p in ruleset.points]
    total = sum(p.weight_bp for p in ruleset.points)
    score = _score(ruleset, forces)
    made = {
        "tiers_a": _packed(ruleset.points[:HALF]),
        "tiers_b": _packed(ruleset.points[HALF:]),
        "missing": _added([flag * (1 << i) for i, flag in enumerate(gone)]),
        "score": score,
        "coverage_bp": total - _added([g * p.weight_bp for g, p in zip(gone, ruleset.points, strict=True)]),
        "raw_grade": _grade(ruleset, forces, score),
        "out_of_range": pl.col("out_of_range"),
    }
    return [made[name].cast(pl.Int64).alias(name) for name in OUTPUT]


def _guard(ruleset: RuleSet) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Facts outside the domain become null and are counted, batch by batch.

    Looking for one is cheap (the ends of each column) and nearly always in vain; masking a column is not, so it is done
    only where a batch needs it.
    """
    lows, highs = (
        [pl.col(fact).min() for fact in ruleset.facts],
        [pl.col(fact).max() for fact in ruleset.facts],
    )

    def guard(batch: pl.DataFrame) -> pl.DataFrame:
        ends = zip(ruleset.facts, batch.select(lows).row(0), batch.select(highs).row(0), strict=True)
        wild = [
            fact
            for fact, low, high in ends
            if low is not None and not (low >= -FACT_LIMIT and high <= FACT_LIMIT)
        ]
        inside = {fact: pl.col(fact).is_between(-FACT_LIMIT, FACT_LIMIT) for fact in wild}
        # Narrow numbers, and a sum that passes over nulls: four times as fast as filling them and adding in 64 bits.
        outside = [(~test).cast(pl.Int16) for test in inside.values()]
        counted = pl.sum_horizontal(outside).cast(pl.Int64) if outside else pl.lit(0, pl.Int64)
        return batch.with_columns(
            *(pl.when(test).then(pl.col(fact)).alias(fact) for fact, test in inside.items()),
            counted.alias("out_of_range"),
        )

    return guard


def steps(ruleset: RuleSet) -> list[list[pl.Expr]]:
    """The groups of expressions, each to be added to the frame before the next; the last is the decision itself.

    They stand on facts in the domain and on a column `out_of_range`.
    """
    stages = [[_state(point, ruleset) for point in stage] for stage in ruleset.stages]
    return [*stages, _summary(ruleset)]


def compile(ruleset: RuleSet, keys: Sequence[str] = KEYS) -> Scorer:
    """A function from a frame with `keys` and every fact (Int64, null = unknown) to keys and the columns of a decision.

    Nothing is computed until the frame is collected. Raises RuleSetError when the frame lacks a column or a fact has
    another type; facts that no point reads are ignored.
    """
    made, guard = steps(ruleset), _guard(ruleset)
    wanted = [*keys, *ruleset.facts]

    def score(frame: pl.LazyFrame) -> pl.LazyFrame:
        schema = frame.collect_schema()
        lacking = [name for name in wanted if name not in schema]
        if lacking:
            raise RuleSetError("the frame has no column " + ", ".join(lacking))
        wrong = [fact for fact in ruleset.facts if schema[fact] != pl.Int64]
        if wrong:
            raise RuleSetError("facts must be Int64: " + ", ".join(wrong))
        known = {name: schema[name] for name in wanted}
        frame = frame.select(wanted).map_batches(
            guard, streamable=True, schema={**known, "out_of_range": pl.Int64}, validate_output_schema=False
        )
        for group in made[:-1]:
            frame = frame.with_columns(group)
        return frame.select([*keys, *made[-1]])

    return score


def effective(ruleset: RuleSet) -> Scorer:
    """Adds `effective_score` and `effective_grade` to decisions that carry settled tiers (columns `settled_a`, `settled_b`,
    packed like tiers, 0 = nothing settled): the grade that raw_grade would be without what is settled."""

    def cut(name: str, i: int) -> pl.Expr:
        column = f"{name}_a" if i < HALF else f"{name}_b"
        return (pl.col(column) // (1 << 4 * (i % HALF)) % 16).cast(pl.Int8)

    tiers = []
    for i, point in enumerate(ruleset.points):
        tier, settled = cut("tiers", i), cut("settled", i)
        bare = (settled > 0) & (tier <= settled) | (tier > Tier.RED)
        tiers.append(pl.when(bare).then(pl.lit(0, pl.Int8)).otherwise(tier).alias(_TIER + point.id))
    forces = {point.id: _tier(point.id) for point in ruleset.points}
    names = [_TIER + point.id for point in ruleset.points]
    score = _score(ruleset, forces)
    made = [
        score.alias("effective_score"),
        _grade(ruleset, forces, score).cast(pl.Int64).alias("effective_grade"),
    ]

    def apply(frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.with_columns(tiers).with_columns(made).drop(names)

    return apply
