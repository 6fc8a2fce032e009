"""The grading of a document, of the parsed rule set and of the generated program are one, for any tiers and any overrides."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.risk.episodes.grading import Grading
from api.risk.scoring import python_executor
from api.risk.scoring.decision import pack, unpack
from api.risk.spec.delivered import delivered, delivered_document, delivered_frame
from api.risk.spec.document import canonical_bytes, parse
from tests.unit.risk_scoring.rule_sets import COLOURS, WEIGHTS, checked, plain_document

RULES = delivered()
GRADING = Grading.of(json.loads(canonical_bytes(delivered_document())))
TIERS = st.lists(st.integers(0, 6), min_size=len(RULES.points), max_size=len(RULES.points))
FRAMES: list[dict[str, Any]] = [
    {},
    {"overrides": {"blue": None, "yellow": "yellow", "orange": None, "red": "red"}, "red_points": []},
    {"patterns": [], "colour_points": {"blue": 10, "yellow": 30, "orange": 70, "red": 100}},
    {
        "patterns": [
            *delivered_frame()["patterns"],
            {"all": [{"point": "LY01", "colour": "red"}], "grade": "red"},
        ]
    },
]
PLAIN = [plain_document(**changes) for changes in FRAMES]
ORACLES = [python_executor.compile(parse(checked(document))) for document in PLAIN]


def test_points_are_in_the_same_order() -> None:
    assert GRADING.points == tuple(point.id for point in RULES.points)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(PLAIN) - 1),
    st.one_of(TIERS, st.sampled_from(COLOURS).map(COLOURS.index).map(lambda c: [c] * 27)),
)
def test_score_and_grade_are_those_of_the_program(which: int, tiers: list[int]) -> None:
    document = json.loads(canonical_bytes(checked(PLAIN[which])))
    grading = Grading.of(document)
    assert Grading.of_rules(parse(checked(PLAIN[which]))) == grading
    level = {5: None, 6: 9}
    facts = {f"level_{name.lower()}": level.get(t, t) for name, t in zip(WEIGHTS, tiers, strict=True)}
    said = ORACLES[which](facts)
    assert (said.tiers_a, said.tiers_b) == pack(tiers)
    graded = grading.grade(dict(zip(grading.points, tiers, strict=True)))
    assert (graded.score, graded.grade) == (said.score, said.raw_grade)
    assert bool(graded.supports) == bool(graded.grade)


@given(TIERS)
def test_the_carriers_alone_carry_the_grade(tiers: list[int]) -> None:
    graded = GRADING.grade(dict(zip(GRADING.points, tiers, strict=True)))
    assert GRADING.grade(graded.supports).grade == graded.grade


@given(TIERS)
def test_packing_is_the_same(tiers: list[int]) -> None:
    given_tiers = dict(zip(GRADING.points, tiers, strict=True))
    assert GRADING.pack(given_tiers) == pack(tiers)
    assert list(GRADING.unpack(*pack(tiers)).values()) == list(unpack(*pack(tiers), len(tiers)))
