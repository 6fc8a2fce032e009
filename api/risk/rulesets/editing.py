"""A version's weights and frame as fields of a form, and back: each is a list of fields with an address in the document.

Every field is one line of text, as written in the form. A section is read to texts, checked and written back as a whole, and
merged in three ways when somebody else saved meanwhile: what I left alone takes the other's value, what I changed stays mine.
The third section, a control point, is in `point_form`: its fields follow from its conditions.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.risk.rulesets.wording import NumberError, stored, written
from api.risk.spec.document import COLOUR_NAMES
from api.risk.spec.model import WHOLE_BP

Document = dict[str, Any]
Texts = dict[str, str]
UNCHOSEN = "?"
"""Stands in a pattern's text for a point that nobody has chosen yet."""
LEVEL_PARTS = ("base_levels", "colour_points", "person_floors")
_CODE = re.compile(r"[A-Z]{2}[0-9]{2}")
_CHINESE = {"蓝": "blue", "黄": "yellow", "橙": "orange", "红": "red"}


class FieldsError(ValueError):
    """Fields that cannot be read: name → (code of the editor's texts, facts)."""

    def __init__(self, problems: Mapping[str, tuple[str, Mapping[str, object]]]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


def whole(least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number within bounds."""
    return lambda text: stored(text, "", least, most)


def line(most: int, pattern: str = "") -> Callable[[str], str]:
    """Reads one line, blanks put in order."""

    def read(text: str) -> str:
        line = " ".join(text.split())
        if len(line) > most or (pattern and not re.fullmatch(pattern, line)):
            raise NumberError("text_malformed", most=most)
        return line

    return read


def _one_of(values: Sequence[str]) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if text not in values:
            raise NumberError("choice_malformed")
        return text or None

    return read


@dataclass(frozen=True)
class Field:
    """One field: its name in the form, its place in the document, how it is written and read."""

    name: str
    path: tuple[str | int, ...]
    show: Callable[[Any], str] = str
    read: Callable[[str], Any] = str
    unit: str = ""
    choices: tuple[str, ...] = ()

    def text(self, document: Document) -> str:
        """Its value in a document, as written."""
        value: Any = document
        for step in self.path:
            value = value[step]
        return self.show(value)

    def put(self, document: Document, value: Any) -> None:
        """Set its value in a document."""
        target: Any = document
        for step in self.path[:-1]:
            target = target[step]
        target[self.path[-1]] = value


def _number(name: str, path: tuple[str | int, ...], unit: str, least: int, most: int) -> Field:
    def show(value: int) -> str:
        return written(value, unit)

    return Field(name, path, show, lambda text: stored(text, unit, least, most), unit)


def weights(document: Document) -> list[Field]:
    """The weight of every point, in the order of their numbers."""
    order = sorted(enumerate(document["points"]), key=lambda pair: pair[1]["no"])
    return [
        Field(f"weight-{point['id']}", ("points", i, "weight_bp"), str, whole(0, WHOLE_BP))
        for i, point in order
    ]


def _codes_text(codes: Sequence[str]) -> str:
    return ", ".join(codes)


def _codes(known: frozenset[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        words = [word for word in re.split(r"[\s,，、;；]+", text.strip().upper()) if word]
        for word in words:
            if word not in known:
                raise NumberError("point_malformed", text=word[:20])
        return list(dict.fromkeys(words))

    return read


def patterns_text(patterns: Sequence[Mapping[str, Any]]) -> str:
    """One pattern a line: `GZ03 yellow + SB01 yellow = orange`."""
    lines = []
    for pattern in patterns:
        parts = " + ".join(f"{part['point']} {part['colour']}" for part in pattern["all"])
        lines.append(f"{parts} = {pattern['grade']}")
    return "\n".join(lines)


def _colour(word: str) -> str | None:
    cleaned = word.strip().lower().removesuffix("色")
    return _CHINESE.get(cleaned) or (cleaned if cleaned in COLOUR_NAMES else None)


def _patterns(known: frozenset[str]) -> Callable[[str], list[dict[str, Any]]]:
    def part(text: str, line: str) -> dict[str, str]:
        code, _, word = text.strip().partition(" ")
        colour = _colour(word)
        if code == UNCHOSEN:
            raise NumberError("point_missing")
        if code.upper() not in known or colour is None:
            raise NumberError("pattern_malformed", text=line[:60])
        return {"point": code.upper(), "colour": colour}

    def read(text: str) -> list[dict[str, Any]]:
        made = []
        for line in filter(None, (line.strip() for line in text.splitlines())):
            left, equals, right = line.replace("＝", "=").replace("＋", "+").partition("=")
            grade = _colour(right)
            if not equals or grade is None:
                raise NumberError("pattern_malformed", text=line[:60])
            made.append({"all": [part(text, line) for text in left.split("+")], "grade": grade})
        return made

    return read


def frame(document: Document) -> list[Field]:
    """Everything of the set but its points: levels, floors, overrides, patterns, windows, coverage."""
    known = frozenset(point["id"] for point in document["points"])
    found = [Field("version", ("version",), str, line(20, r"[0-9A-Za-z.-]{1,20}"))]
    for part in LEVEL_PARTS:
        for colour in COLOUR_NAMES:
            found.append(Field(f"{part}-{colour}", (part, colour), str, whole(0, 1_000_000)))
    choices = ("", *COLOUR_NAMES)
    for colour in COLOUR_NAMES:
        found.append(
            Field(
                f"overrides-{colour}", ("overrides", colour), lambda v: v or "", _one_of(choices), "", choices
            )
        )
    return [
        *found,
        Field("red_points", ("red_points",), _codes_text, _codes(known)),
        Field("patterns", ("patterns",), patterns_text, _patterns(known)),
        _number("coverage_floor_bp", ("coverage_floor_bp",), "percent", 0, WHOLE_BP),
        Field("repeat_window_days", ("repeat_window_days",), str, whole(0, 3_660), "days"),
        Field("fall_cycles", ("fall_cycles",), str, whole(1, 24), "months"),
    ]


def place(document: Document, point: str) -> int | None:
    """Where a point stands in the document; None when it has none of that id."""
    return next((i for i, p in enumerate(document["points"]) if p["id"] == point), None)


def read(document: Document, fields: Sequence[Field]) -> Texts:
    """The section's texts as the document has them."""
    return {f.name: f.text(document) for f in fields}


def write(document: Document, fields: Sequence[Field], texts: Mapping[str, str]) -> Document:
    """A copy of the document with the section's texts. Raises FieldsError with every field that cannot be read."""
    made = copy.deepcopy(document)
    problems: dict[str, tuple[str, Mapping[str, object]]] = {}
    for f in fields:
        try:
            if f.name not in texts:
                raise NumberError("field_missing")
            f.put(made, f.read(texts[f.name]))
        except NumberError as error:
            problems[f.name] = (error.code, error.facts)
    if problems:
        raise FieldsError(problems)
    return made


@dataclass(frozen=True)
class Merged:
    """Three versions of a section in one: `texts` to go on with, `mine` the fields where both changed, with the other's."""

    texts: Texts
    mine: Mapping[str, str]
    taken: Mapping[str, str]
    """Fields that only the other changed, with his value."""


def merge(before: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> Merged:
    """`before` is what I began with. A field that is not in `theirs` any more is left out."""
    texts, both, taken = {}, {}, {}
    for name, other in theirs.items():
        own, start = mine.get(name, other), before.get(name, other)
        if own == start:
            texts[name] = other
            if other != start:
                taken[name] = other
        else:
            texts[name] = own
            if other not in (start, own):
                both[name] = other
    return Merged(texts, both, taken)
