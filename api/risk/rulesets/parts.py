"""A condition as a person types it: a tree of texts, to and from the fields of a form, with parts added and taken away.

A part's fields begin with its place: `red-2-1-value` is the number of the first part of the second part of red. `…-kind` says
what stands there: a group (all, any, not), a fact against a number, a share, or another point's tier. Nothing typed is judged
here; that happens when the point is written back (`point_form`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.kernel.errors import DomainError, invalid
from api.risk.rulesets.ports import FactNames
from api.risk.rulesets.wording import unit_of, written
from api.risk.spec.document import COLOUR_NAMES, MAX_DEPTH, MAX_PARTS

Texts = dict[str, str]
SLOTS = (*reversed(COLOUR_NAMES), "not_applicable")
"""What a point may have a condition for, worst first."""
GROUPS = ("all", "any", "not")
LEAVES: dict[str, tuple[str, ...]] = {
    "fact": ("fact", "op", "value"),
    "share": ("num", "den", "op", "bp", "persons"),
    "tier": ("point", "colour"),
}
CHOSEN = frozenset({"fact", "num", "den", "persons", "point", "kind"})
"""Keys that say what a condition is made of; the others are its numbers and signs."""
NEW_KINDS = ("fact", "share", "tier", "group")
COPY = "copy-"
MAX_NODES = 120
"""Parts of one point that a page can hold; the spreadsheet holds more."""
_NAME = re.compile(rf"({'|'.join(SLOTS)})((?:-[1-9][0-9]?)*)")
_FRESH: dict[str, Texts] = {
    "fact": {"fact": "", "op": "ge", "value": ""},
    "share": {"num": "", "den": "", "op": "ratio_ge", "bp": "", "persons": ""},
    "tier": {"point": "", "colour": "yellow"},
}


@dataclass(frozen=True)
class Part:
    """A node of a condition. `open`: its facts are being chosen."""

    kind: str
    texts: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    open: bool = False

    def facts(self) -> Iterator[str]:
        """The facts that it and its parts read, from left to right; the same one perhaps twice."""
        yield from (self.texts[key] for key in ("fact", "num", "den", "persons") if self.texts.get(key))
        for part in self.parts:
            yield from part.facts()

    def count(self) -> int:
        """It and all parts below."""
        return 1 + sum(part.count() for part in self.parts)

    def depth(self) -> int:
        """Levels, itself included."""
        return 1 + max((part.depth() for part in self.parts), default=0)


Slots = dict[str, Part]


def shown(condition: Mapping[str, Any], facts: FactNames) -> Part:
    """A document's condition as texts: shares in percent, money in yuan."""
    op = condition["op"]
    if op == "not":
        return Part(op, parts=(shown(condition["of"], facts),))
    if op in GROUPS:
        return Part(op, parts=tuple(shown(part, facts) for part in condition["of"]))
    if op == "tier_ge":
        return Part("tier", {"point": condition["point"], "colour": condition["colour"]})
    if "fact" in condition:
        value = written(condition["value"], unit_of(facts, condition["fact"]))
        return Part("fact", {"fact": condition["fact"], "op": op, "value": value})
    texts = {"num": condition["num"], "den": condition["den"], "op": op}
    return Part(
        "share", {**texts, "bp": written(condition["bp"], "percent"), "persons": condition["persons"] or ""}
    )


def flat(part: Part, name: str) -> Texts:
    """The texts of a part and all below by the names of their fields."""
    found = {f"{name}-kind": part.kind} | {f"{name}-{key}": text for key, text in part.texts.items()}
    for number, below in enumerate(part.parts, 1):
        found |= flat(below, f"{name}-{number}")
    return found


def flat_slots(slots: Mapping[str, Part]) -> Texts:
    """The texts of all conditions of a point."""
    return {name: text for slot, part in slots.items() for name, text in flat(part, slot).items()}


def _typed(form: Mapping[str, str], name: str, left: list[int]) -> Part:
    kind = form[f"{name}-kind"]
    left[0] -= 1
    if left[0] < 0 or name.count("-") >= MAX_DEPTH:
        raise _too_many()
    if kind in LEAVES:
        texts = {key: form.get(f"{name}-{key}", "").strip() for key in LEAVES[kind]}
        return Part(kind, texts, open=form.get(f"{name}-open") == "1")
    if kind not in GROUPS:
        raise invalid("malformed")
    parts: list[Part] = []
    while f"{name}-{len(parts) + 1}-kind" in form:
        parts.append(_typed(form, f"{name}-{len(parts) + 1}", left))
    return Part(kind, parts=tuple(parts))


