"""The border: what a rule-set document may not say, and what its hash depends on."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from api.risk.spec.delivered import assemble
from api.risk.spec.document import DocumentError, canonical_bytes, parse, read_document, rule_set_hash
from api.risk.spec.model import Compare, Ratio, RuleSetError, Tier
from tests.unit.risk_scoring.rule_sets import WEIGHTS, at, plain_document, plain_point, real_document, share

DOCUMENT = real_document()


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split("/")
    place: Any = document
    for part in parents:
        place = place[int(part) if part.isdigit() else part]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("points/0/weight_bp", 400.0),
        ("points/0/weight_bp", "400"),
        ("points/0/weight_bp", True),
        ("points/0/weight_bp", -1),
        ("points/0/no", 29),
        ("points/0/id", "LY1"),
        ("points/0/tiers", {}),
        ("points/0/tiers/blue", {"op": "between", "fact": "a", "value": 1}),
        ("points/0/tiers/blue", at("ge", "a; import os", 1)),
        ("points/0/tiers/blue", at("ge", "a", 10**14 + 1)),
        ("points/0/tiers/blue", at("ge", "a", 1.5)),  # type: ignore[arg-type]
        ("points/0/tiers/blue", share("ge", "a", "b", 90_001)),
        ("points/0/tiers/blue", share("eq", "a", "b", 1)),
        ("points/0/tiers/blue", {"op": "all", "of": []}),
        ("points/0/tiers/purple", at("ge", "a", 1)),
        ("points/0/colour", "blue"),
        ("base_levels/red", 4000.5),
        ("patterns/0/grade", "none"),
        ("overrides/red", "black"),
        ("id", "District"),
        ("points/0/worse", {"a": "sideways"}),
    ],
)
def test_a_document_of_the_wrong_form_is_refused_with_its_place(path: str, value: Any) -> None:
    with pytest.raises(DocumentError) as refused:
        read_document(changed(path, value))
    assert refused.value.problems[0][0].startswith("/" + path.split("/")[0])


def test_deep_nesting_is_refused_before_it_is_walked() -> None:
    condition: dict[str, Any] = at("ge", "a", 1)
    for _ in range(2_000):
        condition = {"op": "not", "of": condition}
    with pytest.raises(DocumentError, match="deeper"):
        read_document(changed("points/0/tiers/blue", condition))


@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_anything_that_is_no_rule_set_is_refused(value: Any) -> None:
    with pytest.raises(DocumentError):
        read_document(value)


def test_the_hash_is_of_the_meaning_not_of_the_layout() -> None:
    document = read_document(DOCUMENT)
    shuffled = copy.deepcopy(DOCUMENT)
    shuffled["points"].reverse()
    shuffled = dict(reversed(shuffled.items()))
    assert rule_set_hash(read_document(shuffled)) == rule_set_hash(document)
    explicit = copy.deepcopy(DOCUMENT)
    explicit["points"][5].update(worse={})
    assert rule_set_hash(read_document(explicit)) == rule_set_hash(document)
    assert canonical_bytes(read_document(json.loads(canonical_bytes(document)))) == canonical_bytes(document)


@pytest.mark.parametrize(
    "path",
    [
        "points/5/weight_bp",
        "points/5/tiers/blue/value",
        "base_levels/red",
        "coverage_floor_bp",
        "repeat_window_days",
    ],
)
def test_every_number_is_in_the_hash(path: str) -> None:
    value: Any = DOCUMENT
    for part in path.split("/"):
        value = value[int(part) if part.isdigit() else part]
    other = read_document(changed(path, value + 1))
    assert rule_set_hash(other) != rule_set_hash(read_document(DOCUMENT))


def test_the_hash_is_fixed_for_ever() -> None:
    """A change of this constant makes every stored decision point to a rule set that nobody can find."""
    assert rule_set_hash(read_document(plain_document())) == PLAIN_HASH


PLAIN_HASH = "2f1b9080f03081066504148de0c314161b7bc48e59f5b69b0cf1fa9ebf80c2bf"


def test_a_document_becomes_conditions() -> None:
    ruleset = parse(read_document(DOCUMENT))
    signed = ruleset.by_id["LY01"]
    assert signed.tiers[Tier.BLUE] == Ratio("gt", "unsigned", "staff", 200, "unsigned")
    assert signed.worse == {"unsigned": 1, "staff": -1}
    assert signed.highest is Tier.RED
    assert ruleset.by_id["ZZ01"].not_applicable == Compare("lt", "staff", 25)
    assert [point.no for point in ruleset.points] == list(range(1, 28))
    assert [[p.id for p in stage] for stage in ruleset.stages][1:] == [["ZZ01"]]


def test_point_files_make_a_set(tmp_path: Path) -> None:
    for name in WEIGHTS:
        (tmp_path / f"{name}.json").write_text(json.dumps(plain_point(name)), "utf-8")
    assert rule_set_hash(assemble(tmp_path)) == rule_set_hash(read_document(plain_document()))
    (tmp_path / "LY01.json").rename(tmp_path / "LY09.json")
    with pytest.raises(RuleSetError, match=r"LY09\.json"):
        assemble(tmp_path)
