"""Properties of scoring: worse facts never lower anything, more staff with the same cases never raises a tier, and what is
unknown colours nothing below a point's highest colour."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.risk.scoring import python_executor
from api.risk.scoring.decision import unpack
from api.risk.spec.directions import directions
from api.risk.spec.model import Ratio, RuleSet, Tier, atoms, facts_of
from scripts.bench.risk_facts import edges, quiet
from tests.unit.risk_scoring.rule_sets import delivered_points, real

SETS: list[RuleSet] = [real(), *delivered_points()]
ORACLES = [python_executor.compile(ruleset) for ruleset in SETS]
EDGES = [edges(ruleset) for ruleset in SETS]
QUIET = [quiet(ruleset) for ruleset in SETS]
WHICH = st.integers(0, len(SETS) - 1)


@st.composite
def enterprises(draw: st.DrawFn) -> tuple[int, dict[str, int | None]]:
    """A rule set and facts of 0 or more: quiet ones, with some moved to an edge or anywhere."""
    which = draw(WHICH)
    facts: dict[str, int | None] = dict(QUIET[which])
    moved = draw(st.lists(st.sampled_from(SETS[which].facts), max_size=12, unique=True))
    for fact in moved:
        near = st.sampled_from([value for value in EDGES[which][fact] if value >= 0])
        facts[fact] = draw(near | st.integers(0, 300) | st.integers(0, 10**14))
    return which, facts


def tiers(which: int, facts: dict[str, int | None]) -> dict[str, Tier]:
    decision = ORACLES[which](facts)
    names = [point.id for point in SETS[which].points]
    found = unpack(decision.tiers_a, decision.tiers_b, len(names))
    return dict(zip(names, found, strict=True))


def single_way(which: int, flags: tuple[str, ...] = ()) -> dict[str, int]:
    """Facts that work one way in all points that read them, and do not decide whether a point applies."""
    ruleset = SETS[which]
    ways: dict[str, set[int]] = {}
    for derived in directions(ruleset, flags).values():
        for fact, way in derived.items():
            ways.setdefault(fact, set()).add(way)
    for point in ruleset.points:
        if point.not_applicable is not None:
            for atom in atoms(point.not_applicable):
                for fact in getattr(atom, "fact", ""), getattr(atom, "num", ""), getattr(atom, "den", ""):
                    ways.setdefault(fact, set()).add(0)
    return {fact: way.pop() for fact, way in ways.items() if len(way) == 1 and 0 not in way and fact}


WAYS = [single_way(which) for which in range(len(SETS))]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_worse_fact_never_lowers_a_tier_the_score_or_the_grade(data: Any) -> None:
    which, facts = data.draw(enterprises())
    fact = data.draw(st.sampled_from(sorted(WAYS[which])))
    step = data.draw(st.sampled_from((1, 2, 10, 1_000)) | st.integers(1, 10**9))
    value = facts[fact]
    assert value is not None
    worse = value + WAYS[which][fact] * step
    if worse < 0 or worse > 10**14 or _divides(SETS[which], fact):
        return
    before, after = ORACLES[which](facts), ORACLES[which]({**facts, fact: worse})
    was, now = tiers(which, facts), tiers(which, {**facts, fact: worse})
    assert all(now[name] >= was[name] for name in was), fact
    assert after.score >= before.score
    assert after.raw_grade >= before.raw_grade


def _divides(ruleset: RuleSet, fact: str) -> bool:
    """A denominator that reaches 0 makes a share unknown, not worse: those have a property of their own below."""
    ratios = (a for p in ruleset.points for c in p.tiers.values() for a in atoms(c) if isinstance(a, Ratio))
    return any(ratio.den == fact for ratio in ratios)


def rate_points(ruleset: RuleSet) -> list[tuple[str, str]]:
    """Points with a share that must not be reached, and its denominator, which no other part of the point reads."""
    found = set()
    for point in ruleset.points:
        for condition in point.tiers.values():
            found |= {
                (point.id, a.den) for a in atoms(condition) if isinstance(a, Ratio) and a.op in ("ge", "gt")
            }
    return sorted(found)


RATES = [rate_points(ruleset) for ruleset in SETS]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_more_staff_with_the_same_cases_never_raises_a_tier(data: Any) -> None:
    which, facts = data.draw(enterprises())
    name, den = data.draw(st.sampled_from(RATES[which]))
    staff = facts[den]
    assert staff is not None
    more = staff + data.draw(st.sampled_from((1, 2, 9, 100)) | st.integers(1, 10**6))
    if staff == 0 or more > 10**14 or directions(SETS[which])[name][den] != -1:
        return
    assert tiers(which, {**facts, den: more})[name] <= tiers(which, facts)[name]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_an_unknown_needed_fact_leaves_unknown_not_applicable_or_the_highest_colour(data: Any) -> None:
    which, facts = data.draw(enterprises())
    point = data.draw(st.sampled_from([point for point in SETS[which].points if point.needs]))
    gone = data.draw(st.sampled_from(point.needs))
    state = tiers(which, {**facts, gone: None})[point.id]
    assert state in (Tier.UNKNOWN, Tier.NOT_APPLICABLE, point.highest)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_fact_moves_only_points_that_read_it(data: Any) -> None:
    which, facts = data.draw(enterprises())
    fact = data.draw(st.sampled_from(SETS[which].facts))
    other = data.draw(st.none() | st.sampled_from(EDGES[which][fact]))
    was, now = tiers(which, facts), tiers(which, {**facts, fact: other})
    ruleset = SETS[which]
    reached = {point.id for point in ruleset.points if fact in facts_of(point)}
    for stage in ruleset.stages:
        reached |= {point.id for point in stage if ruleset.reads[point.id][1] & reached}
    assert {name for name in was if was[name] != now[name]} <= reached
