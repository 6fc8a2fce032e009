"""The lint finds what an analyst can get wrong, says nothing of a sound rule set, and says what it cannot decide."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from api.bootstrap.risk import Names
from api.risk.spec import cells
from api.risk.spec.cells import grid
from api.risk.spec.delivered import delivered, delivered_document
from api.risk.spec.directions import directions
from api.risk.spec.document import parse, read_document
from api.risk.spec.lint import Finding, Level, _thresholds, blocking, lint
from api.risk.spec.model import RuleSet
from tests.unit.risk_scoring.rule_sets import (
    at,
    checked,
    delivered_points,
    every,
    point,
    real,
    real_document,
    share,
    some,
)

REAL = real()
FLAGS = {"boss_fled", "has_union", "wage_frozen", "base_frozen", "has_loan"}


def with_point(**changes: Any) -> dict[str, Any]:
    """The real rule set with another GZ02: blue at 1, yellow at 5, orange at 10, red at 20 of `below`."""
    tiers = {c: at("ge", "below", v) for c, v in (("blue", 1), ("yellow", 5), ("orange", 10), ("red", 20))}
    document = real_document()
    document["points"][6] = {**point("GZ02", tiers, ["below"]), **changes}
    return document


def found(document: dict[str, Any], **options: Any) -> set[tuple[str, str, str]]:
    return {(f.level.value, f.code, f.where) for f in lint(parse(checked(document)), flags=FLAGS, **options)}


def test_a_sound_point_adds_nothing() -> None:
    assert found(with_point()) == {(f.level.value, f.code, f.where) for f in lint(REAL, flags=FLAGS)}


@pytest.mark.parametrize("ruleset", [REAL, *delivered_points()], ids=lambda r: f"{len(r.facts)}-facts")
def test_a_sound_rule_set_has_no_errors(ruleset: RuleSet) -> None:
    assert blocking(lint(ruleset, ruleset.facts, FLAGS)) == ()


TIERS: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    (
        {"blue": every(at("ge", "x", 1), at("le", "x", 7)), "yellow": at("ge", "x", 10)},
        ("error", "gap", "GZ02"),
    ),
    (
        {
            "blue": at("ge", "x", 1),
            "orange": every(at("ge", "x", 5), at("lt", "x", 9)),
            "yellow": at("ge", "x", 3),
        },
        ("error", "inversion", "GZ02"),
    ),
    ({"blue": at("ge", "x", 5), "yellow": at("ge", "x", 3)}, ("error", "never_shown", "GZ02.blue")),
    ({"blue": at("ge", "x", 3), "yellow": at("gt", "x", 2)}, ("error", "overlap", "GZ02.blue")),
    ({"blue": every(at("ge", "x", 5), at("le", "x", 3))}, ("error", "never_true", "GZ02.blue")),
    ({"blue": at("ge", "x", 0)}, ("error", "always_coloured", "GZ02")),
    (
        {"blue": share("ge", "n", "d", 500), "yellow": share("ge", "n", "d", 300)},
        ("error", "never_shown", "GZ02.blue"),
    ),
    (
        {
            "blue": every(share("ge", "n", "d", 100), share("lt", "n", "d", 200)),
            "yellow": share("ge", "n", "d", 300),
        },
        ("error", "gap", "GZ02"),
    ),
    (
        {"blue": every(at("eq", "d", 0), share("ge", "n", "d", 100))},
        ("error", "divides_by_zero", "GZ02.blue"),
    ),
    (
        {"blue": every(at("lt", "d", 1), some(share("ge", "n", "d", 9)))},
        ("error", "divides_by_zero", "GZ02.blue"),
    ),
    ({"blue": share("ge", "n", "n", 100)}, ("error", "ratio_of_itself", "GZ02.blue")),
    ({"blue": share("ge", "n", "other", 100)}, ("warning", "den_not_needed", "GZ02.blue")),
    ({"blue": {"op": "tier_ge", "point": "ZZ01", "colour": "red"}}, ("error", "colour_absent", "GZ02")),
    ({"blue": {"op": "tier_ge", "point": "XX01", "colour": "red"}}, ("error", "point_unknown", "GZ02")),
    ({"blue": {"op": "tier_ge", "point": "GZ02", "colour": "blue"}}, ("error", "cycle", "GZ02")),
]


@pytest.mark.parametrize(("tiers", "expected"), TIERS, ids=lambda v: v[1] if isinstance(v, tuple) else "")
def test_a_wrong_point_is_found(tiers: dict[str, Any], expected: tuple[str, str, str]) -> None:
    facts = [f for f in ("x", "n", "d") if f"'{f}'" in str(tiers)]
    assert expected in found(with_point(tiers=tiers, needs=facts))


@pytest.mark.parametrize(("tiers", "expected"), TIERS, ids=lambda v: v[1] if isinstance(v, tuple) else "")
def test_searching_finds_what_listing_all_cells_finds(
    tiers: dict[str, Any], expected: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = with_point(tiers=tiers, needs=[f for f in ("x", "n", "d") if f"'{f}'" in str(tiers)])
    listed = found(document)
    monkeypatch.setattr(cells, "LIMIT", 0)
    assert found(document) == listed
    assert expected in listed


@pytest.mark.parametrize("ruleset", [REAL, *delivered_points()], ids=lambda r: f"{len(r.facts)}-facts")
def test_searching_a_sound_rule_set_finds_what_listing_does(
    ruleset: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = {(f.level, f.code, f.where) for f in lint(ruleset, flags=FLAGS)}
    monkeypatch.setattr(cells, "LIMIT", 0)
    assert {(f.level, f.code, f.where) for f in lint(ruleset, flags=FLAGS)} == listed


def jy02(colour: str, fact: str, **changes: Any) -> dict[str, Any]:
    """The delivered rule set, where one leaf of JY02 (15 variables, billions of cells) is another."""
    document = delivered_document().model_dump(mode="json")
    tiers = next(point for point in document["points"] if point["id"] == "JY02")["tiers"]
    next(part for part in tiers[colour]["of"] if fact in (part.get("fact"), part.get("num"))).update(changes)
    return dict(document)


def test_the_delivered_rule_set_is_decided_whole() -> None:
    names = Names()
    assert lint(delivered(), names.names(), names.flags()) == ()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (jy02("orange", "water_drop", op="ratio_le"), ("warning", "direction_mixed", "JY02")),
        (jy02("blue", "water_arrears_months", op="ge", value=0), ("error", "always_coloured", "JY02")),
        (jy02("yellow", "power_arrears_months", op="lt", value=1), ("error", "inversion", "JY02")),
        (jy02("orange", "gas_arrears_months", op="eq"), ("error", "inversion", "JY02")),
        (jy02("blue", "gas_drop", op="ratio_gt"), None),
    ],
)
def test_a_point_of_many_variables_is_decided(
    document: dict[str, Any], expected: tuple[str, str, str] | None
) -> None:
    names = Names()
    findings = lint(parse(checked(document)), names.names(), names.flags())
    said = {(f.level.value, f.code, f.where) for f in findings if f.where.startswith("JY02")}
    assert not any(level == "undecided" for level, _, _ in said)
    assert (expected in said) if expected else not any(level == "error" for level, _, _ in said)


def test_a_colour_that_never_shows_is_found_among_many_variables() -> None:
    document = delivered_document().model_dump(mode="json")
    tiers = next(point for point in document["points"] if point["id"] == "JY02")["tiers"]
    tiers["blue"] = copy.deepcopy(tiers["yellow"])
    findings = {(f.code, f.where) for f in lint(parse(checked(document)))}
    assert {("never_shown", "JY02.blue"), ("overlap", "JY02.blue")} <= findings


def test_a_gap_is_said_with_its_place() -> None:
    tiers = {"blue": every(at("ge", "x", 1), at("le", "x", 7)), "yellow": at("ge", "x", 10)}
    findings = lint(parse(checked(with_point(tiers=tiers, needs=["x"]))))
    assert (
        Finding(Level.ERROR, "gap", "GZ02", {"what": "x", "at": 8, "colour": "blue", "then": "none"})
        in findings
    )


def delivered_with(name: str, **tiers: Any) -> set[tuple[str, str, str]]:
    """Findings of one delivered point with other conditions (`"red": "orange"`: the condition of that colour)."""
    document = delivered_document().model_dump(mode="json")
    point = next(point for point in document["points"] if point["id"] == name)
    was = dict(point["tiers"])
    point["tiers"] |= {c: was[t] if isinstance(t, str) else t for c, t in tiers.items()}
    ruleset = parse(read_document(document))
    found = _thresholds(ruleset.by_id[name], ruleset, set(Names().flags()))
    return {(f.level.value, f.code, f.where) for f in found}


def test_a_twin_is_no_fact_of_its_own() -> None:
    """Red reads the certain rows' twin. Lower than orange it hides it all the same: without doubtful rows both are one."""
    low = {"op": "ge", "fact": "insurance_arrears_months_sure", "value": 3}
    assert delivered_with("SB01", red=low) == {
        ("error", "overlap", "SB01.orange"),
        ("error", "never_shown", "SB01.orange"),
    }


