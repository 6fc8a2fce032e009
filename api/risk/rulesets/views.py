"""What the pages of the rule sets show: differences and findings in words, beside the fields that they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.risk.rulesets import editing, rules
from api.risk.rulesets.model import State, Version
from api.risk.rulesets.ports import FactNames
from api.risk.rulesets.texts import FINDINGS, FRAME_NAMES, LEVEL_TONES, POINT_NAMES
from api.risk.rulesets.wording import COLOURS, Lang, colour_name, fact_name, in_words, written
from api.risk.spec.document import RuleSetDoc
from api.risk.spec.lint import Finding

Say = Callable[[str], str]
"""A message in the visitor's language."""
_FACTS = frozenset({"fact", "den", "num", "persons"})
_COLOURS = frozenset({"colour", "then", "grade", "other"})


@dataclass(frozen=True)
class Line:
    """A place where two versions differ, in words."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Note:
    """A finding in words. `where` is the lint's place: a point, `point.colour`, or a part of the set."""

    level: str
    tone: str
    where: str
    text: str


def note(finding: Finding, facts: FactNames, lang: Lang) -> Note:
    """A finding in the reader's words: facts and colours by their names."""

    def shown(key: str, value: object) -> object:
        if key == "what" and isinstance(value, str):
            return " ÷ ".join(fact_name(facts, part, lang) for part in value.split("/"))
        if key in _FACTS and isinstance(value, str):
            return fact_name(facts, value, lang)
        if key in _COLOURS and value in COLOURS:
            return colour_name(str(value), lang)
        return value

    text = FINDINGS[finding.code][1 if lang == "en" else 0]
    values = {key: shown(key, value) for key, value in finding.facts.items()}
    point, _, colour = finding.where.partition(".")
    place = f"{point} {colour_name(colour, lang)}" if colour in COLOURS else finding.where
    level = finding.level.value
    return Note(level, LEVEL_TONES[level], finding.where, text.format(where=place, **values))


def notes_by_place(notes: Sequence[Note], point: str = "") -> dict[str, list[Note]]:
    """Notes by the field group beside which they stand: colours of one point, or parts of the frame."""
    found: dict[str, list[Note]] = {}
    for one in notes:
        head, _, rest = one.where.partition(".")
        if point:
            if head == point:
                found.setdefault(rest, []).append(one)
        elif head in FRAME_NAMES:
            key = f"{head}-{rest}" if head in (*editing.LEVEL_PARTS, "overrides") and rest else head
            found.setdefault(key, []).append(one)
        else:
            found.setdefault(head, []).append(one)
    return found


def _plain(value: object, key: str, lang: Lang) -> str:
    if value is None or value == [] or value == {}:
        return "—"
    if key in ("coverage_floor_bp",) and isinstance(value, int):
        return written(value, "percent") + " %"
    if key == "patterns" and isinstance(value, list):
        return "; ".join(editing.patterns_text(value).splitlines())
    if isinstance(value, str) and value in COLOURS:
        return colour_name(value, lang)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_plain(v, k, lang)}" for k, v in value.items())
    return str(value)


def _points(document: RuleSetDoc) -> dict[str, dict[str, Any]]:
    return {point["id"]: point for point in document.model_dump(mode="json")["points"]}


def lines(before: RuleSetDoc, after: RuleSetDoc, facts: FactNames, lang: Lang, say: Say) -> list[Line]:
    """Where two versions differ; a condition is shown whole, once per colour."""
    old, new = _points(before), _points(after)
    found: dict[str, Line] = {}

    def condition(point: str, colour: str) -> Line:
        texts = []
        for value in (old.get(point), new.get(point)):
            held = (
                None
                if value is None
                else value[colour]
                if colour == "not_applicable"
                else value["tiers"][colour]
            )
            texts.append(in_words(facts, held, lang))
        name = new.get(point, old.get(point, {})).get("en" if lang == "en" else "zh", "")
        return Line(f"{point} {name} · {colour_name(colour, lang)}", texts[0], texts[1])

    for one in rules.differences(before, after):
        steps = one.where.strip("/").split("/")
        if steps[0] == "points" and len(steps) > 2:
            point, key = steps[1], steps[2]
            if (
                point in old
                and point in new
                and (key == "not_applicable" or (key == "tiers" and len(steps) > 3))
            ):
                colour = key if key == "not_applicable" else steps[3]
                found.setdefault(f"{point}.{colour}", condition(point, colour))
                continue
            name = new.get(point, old.get(point, {})).get("en" if lang == "en" else "zh", "")
            label = f"{point} {name} · {say(POINT_NAMES.get(key, key))}"
            found.setdefault(
                one.where, Line(label, _plain(one.before, key, lang), _plain(one.after, key, lang))
            )
        elif steps[0] == "points":
            name = steps[1]
            gone = [
                say(POINT_NAMES["weight_bp"]) + f" {p[name]['weight_bp']}" if name in p else "—"
                for p in (old, new)
            ]
            found.setdefault(one.where, Line(name, gone[0], gone[1]))
        else:
            tail = " · ".join(colour_name(s, lang) if s in COLOURS else s for s in steps[1:])
            label = say(FRAME_NAMES.get(steps[0], steps[0])) + (f" · {tail}" if tail else "")
            texts = (_plain(one.before, steps[0], lang), _plain(one.after, steps[0], lang))
            found.setdefault(one.where, Line(label, *texts))
    return list(found.values())


def changeable(version: Version) -> bool:
    """Whether the version may still be changed."""
    return version.state in (State.DRAFT, State.VALIDATED)
