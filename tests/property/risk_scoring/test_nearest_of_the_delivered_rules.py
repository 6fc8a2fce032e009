"""'What would change the colour' of the delivered 27 points: true at the value that is named, not one unit short of it, and
nothing nearer moves the point, over enterprises on and beside every threshold."""

from __future__ import annotations

from collections import Counter
from random import Random

from api.risk.scoring import python_executor
from api.risk.scoring.decision import unpack
from api.risk.scoring.evaluation import in_domain
from api.risk.scoring.thresholds import changes
from api.risk.spec.delivered import delivered
from api.risk.spec.model import FACT_LIMIT
from scripts.bench.risk_facts import chunk

RULES = delivered()
ORACLE = python_executor.compile(RULES)
ORDER = [point.id for point in RULES.points]
ENTERPRISES = 24
PROBES = 6


def tiers(facts: dict[str, int | None]) -> tuple[dict[str, int], int, int]:
    said = ORACLE(facts)
    found = map(int, unpack(said.tiers_a, said.tiers_b, len(ORDER)))
    return dict(zip(ORDER, found, strict=True)), said.score, said.raw_grade


def test_the_value_that_is_named_changes_the_tier_and_nothing_nearer_does() -> None:
    random, seen = Random(6), Counter[str]()
    for row in chunk(RULES, 17, 0, ENTERPRISES, wild=False).select(RULES.facts).iter_rows(named=True):
        facts = in_domain(row, RULES)
        before, _score, _grade = tiers(facts)
        found = {}
        for change in changes(RULES, facts):
            found[change.point, change.fact, change.up] = change.after
            then, score, grade = tiers({**facts, change.fact: change.after})
            assert then[change.point] == change.tier_after != change.tier_before == before[change.point]
            assert (score, grade) == (change.score_after, change.grade_after)
            short = change.after - (1 if change.up else -1)
            assert tiers({**facts, change.fact: short})[0][change.point] == before[change.point]
            seen[change.point] += 1
        for fact in RULES.facts:
            value = facts[fact]
            for _ in range(PROBES if value is not None else 0):
                step = int(10 ** random.uniform(0, 14)) * random.choice((1, -1))
                if abs(value + step) > FACT_LIMIT:
                    continue
                for point, tier in tiers({**facts, fact: value + step})[0].items():
                    if tier != before[point]:
                        named = found[point, fact, step > 0]
                        assert abs(named - value) <= abs(step), (point, fact)
    assert set(seen) == set(ORDER), "a point that no enterprise puts to the test"
