"""The border: a rule set as a JSON document, checked strictly, parsed into the model, and written back to canonical bytes.

Every number is a whole number (JSON booleans, floats and digits in text are refused), unknown keys are refused. The hash of
a rule set is SHA-256 over the RFC 8785 form of the whole document with its defaults filled in, so two documents that mean
the same and differ in layout only have one hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from api.risk.spec.model import (
    BP_LIMIT,
    FACT_LIMIT,
    MAX_POINTS,
    WHOLE_BP,
    Compare,
    Condition,
    Dimension,
    Every,
    Negation,
    Pattern,
    Point,
    Ratio,
    RuleSet,
    RuleSetError,
    Some,
    Tier,
    TierAtLeast,
)

COLOUR_NAMES = {"blue": Tier.BLUE, "yellow": Tier.YELLOW, "orange": Tier.ORANGE, "red": Tier.RED}
NAME_OF = {tier: name for name, tier in COLOUR_NAMES.items()}
VERSION = re.compile(r"[0-9A-Za-z.-]{1,20}")
"""The number of a version, such as 1.1."""
MAX_DEPTH = 8
"""Nesting of a condition; deeper ones are refused before anything walks them."""
MAX_PARTS = 20
MAX_NEEDS = 30
MAX_PATTERNS = 20

FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}$")]
Colour = Literal["blue", "yellow", "orange", "red"]
Text = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]*$")]
"""One line: control characters have no place in a name, and no sheet or XML file carries them unchanged."""
Bp = Annotated[int, Field(ge=0, le=BP_LIMIT)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CompareDoc(_Strict):
    """A fact against a whole number."""

    op: Literal["ge", "gt", "le", "lt", "eq"]
    fact: FactName
    value: Annotated[int, Field(ge=-FACT_LIMIT, le=FACT_LIMIT)]


class RatioDoc(_Strict):
    """A share in basis points."""

    op: Literal["ratio_ge", "ratio_gt", "ratio_le", "ratio_lt"]
    num: FactName
    den: FactName
    bp: Bp
    persons: FactName | None = None


class PartsDoc(_Strict):
    """All or any of several conditions."""

    op: Literal["all", "any"]
    of: Annotated[list[ConditionDoc], Field(min_length=1, max_length=MAX_PARTS)]


class NotDoc(_Strict):
    """The opposite of a condition."""

    op: Literal["not"]
    of: ConditionDoc


class TierDoc(_Strict):
    """Another point's tier."""

    op: Literal["tier_ge"]
    point: Code
    colour: Colour


ConditionDoc = Annotated[CompareDoc | RatioDoc | PartsDoc | NotDoc | TierDoc, Field(discriminator="op")]


class TiersDoc(_Strict):
    """A condition per colour; a colour may be missing."""

    blue: ConditionDoc | None = None
    yellow: ConditionDoc | None = None
    orange: ConditionDoc | None = None
    red: ConditionDoc | None = None

    @model_validator(mode="after")
    def _some(self) -> TiersDoc:
        if not any(getattr(self, name) for name in COLOUR_NAMES):
            raise ValueError("a point needs at least one colour")
        return self


class PointDoc(_Strict):
    """A control point: the content of one file of `api/risk/points`."""

    id: Code
    no: Annotated[int, Field(ge=1, le=MAX_POINTS)]
    dimension: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    weight_bp: Annotated[int, Field(ge=0, le=WHOLE_BP)]
    zh: Text
    en: Text
    basis: Text
    needs: Annotated[list[FactName], Field(max_length=MAX_NEEDS)] = []
    not_applicable: ConditionDoc | None = None
    tiers: TiersDoc
    worse: dict[FactName, Literal["up", "down"]] = {}


class DimensionDoc(_Strict):
    """A group of points."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    zh: Text
    en: Text


class PatternPartDoc(_Strict):
    """A point that reaches a colour."""

    point: Code
    colour: Colour


class PatternDoc(_Strict):
    """Points that together lift the grade."""

    all: Annotated[list[PatternPartDoc], Field(min_length=1, max_length=MAX_POINTS)]
    grade: Colour


class OverridesDoc(_Strict):
    """What any point of a colour lifts the grade to, at least."""

    blue: Colour | None = None
    yellow: Colour | None = None
    orange: Colour | None = None
    red: Colour | None = None


class LevelsDoc(_Strict):
    """A whole number per colour."""

    blue: Annotated[int, Field(ge=0, le=1_000_000)]
    yellow: Annotated[int, Field(ge=0, le=1_000_000)]
    orange: Annotated[int, Field(ge=0, le=1_000_000)]
    red: Annotated[int, Field(ge=0, le=1_000_000)]

    def by_tier(self) -> dict[Tier, int]:
        """The numbers by tier."""
        return {tier: getattr(self, name) for name, tier in COLOUR_NAMES.items()}


class RuleSetDoc(_Strict):
    """A whole rule set."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    version: Annotated[str, StringConstraints(pattern=f"^{VERSION.pattern}$")]
    dimensions: Annotated[list[DimensionDoc], Field(min_length=1, max_length=20)]
    points: Annotated[list[PointDoc], Field(min_length=1, max_length=MAX_POINTS)]
    base_levels: LevelsDoc
    colour_points: LevelsDoc
    person_floors: LevelsDoc
    red_points: list[Code]
    overrides: OverridesDoc
    patterns: Annotated[list[PatternDoc], Field(max_length=MAX_PATTERNS)] = []
    coverage_floor_bp: Annotated[int, Field(ge=0, le=WHOLE_BP)]
    repeat_window_days: Annotated[int, Field(ge=0, le=3_660)]
    fall_cycles: Annotated[int, Field(ge=1, le=24)]


