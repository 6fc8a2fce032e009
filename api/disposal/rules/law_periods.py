"""Periods that the law fixes for labour inspection and the list of the dishonest, computed and explained. Pure.

重庆市劳动保障监察条例 (2022 revision) arts. 19, 22, 25, 26, 30, 33, 36; 拖欠农民工工资失信联合惩戒对象名单管理暂行办法
(人社部令第45号). Working days begin on the day after the event; years are counted to the same day, and end on the
last day of the month where that day is missing (民法典 arts. 201, 202).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from api.disposal.rules.calendar import DayCount
from api.kernel.calendars import last_day_of_term
from api.kernel.errors import not_found

_INSPECTION = ("《重庆市劳动保障监察条例》", "Chongqing Regulations on Labour Inspection")
_LIST = (
    "《拖欠农民工工资失信联合惩戒对象名单管理暂行办法》",
    "Interim Measures on the List of Dishonest Wage Debtors",
)


@dataclass(frozen=True)
class LawPeriod:
    """One period. unit: workday, month (at the end of a term) or month_back (a look back).

    `extension`: what may be added in the same unit. `article`: 0 where the measures name no single one here.
    """

    code: str
    zh: str
    en: str
    number: int
    unit: str
    law: tuple[str, str]
    article: int
    extension: int = 0


PERIODS: Final[Sequence[LawPeriod]] = (
    LawPeriod(
        "filing", "决定是否立案", "decide whether to file the complaint", 5, "workday", _INSPECTION, 25
    ),
    LawPeriod(
        "confirm_complaint",
        "投诉人确认口头或邮寄投诉",
        "the complainant confirms an oral or mailed complaint",
        10,
        "workday",
        _INSPECTION,
        22,
    ),
    LawPeriod(
        "supplement_complaint",
        "投诉人补正材料",
        "the complainant supplements the complaint",
        15,
        "workday",
        _INSPECTION,
        22,
    ),
    LawPeriod(
        "transfer",
        "移送管辖（每一步）",
        "transfer of jurisdiction (each step)",
        3,
        "workday",
        _INSPECTION,
        19,
    ),
    LawPeriod("investigation", "调查", "investigation", 60, "workday", _INSPECTION, 30, extension=30),
    LawPeriod(
        "mediation",
        "监察调解未达成协议即终止",
        "supervision mediation ends without agreement",
        10,
        "workday",
        _INSPECTION,
        36,
    ),
    LawPeriod(
        "hearing",
        "陈述、申辩或者要求听证",
        "statement, defence or request for a hearing",
        5,
        "workday",
        _INSPECTION,
        33,
    ),
    LawPeriod(
        "look_back",
        "违法行为的追溯期",
        "look-back on breaches of the law",
        24,
        "month_back",
        _INSPECTION,
        26,
    ),
    LawPeriod("list_objection", "列入失信名单前提出异议", "objection before listing", 5, "workday", _LIST, 0),
    LawPeriod("list_check", "核查异议", "check of the objection", 5, "workday", _LIST, 0),
    LawPeriod(
        "list_decision", "作出列入决定", "decision on the listing", 20, "workday", _LIST, 0, extension=20
    ),
    LawPeriod("list_term", "列入期限", "term of the listing", 36, "month", _LIST, 0),
    LawPeriod(
        "list_early_removal",
        "满此期限后可申请提前移出",
        "earliest time to ask for early removal",
        6,
        "month",
        _LIST,
        0,
    ),
)
BY_CODE: Final = {period.code: period for period in PERIODS}


@dataclass(frozen=True)
class Computed:
    """The last day of a period (for a look-back its first), with the explanation in both languages."""

    period: LawPeriod
    start: date
    last: date
    provisional: bool
    extended: bool
    skipped: Sequence[date]
    zh: str
    en: str


def compute(code: str, start: date, days: DayCount, *, extended: bool = False) -> Computed:
    """The period `code` that an event on `start` sets off. Raises not_found for an unknown code."""
    period = BY_CODE.get(code)
    if period is None:
        raise not_found("disposal.period_unknown", period=code[:40])
    extended = extended and period.extension > 0
    number = period.number + (period.extension if extended else 0)
    law_zh, law_en = _cited(period)
    if period.unit == "workday":
        last, counted, skipped = days.count(start, number)
        provisional = days.provisional([*counted, *skipped])
        zh = (
            f"{law_zh}：{period.zh}，{number} 个工作日。{start.isoformat()} 当日不计入，自 {counted[0].isoformat()} 起算，"
            f"跳过 {len(skipped)} 个休息日和节假日，至 {last.isoformat()} 届满。"
        )
        en = (
            f"{law_en}: {period.en}, {number} working days. The day itself ({start.isoformat()}) is not counted; counted from "
            f"{counted[0].isoformat()}, {len(skipped)} days of rest and holidays skipped, it ends on {last.isoformat()}."
        )
        if provisional:
            zh += "其中有年份的放假安排尚未公布，日期为暂定。"
            en += " A year in the count has no published holiday arrangement yet: the date is provisional."
        return Computed(period, start, last, provisional, extended, tuple(skipped), zh, en)
    if period.unit == "month_back":
        first = _months_back(start, number)
        zh = (
            f"{law_zh}：{period.zh}，{number // 12} 年。自 {start.isoformat()} 向前计算，至 {first.isoformat()}（含）。"
            "行为有连续或者继续状态的，看其终了之日。"
        )
        en = (
            f"{law_en}: {period.en}, {number // 12} years. Counted back from {start.isoformat()} to {first.isoformat()}, "
            "included. What goes on or is repeated counts by the day on which it ended."
        )
        return Computed(period, start, first, False, extended, (), zh, en)
    last = last_day_of_term(start + timedelta(days=1), number)
    zh = f"{law_zh}：{period.zh}，{number} 个月。{start.isoformat()} 当日不计入，至 {last.isoformat()} 届满。"
    en = (
        f"{law_en}: {period.en}, {number} months. The day itself ({start.isoformat()}) is not counted; it ends on "
        f"{last.isoformat()}."
    )
    return Computed(period, start, last, False, extended, (), zh, en)


def _cited(period: LawPeriod) -> tuple[str, str]:
    zh, en = period.law
    return (f"{zh}第{period.article}条", f"{en}, art. {period.article}") if period.article else (zh, en)


def _months_back(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")
