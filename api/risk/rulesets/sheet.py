"""A rule set as a spreadsheet for people who edit in one, and back: the round trip gives the same hash.

One row per control point and one per node of a condition (`node` 1, 1.1, 1.2 … is its place in the tree). Everything is
written as text or whole number, never as formula. A file that is read is untrusted: its size when unpacked is limited, and
every problem is named by sheet, row and column.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from api.kernel.errors import DomainError, invalid
from api.risk.spec.document import COLOUR_NAMES, MAX_DEPTH, RuleSetDoc

MAX_UNPACKED = 20_000_000
MAX_ROWS = 5_000
Row = dict[str, Any]
SHEETS: dict[str, tuple[str, ...]] = {
    "set": ("key", "text"),
    "dimensions": ("id", "zh", "en"),
    "colours": ("colour", "base_level", "points", "person_floor", "lifts_to"),
    "points": ("no", "id", "dimension", "weight_bp", "zh", "en", "basis", "needs", "worse"),
    "conditions": (
        "point", "for", "node", "op", "fact", "value", "num", "den", "bp", "persons", "point_read", "colour",
    ),
    "patterns": ("pattern", "grade", "point", "colour"),
}  # fmt: skip
_WHOLE = {"base_level", "points", "person_floor", "no", "weight_bp", "value", "bp", "pattern"}
_SET_KEYS = ("id", "version", "coverage_floor_bp", "repeat_window_days", "fall_cycles", "red_points")
_LEAF = {"fact": "fact", "value": "value", "num": "num", "den": "den", "bp": "bp", "persons": "persons"}


def _nodes(condition: Mapping[str, Any], place: str) -> Iterator[Row]:
    of = condition.get("of")
    leaf = {column: condition.get(key) for column, key in _LEAF.items()}
    yield {
        "node": place,
        "op": condition["op"],
        **leaf,
        "point_read": condition.get("point"),
        "colour": condition.get("colour"),
    }
    for number, part in enumerate(of if isinstance(of, list) else [] if of is None else [of], 1):
        yield from _nodes(part, f"{place}.{number}")


def _rows(document: RuleSetDoc) -> dict[str, list[Row]]:
    value = document.model_dump(mode="json")
    settings: list[Row] = [{"key": key, "text": str(value[key])} for key in _SET_KEYS[:-1]]
    settings.append({"key": "red_points", "text": ", ".join(value["red_points"])})
    colours = [
        {
            "colour": name,
            "base_level": value["base_levels"][name],
            "points": value["colour_points"][name],
            "person_floor": value["person_floors"][name],
            "lifts_to": value["overrides"][name],
        }
        for name in COLOUR_NAMES
    ]
    points: list[Row] = []
    conditions: list[Row] = []
    for point in sorted(value["points"], key=lambda p: (p["no"], p["id"])):
        worse = ", ".join(f"{fact}:{way}" for fact, way in sorted(point["worse"].items()))
        points.append({**point, "needs": ", ".join(point["needs"]), "worse": worse})
        for name in ("not_applicable", *COLOUR_NAMES):
            condition = point["not_applicable"] if name == "not_applicable" else point["tiers"][name]
            if condition is not None:
                conditions += [{"point": point["id"], "for": name, **node} for node in _nodes(condition, "1")]
    patterns = [
        {"pattern": number, "grade": pattern["grade"], **part}
        for number, pattern in enumerate(value["patterns"], 1)
        for part in pattern["all"]
    ]
    made = (settings, value["dimensions"], colours, points, conditions, patterns)
    return dict(zip(SHEETS, made, strict=True))


def write(document: RuleSetDoc) -> bytes:
    """The document as XLSX."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for name, rows in _rows(document).items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(SHEETS[name]):
                sheet.write_string(0, column, title, bold)
                for number, row in enumerate(rows, 1):
                    value = row[title]
                    if isinstance(value, int):
                        sheet.write_number(number, column, value)
                    elif value is not None:
                        sheet.write_string(number, column, value)
    return target.getvalue()


def _refuse(sheet: str, row: int, column: str, reason: str) -> DomainError:
    return invalid(
        "risk.rule_set_sheet",
        pointer=f"/{sheet}/{row}/{column}",
        sheet=sheet,
        row=row,
        column=column,
        reason=reason,
    )


def _open(content: bytes) -> CalamineWorkbook:
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                raise _refuse("", 0, "", "too large when unpacked")
        return CalamineWorkbook.from_filelike(BytesIO(content))
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError):
        raise _refuse("", 0, "", "no XLSX file") from None


def _cell(sheet: str, row: int, column: str, value: Any) -> Any:
    if value in ("", None):
        return None
    if column not in _WHOLE:
        if not isinstance(value, str):
            raise _refuse(sheet, row, column, "text expected")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise _refuse(sheet, row, column, "whole number expected")
    return int(value)


