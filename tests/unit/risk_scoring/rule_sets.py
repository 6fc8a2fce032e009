"""Rule sets for tests: the published weights with one plain fact a point, and real points that use every operator."""

from __future__ import annotations

from typing import Any

from api.risk.spec.delivered import POINTS, assemble, delivered_frame
from api.risk.spec.document import RuleSetDoc, parse, read_document
from api.risk.spec.model import RuleSet

WEIGHTS = {
    "LY01": 400, "LY02": 250, "LY03": 250, "LY04": 350, "LY05": 250,
    "GZ01": 1400, "GZ02": 500, "GZ03": 600, "GZ04": 500,
    "SB01": 500, "SB02": 400, "SB03": 250, "SB04": 350,
    "QY01": 400, "QY02": 500, "QY03": 300, "QY04": 300,
    "AQ01": 300, "AQ02": 200, "AQ03": 200,
    "JY01": 200, "JY02": 350, "JY03": 300, "JY04": 200, "JY05": 250,
    "ZZ01": 250, "ZZ02": 250,
}  # fmt: skip
COLOURS = ("blue", "yellow", "orange", "red")


def at(op: str, fact: str, value: int) -> dict[str, Any]:
    return {"op": op, "fact": fact, "value": value}


def share(op: str, num: str, den: str, bp: int, persons: str | None = None) -> dict[str, Any]:
    return {"op": "ratio_" + op, "num": num, "den": den, "bp": bp, "persons": persons}


def every(*of: Any) -> dict[str, Any]:
    return {"op": "all", "of": list(of)}


def some(*of: Any) -> dict[str, Any]:
    return {"op": "any", "of": list(of)}


def point(name: str, tiers: dict[str, Any], needs: list[str], **changes: Any) -> dict[str, Any]:
    no = list(WEIGHTS).index(name) + 1
    made = {"id": name, "no": no, "dimension": name[:2], "weight_bp": WEIGHTS[name], "zh": f"控制点{no}"}
    return {**made, "en": f"Point {no}", "basis": "条例 art. 38", "needs": needs, "tiers": tiers, **changes}


def plain_point(name: str) -> dict[str, Any]:
    """Its fact is the tier: 1 blue to 4 red; 9 makes it not applicable."""
    fact = f"level_{name.lower()}"
    tiers = {c: at("ge", fact, i) for i, c in enumerate(COLOURS, 1)}
    return point(name, tiers, [fact], not_applicable=at("eq", fact, 9))


def plain_document(**changes: Any) -> dict[str, Any]:
    return {**delivered_frame(), "points": [plain_point(name) for name in WEIGHTS], **changes}


def levels(**tiers: int | None) -> dict[str, int | None]:
    """Facts of the plain rule set: the named points' tiers, 0 for the others."""
    values: dict[str, int | None] = {f"level_{name.lower()}": 0 for name in WEIGHTS}
    return {**values, **{f"level_{name.lower()}": tier for name, tier in tiers.items()}}


def real_points() -> dict[str, dict[str, Any]]:
    """Wage arrears, unsigned contracts, dispute rate and union, and three that use what these leave out."""
    due = "overdue_days"
    arrears = {c: at("ge", due, days) for c, days in zip(COLOURS, (1, 8, 31, 61), strict=True)}
    large = every(at("ge", "arrears_persons", 10), at("ge", "arrears_fen", 3_000_000))
    arrears["red"] = some(arrears["red"], large, at("ge", "boss_fled", 1))
    signed = {
        c: share("gt", "unsigned", "staff", bp, "unsigned")
        for c, bp in zip(COLOURS, (200, 500, 1_000, 2_000), strict=True)
    }
    rate = {
        c: every(at("ge", "cases", 3), share("ge", "cases", "staff", bp))
        for c, bp in zip(COLOURS, (100, 200, 400, 800), strict=True)
    }
    no_union = at("eq", "has_union", 0)
    union = {
        "blue": every(no_union, at("gt", "staff", 24)),
        "yellow": every(no_union, at("lt", "agreements", 1), at("ge", "staff", 100)),
        "orange": every(
            no_union, at("lt", "agreements", 1), {"op": "tier_ge", "point": "QY01", "colour": "yellow"}
        ),
    }
    fall = {
        c: share("le", "payroll", "payroll_median", bp)
        for c, bp in zip(COLOURS, (8_500, 7_500, 6_000, 4_000), strict=True)
    }
    base = {
        c: share("lt", "declared", "due_base", bp)
        for c, bp in zip(COLOURS, (9_500, 9_000, 8_000, 6_000), strict=True)
    }
    loan = {
        "blue": every({"op": "not", "of": at("le", "loan_days", 0)}, at("le", "loan_days", 30)),
        "yellow": every(at("gt", "loan_days", 30), {"op": "not", "of": at("gt", "loan_days", 60)}),
        "orange": some(
            every(at("gt", "loan_days", 60), at("le", "loan_days", 90)), at("eq", "wage_frozen", 1)
        ),
        "red": some(at("gt", "loan_days", 90), at("eq", "base_frozen", 1)),
    }
    return {
        "GZ01": point("GZ01", arrears, [due, "arrears_persons", "arrears_fen", "boss_fled"]),
        "LY01": point("LY01", signed, ["unsigned", "staff"], worse={"unsigned": "up", "staff": "down"}),
        "QY01": point("QY01", rate, ["cases", "staff"]),
        "ZZ01": point("ZZ01", union, ["has_union", "staff"], not_applicable=at("lt", "staff", 25)),
        "GZ03": point("GZ03", fall, ["payroll", "payroll_median"]),
        "SB03": point("SB03", base, ["declared", "due_base"]),
        "JY05": point("JY05", loan, ["loan_days"], not_applicable=at("eq", "has_loan", 0)),
    }


def real_document(**changes: Any) -> dict[str, Any]:
    """27 points with the published weights, seven of them real."""
    real = real_points()
    points = [real.get(name) or plain_point(name) for name in WEIGHTS]
    return {**delivered_frame(), "points": points, **changes}


def checked(document: dict[str, Any]) -> RuleSetDoc:
    return read_document(document)


def plain() -> RuleSet:
    return parse(checked(plain_document()))


def real() -> RuleSet:
    return parse(checked(real_document()))


def delivered_points() -> list[RuleSet]:
    """The rule set that comes with the software, with all of its points."""
    made = parse(assemble(POINTS))
    assert [point.id for point in made.points] == list(WEIGHTS)
    assert {point.id: point.weight_bp for point in made.points} == WEIGHTS
    return [made]
