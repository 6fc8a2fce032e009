"""What somebody who knows no rules is told of an enterprise first: the grade people see, the facts behind it, what is unknown.

The explanation speaks of what a run computed. People see another grade where a person has set one, where something is held
because nothing new came or nothing lower is confirmed yet, and where rows were settled: the sentence says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.infra.i18n import format_date
from api.risk.scoring.explanation import GRADE_EN, GRADE_ZH
from api.risk.telling import fact_value, percent

_NAMED = 4
"""How many control points are named; the rest are counted."""
_SEEN_ZH, _SEEN_EN = {**GRADE_ZH, 5: "数据不足"}, {**GRADE_EN, 5: "not enough data"}
"""Grades as people see them: 5 is no state of a point here."""
_TIERS = {name: number for number, name in GRADE_EN.items()}


@dataclass(frozen=True)
class Seen:
    """Grades of an enterprise as a reader sees them. memory: of its standing (held, unknown_since, supports)."""

    displayed: int
    shown: int
    raw: int
    effective: int
    memory: Mapping[str, Any]


def spoken(tree: Mapping[str, Any], seen: Seen) -> dict[str, str]:
    """The sentences, `zh` and `en`."""
    return {lang: "".join(_parts(tree, seen, lang)).strip() for lang in ("zh", "en")}


def _parts(tree: Mapping[str, Any], seen: Seen, lang: str) -> Iterator[str]:
    english = lang == "en"
    grades = _SEEN_EN if english else _SEEN_ZH
    yield f"Risk grade: {grades[seen.displayed]}" if english else f"风险等级：{grades[seen.displayed]}"
    if seen.displayed != seen.shown:
        was = grades[seen.shown]
        yield f", set by a person (it was {was})" if english else f"，由人工调整（原为{was}）"
    yield ". " if english else "。"
    yield from _because(tree, seen, lang)
    if seen.effective != seen.raw:
        left = grades[seen.effective]
        yield (
            f"Without what has been dealt with it computes to {left}. "
            if english
            else f"扣除已处理的数据后，计算等级为{left}。"
        )
    elif seen.raw != seen.shown:
        yield (
            f"The newest data alone compute to {grades[seen.raw]}. "
            if english
            else f"仅按最新数据计算为{grades[seen.raw]}。"
        )
    points = list(_points(tree))
    if dark := [point for point in points if point["tier"] == "unknown"]:
        covered = tree["coverage_bp"] // 100
        yield (
            f"Control points without data: {len(dark)} ({covered}% of the weight is covered); missing is not safe."
            if english
            else f"{len(dark)} 个控制点缺少数据（按权重已覆盖 {covered}%），缺数据不等于没有风险。"
        )


def _because(tree: Mapping[str, Any], seen: Seen, lang: str) -> Iterator[str]:
    """The points that carry what is shown, those without a colour of today too; without any, all that have a colour."""
    english = lang == "en"
    held: Mapping[str, int] = seen.memory["held"]
    colours = {point["id"]: _TIERS[point["tier"]] for point in _points(tree)}
    carry = {point: max(tier, held.get(point, 0)) for point, tier in seen.memory["supports"].items()}
    lit = carry or {point: tier for point, tier in colours.items() if 0 < tier <= 4}
    named = [point for point in _points(tree) if point["id"] in lit]
    named.sort(key=lambda point: (-lit[point["id"]], point["no"]))
    if not named:
        yield "No control point is lit. " if english else "没有亮灯的控制点。"
        return
    told = [_point(point, lit[point["id"]], tree, seen, lang) for point in named[:_NAMED]]
    more = len(named) - len(told)
    if english:
        yield f"Because of: {'; '.join(told)}{f'; and {more} more' if more else ''}. "
    else:
        yield f"原因：{'；'.join(told)}{f'；等{len(named)}项' if more else ''}。"


def _point(point: Mapping[str, Any], tier: int, tree: Mapping[str, Any], seen: Seen, lang: str) -> str:
    english = lang == "en"
    grade = (GRADE_EN if english else GRADE_ZH)[tier]
    since = seen.memory["unknown_since"].get(point["id"])
    if since is not None:
        day = format_date(date.fromisoformat(since), lang)
        note = f"no new data since {day}, {grade} is kept" if english else f"自{day}起没有新数据，保留{grade}"
    elif _TIERS[point["tier"]] != tier:
        note = f"{grade} until two months in a row are lower" if english else f"{grade}，待连续两个月确认降低"
    else:
        why = _fact(point["decisive"], tree.get("facts", {}), lang) if point.get("decisive") else ""
        note = ", ".join(filter(None, (grade, why))) if english else "，".join(filter(None, (grade, why)))
    return f"{point['en']} ({note})" if english else f"{point['zh']}（{note}）"


def _fact(node: Mapping[str, Any], facts: Mapping[str, Any], lang: str) -> str:
    """The first fact by which a condition holds, with its value; a share where there is one."""
    english = lang == "en"
    found = [leaf for leaf in _true(node) if leaf["op"] != "tier_ge"]
    leaf = next((one for one in found if one["op"].startswith("ratio_")), found[0] if found else None)
    if leaf is None:
        return ""
    name = leaf["num"] if "num" in leaf else leaf["fact"]
    fact, value = facts[name], leaf["values"][name]
    word = str(fact["en" if english else "zh"])
    if fact["unit"] == "flag" and value:
        return word
    said = f"{word} {fact_value(value, fact, lang)}"
    if leaf.get("value_bp") is None:
        return said
    share = percent(leaf["value_bp"])
    return f"{said}, {share}" if english else f"{said}，占 {share}"


def _true(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Leaves by which a node is true; what must not hold says nothing."""
    if node["truth"] is not True or node["op"] == "not":
        return
    if "of" in node:
        for part in node["of"]:
            yield from _true(part)
    else:
        yield node


def _points(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for dimension in tree["dimensions"]:
        yield from dimension["points"]