@pytest.mark.parametrize("name", ["LY01", "SB02", "QY01", "AQ03"])
def test_thresholds_turned_round_behind_person_floors_are_told(name: str) -> None:
    """One person is blue at 5 %, two are yellow at 2 %: no colour is out of reach, and nobody meant it."""
    assert ("warning", "floors_only", f"{name}.yellow") in delivered_with(
        name, yellow="orange", orange="yellow"
    )
    assert ("warning", "floors_only", f"{name}.yellow") in delivered_with(name, orange="yellow")
    assert delivered_with(name) == set()


def test_two_points_that_read_each_other_are_a_cycle() -> None:
    document = with_point()
    for index, other in ((6, "GZ03"), (7, "GZ02")):
        document["points"][index]["tiers"]["red"] = {"op": "tier_ge", "point": other, "colour": "blue"}
    assert ("error", "cycle", "GZ02, GZ03") in found(document)


SET: list[tuple[str, Any, tuple[str, str, str]]] = [
    ("points/6/weight_bp", 499, ("error", "weights_sum", "points")),
    ("points/6/no", 6, ("error", "duplicate", "6")),
    ("points/6/id", "GZ01", ("error", "duplicate", "GZ01")),
    ("points/6/basis", "  ", ("error", "basis_missing", "GZ02")),
    ("points/6/en", "", ("error", "name_missing", "GZ02")),
    ("points/6/dimension", "AA", ("error", "dimension_unknown", "GZ02")),
    (
        "points/6/not_applicable",
        share("ge", "n", "d", 9, "n"),
        ("error", "persons_without_colour", "GZ02.not_applicable"),
    ),
    ("points/6/worse", {"below": "down"}, ("error", "direction_contradicted", "GZ02")),
    ("base_levels/blue", 1500, ("error", "levels_not_rising", "base_levels")),
    ("base_levels/blue", 0, ("error", "level_always", "base_levels.blue")),
    ("base_levels/red", 10_001, ("error", "level_unreachable", "base_levels.red")),
    ("colour_points/blue", 50, ("error", "levels_not_rising", "colour_points")),
    ("person_floors/blue", 3, ("error", "levels_not_rising", "person_floors")),
    ("overrides/red", "blue", ("error", "overrides_not_rising", "overrides")),
    ("red_points", ["ZZ01"], ("error", "colour_absent", "red_points")),
    ("red_points", ["XX01"], ("error", "point_unknown", "red_points")),
    ("patterns/0/all/0/point", "XX01", ("error", "point_unknown", "patterns.1")),
    ("patterns/0/grade", "blue", ("warning", "pattern_idle", "patterns.1")),
]


