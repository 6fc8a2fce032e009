"""A control point as texts of a form, and back: its weight, names and basis, its conditions whole, and what must be known.

Every field is one line of text. What is typed is judged when it is written back: facts against the dictionary (a fact that the
point reads already is left to the lint), signs and numbers against the fact's unit.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.kernel.errors import invalid
from api.risk.rulesets import editing, parts
from api.risk.rulesets.editing import Document, Field, FieldsError, Merged, Texts, place
from api.risk.rulesets.parts import SLOTS, Part, Slots
from api.risk.rulesets.ports import FactNames
from api.risk.rulesets.wording import SIGNS, NumberError, share, stored, unit_of
from api.risk.spec.document import COLOUR_NAMES, MAX_NEEDS, MAX_PARTS
from api.risk.spec.model import FACT_LIMIT, WHOLE_BP

NEEDS, WORSE = "needs-", "worse-"
WAYS = ("up", "down")
COUNTED = frozenset({"persons", "cases"})
"""Units that a person floor can count."""
_FLAG_SENSE = {("ge", 1), ("gt", 0), ("eq", 1), ("eq", 0), ("lt", 1), ("le", 0)}
_SHARE_SIGNS = tuple(f"ratio_{sign}" for sign in SIGNS if sign != "eq")


@dataclass(frozen=True)
class Scope:
    """What a point's conditions may name: facts of the dictionary and those that it reads now, and the other points."""

    facts: FactNames
    known: frozenset[str]
    points: frozenset[str]


def scalars(document: Document, point: str) -> list[Field]:
    """A point's weight, names and basis. Empty for a point that is not there."""
    where = place(document, point)
    if where is None:
        return []
    at = ("points", where)
    return [
        Field("weight", (*at, "weight_bp"), str, editing.whole(0, WHOLE_BP)),
        *(Field(name, (*at, name), str, editing.line(400)) for name in ("zh", "en", "basis")),
    ]


def condition_of(point: Mapping[str, Any], slot: str) -> Any:
    """A point's condition for a colour, or for not being applicable; None without one."""
    return point[slot] if slot == "not_applicable" else point["tiers"][slot]


def slots(document: Document, point: str, facts: FactNames) -> Slots:
    """The conditions that a point has, as texts, worst first."""
    where = place(document, point)
    if where is None:
        return {}
    found = {slot: condition_of(document["points"][where], slot) for slot in SLOTS}
    return {slot: parts.shown(condition, facts) for slot, condition in found.items() if condition is not None}


def scope(document: Document, point: str, facts: FactNames) -> Scope:
    """What this point's conditions may name."""
    where = place(document, point)
    read: set[str] = set()
    if where is not None:
        read = {name for part in slots(document, point, facts).values() for name in part.facts()}
        read |= {*document["points"][where]["needs"], *document["points"][where]["worse"]}
    return Scope(facts, frozenset(facts.names()) | read, frozenset(one["id"] for one in document["points"]))


def read(document: Document, point: str, facts: FactNames) -> Texts:
    """The point's texts as the document has them; a fact that is not needed, or has no declared direction, has none."""
    fields = scalars(document, point)
    if not fields:
        return {}
    value = document["points"][place(document, point) or 0]
    return {
        **editing.read(document, fields),
        **parts.flat_slots(slots(document, point, facts)),
        **{NEEDS + fact: "1" for fact in value["needs"]},
        **{WORSE + fact: way for fact, way in value["worse"].items()},
    }


def plain(fact: str, facts: FactNames) -> str:
    """The fact itself where the name is that of its twin without probable links: who needs one needs the other."""
    label = facts.label(fact)
    return fact.removesuffix("_sure") if label is not None and label.sure else fact


def wanted(made: Mapping[str, Part], facts: FactNames) -> set[str]:
    """Facts that a colour reads: without them the point is not known, unless somebody says otherwise."""
    return {plain(fact, facts) for slot in COLOUR_NAMES if slot in made for fact in made[slot].facts()}