def typed(form: Mapping[str, str]) -> Slots:
    """The conditions in a form's fields. Raises invalid `malformed` for a tree with a gap or an unknown kind, and
    `risk.rule_set_parts` for more parts or levels than a page holds."""
    given = [name for name in form if name.endswith("-kind")]
    if len(given) > MAX_NODES:
        raise _too_many()
    left = [MAX_NODES]
    slots = {slot: _typed(form, slot, left) for slot in SLOTS if f"{slot}-kind" in form}
    if MAX_NODES - left[0] != len(given):
        raise invalid("malformed")
    return slots


def fitting(slots: Mapping[str, Part]) -> bool:
    """Whether a page can hold these conditions."""
    return (
        sum(part.count() for part in slots.values()) <= MAX_NODES
        and max((part.depth() for part in slots.values()), default=0) <= MAX_DEPTH
    )


def _too_many() -> DomainError:
    return invalid("risk.rule_set_parts", parts=MAX_PARTS, nodes=MAX_NODES, depth=MAX_DEPTH)


def fresh(kind: str) -> Part:
    """A part of a kind with nothing chosen yet. Raises invalid `malformed` for a kind that does not exist."""
    if kind == "group":
        return Part("all", parts=(fresh("fact"),))
    if kind not in _FRESH:
        raise invalid("malformed")
    return Part(kind, dict(_FRESH[kind]), open=True)


def _joined(part: Part, new: Part) -> Part:
    """A part with another beside it: into a group; under a negation; a single leaf becomes one of two of which any holds."""
    if part.kind == "not" and part.parts:
        return replace(part, parts=(_joined(part.parts[0], new), *part.parts[1:]))
    if part.kind in GROUPS:
        return replace(part, parts=(*part.parts, new))
    return Part("any", parts=(part, new))


def _unwrapped(part: Part) -> Part:
    if len(part.parts) != 1:
        raise invalid("malformed")
    return part.parts[0]


def _changed(part: Part, steps: tuple[int, ...], verb: str, new: Part | None) -> Part | None:
    """The part after the change at the end of the steps; None when nothing is left of it."""
    if steps:
        number = steps[0] - 1
        if number >= len(part.parts):
            raise invalid("malformed")
        below = _changed(part.parts[number], steps[1:], verb, new)
        kept = (*part.parts[:number], *([below] if below is not None else []), *part.parts[number + 1 :])
        return replace(part, parts=kept) if kept else None
    if verb == "add" and new is not None:
        return _joined(part, new)
    if verb == "wrap":
        return Part("any", parts=(part,))
    if verb == "unwrap":
        return _unwrapped(part)
    if verb == "choose" and part.kind in LEAVES:
        return replace(part, open=True)
    if verb == "remove":
        return None
    raise invalid("malformed")


def _widest(part: Part) -> int:
    return max([len(part.parts), *(_widest(below) for below in part.parts)])


def acted(slots: Mapping[str, Part], do: str, kind: str) -> Slots:
    """The conditions after one press of a button: `add:`, `remove:`, `wrap:`, `unwrap:` or `choose:` with a part's place.

    `add:` at a colour without a condition gives it one; `kind` is a kind of part there, or `copy-` with another colour, whose
    condition is taken over. A group from which the last part is taken goes with it.
    Raises invalid: `risk.rule_set_parts` when there is no room for more, else `malformed`.
    """
    verb, _, name = do.partition(":")
    found = _NAME.fullmatch(name)
    if found is None:
        raise invalid("malformed")
    slot, steps = found[1], tuple(int(step) for step in found[2].split("-")[1:])
    new = None
    if verb == "add":
        new = slots.get(kind.removeprefix(COPY)) if kind.startswith(COPY) else fresh(kind)
        if new is None:
            raise invalid("malformed")
    if slot in slots:
        after = _changed(slots[slot], steps, verb, new)
    elif steps or new is None:
        raise invalid("malformed")
    else:
        after = new
    made = {one: part for one in SLOTS if (part := after if one == slot else slots.get(one)) is not None}
    if not fitting(made) or any(_widest(part) > MAX_PARTS for part in made.values()):
        raise _too_many()
    return made


def same_shape(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two conditions, as texts, are made of the same parts in the same places, whatever their numbers and signs.

    How a group joins its parts (all, any, not) counts as a sign.
    """

    def made_of(texts: Mapping[str, str]) -> Texts:
        found = {name: text for name, text in texts.items() if name.rpartition("-")[2] in CHOSEN}
        return {name: "group" if text in GROUPS else text for name, text in found.items()}

    return one.keys() == other.keys() and made_of(one) == made_of(other)