@pytest.mark.parametrize(
    ("path", "value", "expected"), SET, ids=lambda v: v[1] if isinstance(v, tuple) else ""
)
def test_a_wrong_set_is_found(path: str, value: Any, expected: tuple[str, str, str]) -> None:
    document = copy.deepcopy(with_point())
    place: Any = document
    *parents, last = path.split("/")
    for part in parents:
        place = place[int(part) if part.isdigit() else part]
    place[last] = value
    assert expected in found(document)


def test_facts_that_the_dictionary_lacks_are_found() -> None:
    assert ("error", "fact_unknown", "GZ01") in found(
        with_point(), known_facts=set(REAL.facts) - {"boss_fled"}
    )
    document = with_point(worse={"below": "up", "elsewhere": "up"})
    assert ("error", "worse_unread", "GZ02") in found(document, known_facts=[*REAL.facts, "below"])


def test_what_cannot_be_decided_is_said() -> None:
    many = every(*(some(at("ge", f"f{i}", 1), at("ge", f"f{i}", 9)) for i in range(15)))
    tiers = {"blue": many, "yellow": every(many, at("eq", "f0", 3), at("eq", "f1", 3))}
    findings = found(with_point(tiers=tiers, needs=["f0"]))
    assert ("undecided", "too_many_cells", "GZ02") in findings
    assert not any(level == "error" and where.startswith("GZ02") for level, _, where in findings)


def test_dependent_cells_never_make_an_error_of_a_gap() -> None:
    """The fact is compared and part of the ratio: the crosswise corner may not exist."""
    crossing = some(every(at("ge", "n", 1), at("le", "n", 7)), at("ge", "n", 10))
    tiers = {"blue": some(crossing, share("ge", "n", "d", 500))}
    cells = grid(parse(checked(with_point(tiers=tiers, needs=["n", "d"]))).by_id["GZ02"], REAL)
    assert cells.whole
    assert not cells.exact
    assert ("undecided", "gap", "GZ02") in found(with_point(tiers=tiers, needs=["n", "d"]))


def test_directions_are_derived() -> None:
    ways = directions(REAL, FLAGS)
    assert ways["LY01"] == {"unsigned": 1, "staff": -1}
    assert ways["GZ03"] == {"payroll": -1, "payroll_median": 1}
    assert ways["ZZ01"] == {"has_union": -1, "staff": 0, "agreements": -1, "cases": 1}
    assert ways["JY05"]["base_frozen"] == 1
    assert ways["JY05"]["loan_days"] == 0