for _model in (PartsDoc, NotDoc, TiersDoc, PointDoc, RuleSetDoc):
    _model.model_rebuild()


class DocumentError(RuleSetError):
    """The document has the wrong form; `problems` are pairs of JSON pointer and reason, in English."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {why}" for where, why in problems[:5]))
        self.problems = problems


def _depth(value: Any, level: int = 0) -> None:
    if level > 2 * MAX_DEPTH + 6:
        raise DocumentError([("", f"conditions are nested deeper than {MAX_DEPTH}")])
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for part in parts:
        _depth(part, level + 1)


def read_document(value: Any) -> RuleSetDoc:
    """Check a decoded JSON value. Raises DocumentError with a JSON pointer per problem."""
    _depth(value)
    try:
        return RuleSetDoc.model_validate(value)
    except ValidationError as error:
        raise DocumentError(
            [("/" + "/".join(str(p) for p in e["loc"]), e["msg"]) for e in error.errors()]
        ) from None


def canonical_bytes(document: RuleSetDoc) -> bytes:
    """RFC 8785 form with defaults filled in and points in the order of their numbers."""
    value = document.model_dump(mode="json")
    value["points"].sort(key=lambda point: (point["no"], point["id"]))
    return rfc8785.dumps(value)


def rule_set_hash(document: RuleSetDoc) -> str:
    """SHA-256 of the canonical bytes, in lower-case hex: the rule set's name in every decision."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def _condition(doc: ConditionDoc) -> Condition:
    match doc:
        case CompareDoc():
            return Compare(doc.op, doc.fact, doc.value)
        case RatioDoc():
            return Ratio(doc.op.removeprefix("ratio_"), doc.num, doc.den, doc.bp, doc.persons)
        case PartsDoc():
            parts = tuple(_condition(part) for part in doc.of)
            return Every(parts) if doc.op == "all" else Some(parts)
        case NotDoc():
            return Negation(_condition(doc.of))
        case TierDoc():
            return TierAtLeast(doc.point, COLOUR_NAMES[doc.colour])


def parse_point(doc: PointDoc) -> Point:
    """The point as model object."""
    found = {tier: getattr(doc.tiers, name) for name, tier in COLOUR_NAMES.items()}
    return Point(
        doc.id,
        doc.no,
        doc.dimension,
        doc.weight_bp,
        doc.zh,
        doc.en,
        doc.basis,
        tuple(doc.needs),
        None if doc.not_applicable is None else _condition(doc.not_applicable),
        {tier: _condition(condition) for tier, condition in found.items() if condition is not None},
        {fact: 1 if way == "up" else -1 for fact, way in doc.worse.items()},
    )


def parse(doc: RuleSetDoc) -> RuleSet:
    """The rule set as model object; points in the order of their numbers. What it says is judged by the lint."""
    lifts = {tier: getattr(doc.overrides, name) for name, tier in COLOUR_NAMES.items()}
    return RuleSet(
        doc.id,
        doc.version,
        tuple(Dimension(d.id, d.zh, d.en) for d in doc.dimensions),
        tuple(parse_point(point) for point in sorted(doc.points, key=lambda p: (p.no, p.id))),
        doc.base_levels.by_tier(),
        doc.colour_points.by_tier(),
        doc.person_floors.by_tier(),
        tuple(doc.red_points),
        {tier: COLOUR_NAMES[grade] for tier, grade in lifts.items() if grade is not None},
        tuple(
            Pattern(
                tuple((p.point, COLOUR_NAMES[p.colour]) for p in pattern.all), COLOUR_NAMES[pattern.grade]
            )
            for pattern in doc.patterns
        ),
        doc.coverage_floor_bp,
        doc.repeat_window_days,
        doc.fall_cycles,
    )
