"""The lint of a rule set: what stands between a draft and its validation.

An *error* blocks validation. A *warning* is shown to whoever publishes. An *undecided* finding says what the reasoning could
not prove either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from api.risk.spec.cells import Grid, Variable, grid
from api.risk.spec.directions import directions
from api.risk.spec.model import (
    COLOURS,
    WHOLE_BP,
    Compare,
    Condition,
    Every,
    Negation,
    Point,
    Ratio,
    RuleSet,
    Some,
    Tier,
    TierAtLeast,
    atoms,
    conditions,
    points_read,
)
from api.risk.spec.search import Exhausted, Search, one_way

TWIN = "_sure"
"""A fact's twin, which counts only rows that are matched for certain; without others both are the same number."""


class Level(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Finding:
    """One thing the lint saw; `code` has texts in both languages, `where` names a point, a colour or a part of the set."""

    level: Level
    code: str
    where: str
    facts: Mapping[str, object] = field(default_factory=dict)


def _error(code: str, where: str, **facts: object) -> Finding:
    return Finding(Level.ERROR, code, where, facts)


def _warning(code: str, where: str, **facts: object) -> Finding:
    return Finding(Level.WARNING, code, where, facts)


def _name(tier: int) -> str:
    return Tier(tier).name.lower().replace("_", " ")


def _variable(variable: Variable) -> str:
    kind, *names = variable
    return (
        f"{names[0]}/{names[1]}" if kind == "ratio" else f"tier of {names[0]}" if kind == "tier" else names[0]
    )


def _set_level(ruleset: RuleSet) -> Iterator[Finding]:
    total = sum(point.weight_bp for point in ruleset.points)
    if total != WHOLE_BP:
        yield _error("weights_sum", "points", sum=total)
    for what, counted in (
        ("id", Counter(p.id for p in ruleset.points)),
        ("no", Counter(p.no for p in ruleset.points)),
    ):
        for value, times in counted.items():
            if times > 1:
                yield _error("duplicate", str(value), what=what)
    known = {dimension.id for dimension in ruleset.dimensions}
    for point in ruleset.points:
        if point.dimension not in known:
            yield _error("dimension_unknown", point.id, dimension=point.dimension)
        if not point.basis.strip():
            yield _error("basis_missing", point.id)
        if not point.zh.strip() or not point.en.strip():
            yield _error("name_missing", point.id)
        if point.weight_bp == 0:
            yield _warning("weightless", point.id)
    for name in ("base_levels", "colour_points", "person_floors"):
        levels: Mapping[Tier, int] = getattr(ruleset, name)
        values = [levels[colour] for colour in COLOURS]
        rising = all(a <= b if name == "person_floors" else a < b for a, b in pairwise(values))
        if not rising:
            yield _error("levels_not_rising", name, values=values)
    highest = ruleset.colour_points[Tier.RED] * total // 100
    for colour in COLOURS:
        if ruleset.base_levels[colour] > highest:
            yield _error("level_unreachable", f"base_levels.{_name(colour)}", highest=highest)
    if ruleset.base_levels[Tier.BLUE] == 0:
        yield _error("level_always", "base_levels.blue")


def _rises(ruleset: RuleSet) -> Iterator[Finding]:
    lifts = [int(ruleset.overrides.get(colour, 0)) for colour in COLOURS]
    if lifts != sorted(lifts):
        yield _error("overrides_not_rising", "overrides", grades=[_name(lift) for lift in lifts])
    for name in ruleset.red_points:
        if name not in ruleset.by_id:
            yield _error("point_unknown", "red_points", point=name)
        elif Tier.RED not in ruleset.by_id[name].tiers:
            yield _error("colour_absent", "red_points", point=name, colour="red")
    for number, pattern in enumerate(ruleset.patterns, 1):
        where = f"patterns.{number}"
        for name, colour in pattern.of:
            if name not in ruleset.by_id:
                yield _error("point_unknown", where, point=name)
            elif ruleset.by_id[name].highest < colour:
                yield _error("colour_absent", where, point=name, colour=_name(colour))
        least = max(lifts[colour - 1] for _, colour in pattern.of)
        if pattern.grade <= least:
            yield _warning("pattern_idle", where, grade=_name(pattern.grade))


def _reading(ruleset: RuleSet) -> Iterator[Finding]:
    for point in ruleset.points:
        for condition in conditions(point):
            for atom in atoms(condition):
                if not isinstance(atom, TierAtLeast):
                    continue
                if atom.point not in ruleset.by_id:
                    yield _error("point_unknown", point.id, point=atom.point)
                elif ruleset.by_id[atom.point].highest < atom.colour:
                    yield _error("colour_absent", point.id, point=atom.point, colour=_name(atom.colour))


def _cycles(ruleset: RuleSet) -> Iterator[Finding]:
    left = {point.id: points_read(point) & ruleset.by_id.keys() for point in ruleset.points}
    while left:
        ready = [name for name, reads in left.items() if not reads & left.keys()]
        if not ready:
            yield _error("cycle", ", ".join(sorted(left)))
            return
        left = {name: reads for name, reads in left.items() if name not in ready}


def _fact_names(ruleset: RuleSet, known: Collection[str]) -> Iterator[Finding]:
    for point in ruleset.points:
        for fact in sorted(ruleset.reads[point.id][0] - set(known)):
            yield _error("fact_unknown", point.id, fact=fact)
        for fact in sorted(set(point.worse) - ruleset.reads[point.id][0]):
            yield _error("worse_unread", point.id, fact=fact)


def _not_positive(condition: Condition) -> set[str]:
    """Facts that the parts of a conjunction hold at 0 or below."""
    found = set()
    for part in condition.of if isinstance(condition, Every) else (condition,):
        if isinstance(part, Compare):
            op, value = part.op, part.value
            if (op in ("eq", "le") and value <= 0) or (op == "lt" and value <= 1):
                found.add(part.fact)
    return found


def _divisions(point: Point) -> Iterator[Finding]:
    def walk(condition: Condition, dead: set[str], where: str) -> Iterator[Finding]:
        match condition:
            case Every(of):
                inside = dead | _not_positive(condition)
                for part in of:
                    yield from walk(part, inside, where)
            case Some(of):
                for part in of:
                    yield from walk(part, dead, where)
            case Negation(part):
                yield from walk(part, dead, where)
            case Ratio(_, num, den, bp, _):
                if den in dead:
                    yield _error("divides_by_zero", where, den=den)
                if num == den:
                    yield _error("ratio_of_itself", where, fact=num)
                if den not in point.needs and den.removesuffix(TWIN) not in point.needs:
                    yield _warning("den_not_needed", where, den=den)
                if bp == 0:
                    yield _warning("ratio_with_zero", where, num=num)
            case _:
                return

    if point.not_applicable is not None:
        yield from walk(point.not_applicable, set(), f"{point.id}.not_applicable")
        for atom in atoms(point.not_applicable):
            if isinstance(atom, Ratio) and atom.persons is not None:
                yield _error("persons_without_colour", f"{point.id}.not_applicable", persons=atom.persons)
    for colour, condition in point.tiers.items():
        yield from walk(condition, set(), f"{point.id}.{_name(colour)}")


def _reached(point: Point, cells: Grid) -> Iterator[Finding]:
    applying = [tier for tier in cells.tiers if tier is not Tier.NOT_APPLICABLE]
    if applying and Tier.NONE not in applying:
        yield _error("always_coloured", point.id)
    for colour in sorted(point.tiers):
        where = f"{point.id}.{_name(colour)}"
        if not any(colour in held for held in cells.colours):
            yield _error("never_true", where)
        elif colour not in cells.tiers:
            yield _error("never_shown", where)
        for other in sorted(point.tiers):
            if other > colour and all((colour in held) == (other in held) for held in cells.colours):
                yield _error("overlap", where, other=_name(other))


def _reached_by_search(point: Point, search: Search) -> Iterator[Finding]:
    """The same questions as `_reached`, asked one by one. Raises Exhausted."""
    lit = search.at_least(min(point.tiers))
    if search.find(search.applies.but(lit)) is None:
        yield _error("always_coloured", point.id)
    for colour in sorted(point.tiers):
        where = f"{point.id}.{_name(colour)}"
        if search.find(search.holds(colour)) is None:
            yield _error("never_true", where)
        elif search.find(search.shows(colour)) is None:
            yield _error("never_shown", where)
        for other in sorted(point.tiers):
            if other > colour and search.find(search.differ(colour, other)) is None:
                yield _error("overlap", where, other=_name(other))


def _gaps_by_search(point: Point, cells: Grid, search: Search, flags: Collection[str]) -> Iterator[Finding]:
    """Axes along which the tier both rises and falls. Those that every condition reads one way cannot. Raises Exhausted."""
    straight = one_way(point, flags)
    for axis in cells.axes:
        if axis in straight or len(cells.axes[axis]) < 2:
            continue
        moved = {
            up: [(c, at) for c in sorted(point.tiers) if (at := search.moves(axis, c, up=up)) is not None]
            for up in (True, False)
        }
        if not moved[True] or not moved[False]:
            continue
        worse_up = (point.worse.get(axis[1], 1) if axis[0] == "fact" else 1) > 0
        colour, at = moved[not worse_up][0]
        facts = {
            "what": _variable(axis),
            "at": at // (2 if axis[0] == "ratio" else 1),
            "colour": _name(colour),
            "then": _name(max((c for c in point.tiers if c < colour), default=Tier.NONE)),
        }
        code = "gap" if colour == min(point.tiers) else "inversion"
        yield Finding(Level.ERROR if cells.exact else Level.UNDECIDED, code, point.id, facts)


def _over_cells(point: Point, ruleset: RuleSet, flags: Collection[str]) -> list[Finding]:
    """What the cells of a point show: listed where they are few, else searched; what takes too long is said to be undecided."""
    cells = grid(point, ruleset, flags)
    if cells.whole:
        return [*_reached(point, cells), *_gaps(point, cells)]
    search = Search(point, ruleset, cells.axes)
    found: list[Finding] = []
    try:
        found += _reached_by_search(point, search)
        found += _gaps_by_search(point, cells, search, flags)
    except Exhausted:
        found.append(Finding(Level.UNDECIDED, "too_many_cells", point.id, {"variables": len(cells.axes)}))
    return found


def _rebuilt(condition: Condition, *, floors: bool) -> Condition:
    """The condition over facts instead of their twins, and without person floors where those are left aside."""
    match condition:
        case Every(of):
            return Every(tuple(_rebuilt(part, floors=floors) for part in of))
        case Some(of):
            return Some(tuple(_rebuilt(part, floors=floors) for part in of))
        case Negation(part):
            return Negation(_rebuilt(part, floors=floors))
        case Compare(op, fact, value):
            return Compare(op, fact.removesuffix(TWIN), value)
        case Ratio(op, num, den, bp, persons):
            own = persons.removesuffix(TWIN) if persons is not None and floors else None
            return Ratio(op, num.removesuffix(TWIN), den.removesuffix(TWIN), bp, own)
        case TierAtLeast():
            return condition


def _plain(point: Point, *, floors: bool = True) -> Point:
    """The point as it is where every row is matched for certain: there a twin is its fact, and a red threshold below an
    orange one is seen to hide it."""
    return replace(
        point,
        not_applicable=point.not_applicable and _rebuilt(point.not_applicable, floors=floors),
        tiers={colour: _rebuilt(condition, floors=floors) for colour, condition in point.tiers.items()},
    )


def _thresholds(point: Point, ruleset: RuleSet, flags: Collection[str]) -> list[Finding]:
    """Findings of the cells, and colours that only a person floor tells apart: thresholds turned round or the same."""
    found = _over_cells(_plain(point), ruleset, flags)
    if any(isinstance(atom, Ratio) and atom.persons for c in conditions(point) for atom in atoms(c)):
        known = {(finding.code, finding.where) for finding in found}
        for finding in _over_cells(_plain(point, floors=False), ruleset, flags):
            hidden = finding.code in ("never_shown", "overlap")
            if hidden and (finding.code, finding.where) not in known:
                found.append(_warning("floors_only", finding.where))
    return found


def _rank(tier: Tier) -> int:
    return tier if tier <= Tier.RED else 0


def _gaps(point: Point, cells: Grid) -> Iterator[Finding]:
    """Along each axis the tier must move one way only: where it falls again, thresholds leave a gap or stand crosswise."""
    for axis in cells.axes:
        if len(cells.axes[axis]) < 2:
            continue
        rises: list[tuple[int, int]] = []
        falls: list[tuple[int, int]] = []
        for line in cells.lines(axis):
            for a, b in pairwise(line):
                if cells.tiers[b] is Tier.NOT_APPLICABLE or cells.tiers[a] is Tier.NOT_APPLICABLE:
                    continue
                before, after = _rank(cells.tiers[a]), _rank(cells.tiers[b])
                (rises if after > before else falls if after < before else []).append((a, b))
        if not rises or not falls:
            continue
        against = falls if len(falls) <= len(rises) else rises
        declared = point.worse.get(axis[1]) if axis[0] == "fact" else None
        if declared is not None:
            against = falls if declared > 0 else rises
        a, b = against[0]
        worse, better = (a, b) if against is falls else (b, a)
        code = "gap" if _rank(cells.tiers[better]) == 0 else "inversion"
        unit = 2 if axis[0] == "ratio" else 1
        level = Level.ERROR if cells.exact else Level.UNDECIDED
        facts = {
            "what": _variable(axis),
            "at": cells.corners[b][axis] // unit,
            "colour": _name(cells.tiers[worse]),
            "then": _name(cells.tiers[better]),
        }
        yield Finding(level, code, point.id, facts)


def _ways(point: Point, derived: Mapping[str, int]) -> Iterator[Finding]:
    for fact, way in point.worse.items():
        if fact in derived and derived[fact] not in (way, 0):
            yield _error("direction_contradicted", point.id, fact=fact, declared="up" if way > 0 else "down")
    for fact, way in derived.items():
        if way == 0 and fact not in point.worse:
            yield _warning("direction_mixed", point.id, fact=fact)


def lint(
    ruleset: RuleSet, known_facts: Collection[str] | None = None, flags: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All findings, errors first, then in the order of the rule set.

    `known_facts` are the names of the fact dictionary (None: they are not checked), `flags` those that are 0 or 1.
    """
    found = [*_set_level(ruleset), *_rises(ruleset), *_reading(ruleset), *_cycles(ruleset)]
    if known_facts is not None:
        found += _fact_names(ruleset, known_facts)
    cyclic = any(finding.code == "cycle" for finding in found)
    ways = {} if cyclic or any(f.code == "point_unknown" for f in found) else directions(ruleset, flags)
    for point in ruleset.points:
        found += _divisions(point)
        found += _thresholds(point, ruleset, flags)
        found += _ways(point, ways.get(point.id, {}))
    order = list(Level)
    return tuple(sorted(found, key=lambda finding: order.index(finding.level)))


def blocking(findings: Collection[Finding]) -> tuple[Finding, ...]:
    """The errors among findings."""
    return tuple(finding for finding in findings if finding.level is Level.ERROR)
