"""Facts, conditions and moments in words of one language: what page, spreadsheet and paper say alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.infra.i18n import N_, format_month, translate
from api.risk.texts import GRADE_NAMES
from api.risk.views import Moment
from api.risk.wording import JUDGEMENT_NAMES, OPERATORS, TIERS, UNIT_NAMES

Names = Mapping[str, tuple[str, str]]
"""Chinese and English name of a control point by its id."""
_TONES = ("success", "info", "warning", "caution", "danger", "neutral")
_CHANGES = {
    "run": N_("评估"),
    "correction": N_("数据更正引起等级变化"),
    "closure": N_("销号后的等级"),
    "reopening": N_("撤回销号后的等级"),
}
_JOINED = {"all": N_("同时满足："), "any": N_("满足其中之一："), "not": N_("不满足：")}


def amount(value: int, unit: str) -> str:
    """A fact's number without its unit; fen as yuan."""
    if unit == "fen":
        return f"{'-' if value < 0 else ''}{abs(value) // 100:,}.{abs(value) % 100:02d}"
    return f"{value:,}"


def percent(basis_points: int) -> str:
    """Basis points as percent, no more places than there are."""
    whole, rest = divmod(abs(basis_points), 100)
    places = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{'-' if basis_points < 0 else ''}{whole:,}{places} %"


def fact_name(fact: Mapping[str, Any], lang: str) -> str:
    """What a fact is called."""
    name = str(fact["en" if lang == "en" else "zh"])
    if not fact["sure"]:
        return name
    return f"{name}{' ' if lang == 'en' else ''}{translate(lang, N_('（仅计确定匹配的数据）'))}"


def fact_value(value: int | None, fact: Mapping[str, Any], lang: str) -> str:
    """A fact's value with its unit."""
    if value is None:
        return translate(lang, N_("未知"))
    if fact["unit"] == "flag":
        return translate(lang, N_("是") if value else N_("否"))
    unit = UNIT_NAMES[fact["unit"]]
    return f"{amount(value, fact['unit'])}{f' {translate(lang, unit)}' if unit else ''}"


def tier_name(tier: str, lang: str) -> str:
    """A control point's state as the explanation tree spells it."""
    return translate(lang, TIERS[tier][0])


def grade_name(number: int | None, lang: str) -> str:
    """A grade, "—" for none on record."""
    return "—" if number is None else translate(lang, GRADE_NAMES[number])


def condition(
    node: Mapping[str, Any], facts: Mapping[str, Any], names: Names, lang: str, depth: int = 0
) -> str:
    """A condition of the explanation tree with its values and whether it holds (√, ×, ? for not known); parts of
    a joined one on lines of their own."""
    truth = node["truth"]
    mark = "?" if truth is None else "√" if truth else "×"
    dashes = f"{'–' * depth} " if depth else ""
    if node["op"] not in _JOINED:
        return f"{dashes}{mark} {_condition(node, facts, names, lang)}"
    parts = [condition(part, facts, names, lang, depth + 1) for part in node["of"]]
    return "\n".join([f"{dashes}{mark} {translate(lang, _JOINED[node['op']]).strip()}", *parts])


def _condition(node: Mapping[str, Any], facts: Mapping[str, Any], names: Names, lang: str) -> str:
    op, english = str(node["op"]), lang == "en"
    colon, comma = (": ", ", ") if english else ("：", "，")
    bound = translate(lang, N_("界限"))
    if op == "tier_ge":
        return translate(
            lang, N_("控制点“%(point)s”至少为%(colour)s，现为%(tier)s"), point=names[node["point"]][english],
            colour=tier_name(node["colour"], lang), tier=tier_name(node["tier"], lang),
        )  # fmt: skip
    values = node["values"]
    if op.startswith("ratio_"):
        num, den = facts[node["num"]], facts[node["den"]]
        share = "" if node["value_bp"] is None else f" = {percent(node['value_bp'])}"
        floor = ""
        if "persons" in node:
            floor = comma + translate(lang, N_("且至少 %(floor)s 人"), floor=node["person_floor"])
        return (
            f"{fact_name(num, lang)} ÷ {fact_name(den, lang)}{colon}{fact_value(values[node['num']], num, lang)} ÷ "
            f"{fact_value(values[node['den']], den, lang)}{share}{comma}{bound} {OPERATORS[op[6:]]} "
            f"{percent(node['threshold_bp'])}{floor}"
        )
    fact = facts[node["fact"]]
    text = f"{fact_name(fact, lang)}{colon}{fact_value(values[node['fact']], fact, lang)}"
    if fact["unit"] == "flag":
        return text
    return f"{text}{comma}{bound} {OPERATORS[op]} {fact_value(node['threshold'], fact, lang)}"


