"""The laws of scoring for each of the 27 delivered points, over thousands of enterprises on its thresholds.

Every statement is made of every fact of every point, and each must have been seen to matter at least once: a law that no row
puts to the test is no law.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import pytest

from api.bootstrap.risk import Names
from api.risk.episodes.grading import INSUFFICIENT, Grading
from api.risk.episodes.shown import observe
from api.risk.episodes.state import Observation, State
from api.risk.facts.lexicon import fact_of
from api.risk.scoring import polars_executor, python_executor
from api.risk.scoring.decision import unpack
from api.risk.spec.delivered import delivered
from api.risk.spec.directions import directions
from api.risk.spec.model import (
    FACT_LIMIT,
    HALF,
    Point,
    Ratio,
    Tier,
    TierAtLeast,
    atom_facts,
    atoms,
    conditions,
    facts_of,
)
from scripts.bench.risk_facts import chunk

RULES = delivered()
POINTS = RULES.points
WAYS = directions(RULES, set(Names().flags()))
SCORE = polars_executor.compile(RULES)
ORACLE = python_executor.compile(RULES)
GRADING = Grading.of_rules(RULES)
ROWS = 10_000
STEPS = (1, 100, 500)


@cache
def facts() -> pl.DataFrame:
    """Enterprises on and beside every threshold, no fact below 0: half of them quiet but for a few facts."""
    made = chunk(RULES, 11, 0, ROWS, wild=False)
    return made.with_columns(pl.col(fact).clip(lower_bound=0) for fact in RULES.facts)


@cache
def decided() -> pl.DataFrame:
    return SCORE(facts().lazy()).collect()


def tiers(frame: pl.DataFrame, point: Point) -> pl.Series:
    place = POINTS.index(point)
    word, at = ("tiers_a", place) if place < HALF else ("tiers_b", place - HALF)
    return frame[word] // 16**at % 16


def deciding(point: Point) -> set[str]:
    """Facts that decide whether the point applies: a change of those is neither better nor worse."""
    absent = point.not_applicable
    return set() if absent is None else {fact for atom in atoms(absent) for fact in atom_facts(atom)}


def reached(fact: str) -> list[Point]:
    """Points whose tier a fact can move, directly or through a tier that is read."""
    return [point for point in POINTS if fact in WAYS[point.id]]


def denominators(point: Point) -> set[str]:
    return {
        atom.den
        for condition in point.tiers.values()
        for atom in atoms(condition)
        if isinstance(atom, Ratio) and atom.op in ("ge", "gt")
    }


@pytest.mark.parametrize("fact", RULES.facts)
def test_a_worse_fact_never_lowers_a_tier_the_score_or_the_grade(fact: str) -> None:
    ways = {WAYS[point.id][fact] for point in reached(fact)}
    applies = {fact for point in POINTS for fact in deciding(point)}
    if len(ways) > 1 or 0 in ways:
        # What works one way here and the other way there has no worse direction for the enterprise; nothing else may.
        assert fact_of(fact).worse == "neutral" or fact in applies, fact
    least = (
        1 if any(fact in denominators(point) for point in POINTS) else 0
    )  # a share of nobody is unknown, not worse
    mattered = 0
    for point in reached(fact):
        way = WAYS[point.id][fact]
        if way == 0 or fact in deciding(point):
            continue
        for step in STEPS:
            worse = pl.col(fact) + way * step
            within = worse.is_between(least, FACT_LIMIT)
            moved = facts().with_columns(pl.when(within).then(worse).otherwise(pl.col(fact)).alias(fact))
            after = SCORE(moved.lazy()).collect()
            was, now = tiers(decided(), point), tiers(after, point)
            known = (was <= 4) & (now <= 4)
            assert not (known & (now < was)).any(), (point.id, fact, step)
            mattered += int((known & (now > was)).sum())
            if len(ways) == 1 and fact not in applies:
                same = after["missing"] == decided()["missing"]
                for name in ("score", "raw_grade"):
                    assert (~same | (after[name] >= decided()[name])).all(), (fact, step, name)
    if ways != {0} and any(fact not in deciding(point) for point in reached(fact)):
        assert mattered, f"no row puts {fact} to the test"


RATES = sorted((point.id, den) for point in POINTS for den in denominators(point))


def test_the_rate_points_are_these() -> None:
    assert sorted({point for point, _ in RATES}) == [
        "AQ03", "GZ02", "GZ03", "JY02", "LY01", "LY02", "LY03", "LY04", "LY05", "QY01", "SB02", "SB03", "SB04",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "den"), RATES)
def test_more_staff_with_the_same_cases_never_raises_a_tier(name: str, den: str) -> None:
    point = RULES.by_id[name]
    assert WAYS[name][den] == -1
    fell = 0
    for step in STEPS:
        more = facts().with_columns((pl.col(den) + step).clip(upper_bound=FACT_LIMIT))
        was, now = tiers(decided(), point), tiers(SCORE(more.lazy()).collect(), point)
        some = (facts()[den] > 0) & (was <= 4) & (now <= 4)
        assert not (some & (now > was)).any(), step
        fell += int((some & (now < was)).sum())
    assert fell, "no row puts it to the test"


def rank(shown: int) -> int:
    return 0 if shown == INSUFFICIENT else shown


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.id)
def test_what_turns_unknown_never_lowers_the_shown_grade(point: Point) -> None:
    """From facts to the shown grade: each colour of the point, then each needed fact gone, and all of them."""
    frame, names = decided(), [p.id for p in POINTS]
    seen = 0
    for colour in point.tiers:
        for row in facts().filter(tiers(frame, point) == int(colour)).head(6).iter_rows(named=True):
            before = ORACLE(row)
            known = dict(
                zip(names, map(int, unpack(before.tiers_a, before.tiers_b, len(names))), strict=True)
            )
            start = observe(
                State(), Observation(date(2026, 2, 5), known, before.coverage_bp, 202601), GRADING
            ).state
            for gone in (*((need,) for need in point.needs), point.needs):
                state = start
                for number in range(2, 6):
                    after = ORACLE({**row, **dict.fromkeys(gone)})
                    later = unpack(after.tiers_a, after.tiers_b, len(names))
                    dark = dict(zip(names, map(int, later), strict=True))
                    seen += dark[point.id] == Tier.UNKNOWN
                    state = observe(
                        state,
                        Observation(date(2026, number + 1, 5), dark, after.coverage_bp, 202600 + number),
                        GRADING,
                    ).state
                    assert rank(state.shown) >= rank(start.shown), (colour, gone)
    assert seen, "it never turned unknown"


def test_every_fact_of_the_rules_is_read_by_a_point() -> None:
    read = {fact for point in POINTS for fact in facts_of(point)}
    assert read == set(RULES.facts)
    inner = {a.point for p in POINTS for c in conditions(p) for a in atoms(c) if isinstance(a, TierAtLeast)}
    assert inner == {"QY01"}