def typed(form: Mapping[str, str], scope: Scope) -> tuple[Texts, Slots]:
    """The point's texts in a form, and its conditions. A fact that was not listed when the form was shown, because it was
    chosen since, is needed where a colour reads it. Raises invalid for a form that no page sends."""
    made = parts.typed(form)
    if form.get("slots", "").split(",") != list(made) and (made or form.get("slots")):
        raise invalid("malformed")
    listed = {fact for fact in form.get("listed", "").split(",") if fact}
    needs = {
        name.removeprefix(NEEDS) for name, text in form.items() if name.startswith(NEEDS) and text == "1"
    }
    ways = {name.removeprefix(WORSE): text for name, text in form.items() if name.startswith(WORSE) and text}
    if not {*needs, *ways} <= scope.known or not set(ways.values()) <= set(WAYS):
        raise invalid("malformed")
    needs |= {fact for fact in wanted(made, scope.facts) if fact not in listed and fact in scope.known}
    found = {name: form[name] for name in ("weight", "zh", "en", "basis") if name in form}
    found |= parts.flat_slots(made)
    return found | {NEEDS + fact: "1" for fact in needs} | {
        WORSE + fact: way for fact, way in ways.items()
    }, made


def pressed(texts: Texts, made: Slots, do: str, kind: str, facts: FactNames) -> tuple[Texts, Slots]:
    """The texts after one press of a button (`parts.acted`). A fact that no condition reads any more is needed no more."""
    after = parts.acted(made, do, kind)
    gone = wanted(made, facts) - wanted(after, facts)
    read = {fact for part in after.values() for fact in part.facts()}
    kept = {
        name: text
        for name, text in texts.items()
        if name.partition("-")[0] not in SLOTS
        and not (name.startswith(NEEDS) and name.removeprefix(NEEDS) in gone)
        and not (name.startswith(WORSE) and name.removeprefix(WORSE) not in read)
    }
    new = {NEEDS + fact: "1" for fact in wanted(after, facts) - wanted(made, facts)}
    return kept | new | parts.flat_slots(after), after