def _table(book: CalamineWorkbook, name: str) -> list[Row]:
    if name not in book.sheet_names:
        raise _refuse(name, 0, "", "sheet missing")
    try:
        lines = book.get_sheet_by_name(name).to_python()
    except (CalamineError, ValueError):
        raise _refuse(name, 0, "", "cannot be read") from None
    titles: Sequence[Any] = lines[0] if lines else ()
    columns = SHEETS[name]
    if tuple(titles) != columns:
        raise _refuse(name, 1, "", "columns must be " + ", ".join(columns))
    if len(lines) > MAX_ROWS:
        raise _refuse(name, MAX_ROWS, "", "too many rows")
    return [
        {"_row": number, **{c: _cell(name, number, c, v) for c, v in zip(columns, line, strict=True)}}
        for number, line in enumerate(lines[1:], 2)
        if any(value not in ("", None) for value in line)
    ]


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _condition(nodes: Mapping[str, Row], place: str) -> dict[str, Any]:
    row = nodes[place]
    if place.count(".") > MAX_DEPTH * 2:
        raise _refuse("conditions", row["_row"], "node", "nested too deeply")
    parts: list[dict[str, Any]] = []
    while f"{place}.{len(parts) + 1}" in nodes:
        parts.append(_condition(nodes, f"{place}.{len(parts) + 1}"))
    made: dict[str, Any] = {"op": row["op"]}
    made |= {key: row[column] for column, key in _LEAF.items() if row[column] is not None}
    made |= {key: row[c] for c, key in (("point_read", "point"), ("colour", "colour")) if row[c] is not None}
    if row["op"] == "not":
        if len(parts) != 1:
            raise _refuse("conditions", row["_row"], "node", "not has exactly one part")
        made["of"] = parts[0]
    elif row["op"] in ("all", "any"):
        made["of"] = parts
    elif parts:
        raise _refuse("conditions", row["_row"], "node", "only all, any and not have parts")
    return made


def _conditions(rows: Sequence[Row]) -> dict[tuple[str, str], dict[str, Any]]:
    trees: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        tree = trees.setdefault((row["point"], row["for"]), {})
        node = row["node"] or ""
        if node in tree:
            raise _refuse("conditions", row["_row"], "node", "there twice")
        tree[node] = row
    made = {}
    for key, tree in trees.items():
        first = next(iter(tree.values()))
        if "1" not in tree:
            raise _refuse("conditions", first["_row"], "node", "no node 1")
        for node, row in tree.items():
            *above, last = node.split(".")
            before = ".".join([*above, str(int(last) - 1)]) if last.isdigit() and last != "1" else None
            if node != "1" and (".".join(above) not in tree or (before is not None and before not in tree)):
                raise _refuse("conditions", row["_row"], "node", "hangs in the air")
        made[key] = _condition(tree, "1")
    return made


def _point(row: Row, conditions: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    worse = {}
    for word in _words(row["worse"]):
        fact, _, way = word.partition(":")
        worse[fact] = way
    name = row["id"]
    return {
        **{key: row[key] for key in ("id", "no", "dimension", "weight_bp")},
        **{key: row[key] or "" for key in ("zh", "en", "basis")},
        "needs": _words(row["needs"]),
        "worse": worse,
        "not_applicable": conditions.pop((name, "not_applicable"), None),
        "tiers": {colour: conditions.pop((name, colour), None) for colour in COLOUR_NAMES},
    }


def read(content: bytes) -> dict[str, Any]:
    """The document in an XLSX file, not yet checked as a rule set. Raises DomainError invalid with sheet, row, column."""
    book = _open(content)
    tables = {name: _table(book, name) for name in SHEETS}
    settings = {row["key"]: row["text"] for row in tables["set"]}
    if set(settings) != set(_SET_KEYS):
        raise _refuse("set", 1, "key", "keys must be " + ", ".join(_SET_KEYS))
    numbers = {}
    for key in ("coverage_floor_bp", "repeat_window_days", "fall_cycles"):
        text = settings[key] or ""
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise _refuse("set", 1, key, "whole number expected")
        numbers[key] = int(text)
    conditions = _conditions(tables["conditions"])
    points = [_point(row, conditions) for row in tables["points"]]
    if conditions:
        point, name = next(iter(conditions))
        raise _refuse("conditions", 1, "point", f"{point} {name} belongs to no point")
    colours = {row["colour"]: row for row in tables["colours"]}
    patterns: dict[int, dict[str, Any]] = {}
    for row in tables["patterns"]:
        pattern = patterns.setdefault(row["pattern"], {"all": [], "grade": row["grade"]})
        pattern["all"].append({"point": row["point"], "colour": row["colour"]})
    return {
        "id": settings["id"],
        "version": settings["version"],
        **numbers,
        "red_points": _words(settings["red_points"]),
        "dimensions": [
            {"id": r["id"], "zh": r["zh"] or "", "en": r["en"] or ""} for r in tables["dimensions"]
        ],
        "points": points,
        "base_levels": {colour: row["base_level"] for colour, row in colours.items()},
        "colour_points": {colour: row["points"] for colour, row in colours.items()},
        "person_floors": {colour: row["person_floor"] for colour, row in colours.items()},
        "overrides": {colour: row["lifts_to"] for colour, row in colours.items()},
        "patterns": list(patterns.values()),
    }
