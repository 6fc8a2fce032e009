"""A section of a version as it is edited: all weights, the frame, or one control point; its texts, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.kernel.errors import not_found
from api.risk.rulesets import editing, parts, pattern_form, point_form
from api.risk.rulesets.editing import Document, Field, Merged, Texts
from api.risk.rulesets.parts import GROUPS, Part, Slots
from api.risk.rulesets.ports import FactNames
from api.risk.rulesets.texts import FIELD_PROBLEMS, FRAME_NAMES, POINT_NAMES
from api.risk.rulesets.views import Say
from api.risk.rulesets.wording import (
    SIGNS,
    Lang,
    colour_name,
    fact_name,
    in_words,
    subject,
    unit_hint,
    unit_of,
)
from api.risk.spec.document import COLOUR_NAMES

_ANY = ("",)
"""Choices that the page lists itself."""


@dataclass(frozen=True)
class FactRow:
    """A fact that a point reads or needs: whether it must be known, and whether its worse direction may be declared."""

    fact: str
    name: str
    directed: bool


@dataclass(frozen=True)
class Section:
    """A part of a version as it is edited: its fields, their texts, and what is said about each."""

    kind: str
    point: str
    fields: Mapping[str, Field]
    texts: Mapping[str, str]
    slots: Mapping[str, Part] = field(default_factory=dict)
    """A point's conditions, worst first."""
    problems: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    """Fields that somebody else changed too, with his value."""


def _fields(document: Document, kind: str) -> list[Field]:
    return editing.weights(document) if kind == "weights" else editing.frame(document)


def _part_fields(part: Part, name: str, facts: FactNames) -> dict[str, Field]:
    found = {}
    if part.kind in GROUPS:
        found[f"{name}-kind"] = Field(f"{name}-kind", (), choices=GROUPS)
    for key in part.texts:
        one = f"{name}-{key}"
        if key == "op":
            signs = tuple(SIGNS) if part.kind == "fact" else tuple(f"ratio_{s}" for s in SIGNS if s != "eq")
            found[one] = Field(one, (), choices=signs)
        elif key == "colour":
            found[one] = Field(one, (), choices=tuple(COLOUR_NAMES))
        elif key in parts.CHOSEN:
            found[one] = Field(one, (), choices=_ANY)
        else:
            unit = "percent" if key == "bp" else unit_of(facts, part.texts["fact"])
            found[one] = Field(one, (), unit=unit)
    for number, below in enumerate(part.parts, 1):
        found |= _part_fields(below, f"{name}-{number}", facts)
    return found


def of_texts(
    document: Document, kind: str, point: str, texts: Mapping[str, str], facts: FactNames,
    slots: Slots | None = None,
) -> Section:  # fmt: skip
    """A section with these texts, which need not be what the document has. `slots`: a point's conditions where the texts were
    read from a form, which also says whose facts are being chosen."""
    if kind != "point":
        return Section(kind, point, {one.name: one for one in _fields(document, kind)}, texts)
    made = parts.typed(texts) if slots is None else slots
    fields = {one.name: one for one in point_form.scalars(document, point)}
    for slot, part in made.items():
        fields |= _part_fields(part, slot, facts)
    return Section(kind, point, fields, texts, made)


def read(document: Document, kind: str, point: str, facts: FactNames) -> Texts:
    """What the document has. Raises not_found for a point that is not there."""
    if kind != "point":
        return editing.read(document, _fields(document, kind))
    texts = point_form.read(document, point, facts)
    if not texts:
        raise not_found()
    return texts


def typed(
    document: Document, kind: str, point: str, form: Mapping[str, str], facts: FactNames
) -> tuple[Texts, Slots | None]:
    """What a form has, and for a point its conditions. Raises invalid for a form that no page sends."""
    if kind == "point":
        return point_form.typed(form, point_form.scope(document, point, facts))
    found = {one.name: form[one.name] for one in _fields(document, kind) if one.name in form}
    return (found | {"patterns": pattern_form.typed(form)} if kind == "frame" else found), None


def write(document: Document, kind: str, point: str, texts: Texts, facts: FactNames) -> Document:
    """A copy of the document with the section's texts. Raises FieldsError."""
    if kind == "point":
        return point_form.write(document, point, texts, facts)
    return editing.write(document, _fields(document, kind), texts)


