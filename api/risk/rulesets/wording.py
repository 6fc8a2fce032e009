"""Conditions in words, Chinese and English, and numbers as people write them: shares in percent, money in yuan.

What is stored stays whole: basis points, fen, persons, days. A text that is no such number is refused, never rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from api.risk.rulesets.ports import FactNames
from api.risk.spec.model import BP_LIMIT, FACT_LIMIT

Lang = Literal["zh", "en"]
Condition = Mapping[str, Any]
SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "eq": "="}
COLOURS = {
    "blue": ("蓝色", "blue"),
    "yellow": ("黄色", "yellow"),
    "orange": ("橙色", "orange"),
    "red": ("红色", "red"),
    "not_applicable": ("不适用", "not applicable"),
}
_UNITS = {
    "persons": ("人", "persons"),
    "fen": ("元", "yuan"),
    "days": ("天", "days"),
    "months": ("个月", "months"),
    "cases": ("件", "cases"),
    "score": ("分", "points"),
}
_SCALE = {"percent": 2, "fen": 2}
"""Decimal places by which the written number is larger than the stored one."""


class NumberError(ValueError):
    """A text is no number of its unit; `code` is a key of the editor's texts."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def written(value: int, unit: str) -> str:
    """The stored number as it stands in a field: 50 basis points → 0.5, 3,000,000 fen → 30000."""
    places = _SCALE.get(unit, 0)
    text = format(Decimal(value).scaleb(-places), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def stored(text: str, unit: str, least: int = -FACT_LIMIT, most: int = FACT_LIMIT) -> int:
    """The opposite of `written`. Raises NumberError for anything that is no exact number of this unit within the bounds."""
    places = _SCALE.get(unit, 0)
    cleaned = text.strip().removesuffix("%").replace(",", "").replace("，", "").strip()
    try:
        number = Decimal(cleaned)
    except InvalidOperation:
        raise NumberError("number_malformed", text=text.strip()[:20]) from None
    if not number.is_finite() or abs(number) > 10**18:
        raise NumberError("number_malformed", text=text.strip()[:20])
    scaled = number.scaleb(places)
    if scaled != scaled.to_integral_value():
        raise NumberError("number_too_fine", places=places)
    if not least <= scaled <= most:
        raise NumberError("number_out_of_range", least=written(least, unit), most=written(most, unit))
    return int(scaled)


def share(text: str) -> int:
    """Basis points of a percentage."""
    return stored(text, "percent", 0, BP_LIMIT)


def _pick(pair: tuple[str, str], lang: Lang) -> str:
    return pair[1 if lang == "en" else 0]


def unit_name(unit: str, lang: Lang) -> str:
    """What stands behind a number; empty for plain numbers and flags."""
    return "%" if unit == "percent" else _pick(_UNITS.get(unit, ("", "")), lang)


def unit_hint(unit: str, lang: Lang) -> str:
    """What stands behind a field: the unit, or how a flag is written."""
    return _pick(("（1 为是）", "(1 = yes)"), lang) if unit == "flag" else unit_name(unit, lang)


def colour_name(colour: str, lang: Lang) -> str:
    """A colour's name."""
    return _pick(COLOURS[colour], lang)


def fact_name(facts: FactNames, name: str, lang: Lang) -> str:
    """A fact's name for people, its code where the dictionary lacks it."""
    label = facts.label(name)
    if label is None:
        return name
    text = label.en if lang == "en" else label.zh
    return text + ((" (sure links only)" if lang == "en" else "（确证部分）") if label.sure else "")


def unit_of(facts: FactNames, name: str) -> str:
    """A fact's unit; empty where the dictionary lacks it."""
    label = facts.label(name)
    return "" if label is None else label.unit


def subject(facts: FactNames, leaf: Condition, lang: Lang) -> str:
    """What a leaf looks at, without its threshold."""
    if leaf["op"] == "tier_ge":
        return f"Point {leaf['point']}" if lang == "en" else f"控制点 {leaf['point']}"
    if "fact" in leaf:
        return fact_name(facts, leaf["fact"], lang)
    return f"{fact_name(facts, leaf['num'], lang)} ÷ {fact_name(facts, leaf['den'], lang)}"


def floor_note(facts: FactNames, leaf: Condition, lang: Lang) -> str:
    """What a share's person floor adds; empty without one."""
    persons = leaf.get("persons")
    if not persons:
        return ""
    name = fact_name(facts, persons, lang)
    if lang == "en":
        return f"and “{name}” reaches the colour's person floor"
    return f"且“{name}”达到该颜色的人数下限"


def _leaf(facts: FactNames, leaf: Condition, lang: Lang) -> str:
    what = subject(facts, leaf, lang)
    if leaf["op"] == "tier_ge":
        colour = colour_name(leaf["colour"], lang)
        return f"{what} is {colour} or worse" if lang == "en" else f"{what}达到{colour}"
    if "fact" in leaf:
        unit = unit_of(facts, leaf["fact"])
        if unit == "flag" and (leaf["op"], leaf["value"]) in (("ge", 1), ("eq", 1), ("gt", 0)):
            return f"{what}: yes" if lang == "en" else f"{what}：是"
        if unit == "flag" and (leaf["op"], leaf["value"]) in (("eq", 0), ("lt", 1), ("le", 0)):
            return f"{what}: no" if lang == "en" else f"{what}：否"
        return f"{what} {SIGNS[leaf['op']]} {written(leaf['value'], unit)} {unit_name(unit, lang)}".rstrip()
    sign = SIGNS[leaf["op"].removeprefix("ratio_")]
    note = floor_note(facts, leaf, lang)
    joint = (", " if lang == "en" else "，") if note else ""
    return f"{what} {sign} {written(leaf['bp'], 'percent')} %{joint}{note}"


def in_words(facts: FactNames, condition: Condition | None, lang: Lang, inner: bool = False) -> str:
    """A condition as one sentence; a dash for none."""
    if condition is None:
        return "—"
    op = condition["op"]
    if op == "not":
        part = in_words(facts, condition["of"], lang)
        return f"not ({part})" if lang == "en" else f"并非（{part}）"
    if op not in ("all", "any"):
        return _leaf(facts, condition, lang)
    parts = [in_words(facts, part, lang, inner=True) for part in condition["of"]]
    if lang == "en":
        text = (" and " if op == "all" else "; or ").join(parts)
        return f"({text})" if inner and len(parts) > 1 else text
    text = ("，且" if op == "all" else "；或").join(parts)
    return f"（{text}）" if inner and len(parts) > 1 else text