@dataclass(frozen=True)
class Told:
    """A moment in words. tone: how grave it is, as the page colours it."""

    at: datetime
    title: str
    text: str
    tone: str


def told(moment: Moment, lang: str) -> Told:
    """A moment of an enterprise's timeline in words."""

    def say(text: str, **values: object) -> str:
        return translate(lang, text, **values)

    facts, kind = moment.facts, moment.kind
    if kind in _CHANGES:
        return _changed(moment, lang)
    if kind == "opened":
        again = say(N_("重复，升一级")) if facts["episode"].lift else ""
        title = say(N_("第 %(number)s 个风险事件开始，预警等待签发"), number=facts["episode"].number)
        return Told(moment.at, title, again, "warning")
    if kind == "issued":
        warning = facts["warning"]
        alone = warning.auto and not warning.raised_at
        text = say(N_("两小时无人签发，红色预警自动签发")) if alone else ""
        return Told(moment.at, say(N_("预警签发")), text, "danger")
    if kind == "raised":
        return Told(moment.at, say(N_("预警升级，期限重新计算")), "", "danger")
    if kind == "confirmed":
        return Told(moment.at, say(N_("有人确认了规则自动签发的预警")), "", "info")
    if kind == "closed":
        settled = len(facts["settled"])
        text = say(N_("处理 %(count)s 条数据，未变坏之前不再计入"), count=settled) if settled else ""
        title = say(N_("第 %(number)s 个风险事件销号"), number=facts["episode"].number)
        return Told(moment.at, title, text, "success")
    if kind == "case_opened":
        return Told(moment.at, say(N_("处置单 %(number)s 建立"), number=facts["case"].number), "", "info")
    if kind == "case_closed":
        case = facts["case"]
        outcome = say(case.outcome) if case.outcome else ""
        return Told(moment.at, say(N_("处置单 %(number)s 办结"), number=case.number), outcome, "success")
    return _judged(moment, lang)


def _changed(moment: Moment, lang: str) -> Told:
    row, seen = moment.facts["row"], moment.facts["seen"]
    what = translate(lang, _CHANGES[moment.kind])
    shown = f"{grade_name(row.shown_before, lang)} → {grade_name(row.shown_after, lang)}"
    raw = f"{grade_name(row.raw_before, lang)} → {grade_name(row.raw_after, lang)}"
    title = (
        translate(lang, N_("%(what)s：显示等级 %(change)s"), what=what, change=shown)
        if seen
        else translate(lang, N_("%(what)s：显示等级不变"), what=what)
    )
    text = translate(
        lang, N_("计算等级 %(change)s（%(month)s）"), change=raw, month=format_month(row.month, lang)
    )
    grave = seen and row.shown_after is not None
    return Told(moment.at, title, text, _TONES[row.shown_after] if grave else "neutral")


def _judged(moment: Moment, lang: str) -> Told:
    judgement = moment.facts["judgement"]
    name = translate(lang, JUDGEMENT_NAMES[judgement.kind])
    if moment.kind in JUDGEMENT_NAMES:
        grade = ""
        if judgement.grade is not None:
            grade = (": " if lang == "en" else "：") + grade_name(judgement.grade, lang)
        return Told(moment.at, name + grade, judgement.reason, "info")
    title = (
        translate(lang, N_("撤回：%(what)s"), what=name)
        if moment.kind == "withdrawn"
        else translate(lang, N_("到期：%(what)s"), what=name)
    )
    return Told(moment.at, title, "", "neutral")