def merge(
    document: Document, kind: str, point: str, before: Texts, mine: Texts, theirs: Texts, facts: FactNames,
    lang: Lang,
) -> Merged:  # fmt: skip
    """Three versions of a section in one; a condition that somebody rebuilt is named by its colour, in words."""
    if kind != "point":
        return editing.merge(before, mine, theirs)
    found = point_form.merge(before, mine, theirs)
    value = next(one for one in document["points"] if one["id"] == point)

    def said(texts: Mapping[str, str]) -> Texts:
        return {
            name: in_words(facts, point_form.condition_of(value, name), lang) if name in parts.SLOTS else text
            for name, text in texts.items()
        }

    return Merged(found.texts, said(found.mine), said(found.taken))


def part_subject(part: Part, facts: FactNames, lang: Lang) -> str:
    """What a leaf looks at; empty for a group, and while nothing is chosen."""
    texts = part.texts
    if part.kind in GROUPS:
        return ""
    if part.kind == "share":
        return subject(facts, {"op": "", **texts}, lang) if texts["num"] and texts["den"] else ""
    key = "fact" if part.kind == "fact" else "point"
    return subject(facts, {"op": "tier_ge" if key == "point" else "", **texts}, lang) if texts[key] else ""


def fact_rows(section: Section, facts: FactNames, lang: Lang) -> list[FactRow]:
    """The facts of a point in the order in which its conditions read them, then those that it only needs."""
    read = [fact for part in section.slots.values() for fact in part.facts()]
    marked = [name.partition("-")[2] for name in section.texts if name.startswith("needs-")]
    ways = {name.partition("-")[2] for name in section.texts if name.startswith("worse-")}
    names = dict.fromkeys([*(point_form.plain(fact, facts) for fact in read), *marked, *sorted(ways)])
    directed = {*read, *ways}
    return [FactRow(name, fact_name(facts, name, lang), name in directed) for name in names]


def fact_choices(facts: FactNames, lang: Lang) -> list[tuple[bool, list[tuple[str, str, str]]]]:
    """All facts to choose from, first the whole ones, then those without probable links: code, name, unit."""
    found: dict[bool, list[tuple[str, str, str]]] = {False: [], True: []}
    for code in sorted(facts.names()):
        label = facts.label(code)
        if label is not None:
            found[label.sure].append((code, fact_name(facts, code, lang), unit_hint(label.unit, lang)))
    return [(sure, rows) for sure, rows in found.items() if rows]


def _part_labels(part: Part, name: str, lead: str, facts: FactNames, lang: Lang) -> Texts:
    title = part_subject(part, facts, lang)
    label = f"{lead} · {title}" if title else lead
    found = {f"{name}-{key}": label for key in ("kind", *part.texts)}
    for number, below in enumerate(part.parts, 1):
        found |= _part_labels(below, f"{name}-{number}", lead, facts, lang)
    return found


def labels(
    section: Section, document: Mapping[str, Any], facts: FactNames, lang: Lang, say: Say
) -> dict[str, str]:
    """What each field of a section is called, for the summary of what is wrong or changed."""
    if section.kind == "weights":
        names = {p["id"]: p["en" if lang == "en" else "zh"] for p in document["points"]}
        return {f"weight-{code}": f"{code} {name}" for code, name in names.items()}
    if section.kind == "frame":
        found = {}
        for name in section.fields:
            part, _, colour = name.partition("-")
            found[name] = say(FRAME_NAMES[part]) + (f" · {colour_name(colour, lang)}" if colour else "")
        return found
    found = {name: say(text) for name, text in POINT_NAMES.items()}
    found |= {slot: colour_name(slot, lang) for slot in parts.SLOTS}
    for slot, condition in section.slots.items():
        found |= _part_labels(condition, slot, colour_name(slot, lang), facts, lang)
    for row in fact_rows(section, facts, lang):
        found[f"needs-{row.fact}"] = f"{row.name} · {say(POINT_NAMES['needs'])}"
        found[f"worse-{row.fact}"] = f"{row.name} · {say(POINT_NAMES['worse'])}"
    return found


def problem_texts(error: editing.FieldsError, say: Say) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    return {name: say(FIELD_PROBLEMS[code]) % facts for name, (code, facts) in error.problems.items()}


def known_points(document: Mapping[str, Any], section: Section, lang: Lang) -> Sequence[tuple[str, str]]:
    """Points whose tier a condition of this one may read: all others, by number."""
    return [
        (one["id"], f"{one['id']} {one['en' if lang == 'en' else 'zh']}")
        for one in sorted(document["points"], key=lambda p: p["no"])
        if one["id"] != section.point
    ]