class _Builder:
    """Conditions out of texts; what is wrong is gathered by the name of its field."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.problems: dict[str, tuple[str, Mapping[str, object]]] = {}

    def _wrong(self, name: str, code: str, **facts: object) -> None:
        self.problems[name] = (code, facts)

    def _fact(self, name: str, fact: str) -> str:
        """The unit of a fact that may be read here."""
        if not fact:
            self._wrong(name, "fact_missing")
        elif fact not in self.scope.known:
            self._wrong(name, "fact_malformed", text=fact[:60])
        return unit_of(self.scope.facts, fact)

    def _choice(self, name: str, text: str, choices: tuple[str, ...]) -> None:
        if text not in choices:
            self._wrong(name, "choice_malformed")

    def _compare(self, part: Part, name: str) -> dict[str, Any]:
        texts = part.texts
        unit = self._fact(f"{name}-fact", texts["fact"])
        self._choice(f"{name}-op", texts["op"], tuple(SIGNS))
        value = 0
        try:
            value = stored(texts["value"], unit, -FACT_LIMIT, FACT_LIMIT)
            if unit == "flag" and (texts["op"], value) not in _FLAG_SENSE:
                raise NumberError("flag_malformed")
        except NumberError as error:
            self._wrong(f"{name}-value", error.code, **error.facts)
        return {"op": texts["op"], "fact": texts["fact"], "value": value}

    def _share(self, part: Part, name: str) -> dict[str, Any]:
        texts = part.texts
        for key in ("num", "den"):
            if self._fact(f"{name}-{key}", texts[key]) == "flag":
                self._wrong(f"{name}-{key}", "share_of_flag")
        unit = self._fact(f"{name}-persons", texts["persons"]) if texts["persons"] else ""
        if unit and unit not in COUNTED:
            self._wrong(f"{name}-persons", "floor_malformed")
        self._choice(f"{name}-op", texts["op"], _SHARE_SIGNS)
        bp = 0
        try:
            bp = share(texts["bp"])
        except NumberError as error:
            self._wrong(f"{name}-bp", error.code, **error.facts)
        made = {"op": texts["op"], "num": texts["num"], "den": texts["den"], "bp": bp}
        return {**made, "persons": texts["persons"] or None}

    def _tier(self, part: Part, name: str) -> dict[str, Any]:
        point = part.texts["point"]
        if point not in self.scope.points:
            self._wrong(f"{name}-point", "point_malformed" if point else "point_missing", text=point[:20])
        self._choice(f"{name}-colour", part.texts["colour"], tuple(COLOUR_NAMES))
        return {"op": "tier_ge", "point": point, "colour": part.texts["colour"]}

    def condition(self, part: Part, name: str) -> dict[str, Any]:
        """The condition of a part."""
        if part.kind == "fact":
            return self._compare(part, name)
        if part.kind == "share":
            return self._share(part, name)
        if part.kind == "tier":
            return self._tier(part, name)
        of = [self.condition(below, f"{name}-{number}") for number, below in enumerate(part.parts, 1)]
        if not of:
            self._wrong(f"{name}-kind", "group_empty")
        elif part.kind == "not" and len(of) > 1:
            self._wrong(f"{name}-kind", "not_of_one")
        elif len(of) > MAX_PARTS:
            self._wrong(f"{name}-kind", "group_full", most=MAX_PARTS)
        return {"op": part.kind, "of": of[0] if part.kind == "not" and of else of}


def write(document: Document, point: str, texts: Texts, facts: FactNames) -> Document:
    """A copy of the document with the point's texts. Raises FieldsError with every field that cannot be read."""
    problems: dict[str, tuple[str, Mapping[str, object]]] = {}
    made = copy.deepcopy(document)
    try:
        made = editing.write(document, scalars(document, point), texts)
    except FieldsError as error:
        problems |= error.problems
    builder = _Builder(scope(document, point, facts))
    typed_slots = parts.typed(texts)
    built = {slot: builder.condition(part, slot) for slot, part in typed_slots.items()}
    problems |= builder.problems
    value = made["points"][place(document, point) or 0]
    for slot in SLOTS:
        (value if slot == "not_applicable" else value["tiers"])[slot] = built.get(slot)
    if not set(built) & set(COLOUR_NAMES):
        problems["slots"] = ("colour_missing", {})
    needed = {name.removeprefix(NEEDS) for name in texts if name.startswith(NEEDS)}
    before = [fact for fact in value["needs"] if fact in needed]
    value["needs"] = [*before, *sorted(needed - set(before))]
    if len(value["needs"]) > MAX_NEEDS:
        problems["needs"] = ("needs_many", {"most": MAX_NEEDS})
    value["worse"] = {
        name.removeprefix(WORSE): way for name, way in sorted(texts.items()) if name.startswith(WORSE)
    }
    if problems:
        raise FieldsError(problems)
    return made


def _cut(texts: Mapping[str, str], slot: str) -> Texts:
    return {name: text for name, text in texts.items() if name.partition("-")[0] == slot}


def merge(before: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> Merged:
    """`before` is what I began with. A colour whose parts are the same in all three is merged field by field; where somebody
    added, removed or chose a part, its condition is one thing: who left it alone takes the other's, and where both changed it,
    mine stays and is named in `mine` by the colour, the other's in words being the caller's to add."""
    texts: Texts = {}
    both: Texts = {}
    taken: Texts = {}
    for slot in SLOTS:
        start, own, other = (_cut(one, slot) for one in (before, mine, theirs))
        if parts.same_shape(start, own) and parts.same_shape(own, other):
            found = editing.merge(start, own, other)
            texts, both, taken = texts | found.texts, both | dict(found.mine), taken | dict(found.taken)
        elif own == start:
            texts |= other
            taken[slot] = ""
        else:
            texts |= own
            if other not in (start, own):
                both[slot] = ""
    rest = [
        {n: t for n, t in one.items() if n.partition("-")[0] not in SLOTS} for one in (before, mine, theirs)
    ]
    names = {name for one in rest for name in one}
    found = editing.merge(*({name: one.get(name, "") for name in sorted(names)} for one in rest))
    marks = (NEEDS, WORSE)
    texts |= {name: text for name, text in found.texts.items() if text or not name.startswith(marks)}
    return Merged(texts, both | dict(found.mine), taken | dict(found.taken))
