"""Data of the board's charts in the shape that `static/charts.js` draws; the tables beside them say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.infra.i18n import N_, ntranslate, translate
from api.risk.board.model import COLOURS, Funnel, RegionalIndex, Step, Trend
from api.risk.board.reports import group_name, month_name
from api.risk.board.texts import COLOUR_NAMES, STEP_NAMES

Chart = dict[str, Any]
_GRADES = tuple(zip(COLOURS, (4, 3, 2, 1), strict=True))


def _months(found: Trend) -> list[str]:
    return [month_name(row.month) for row in found.rows]


def firms(found: Trend, lang: str) -> Chart:
    """Enterprises per computed colour, as lines; a month without index leaves a gap."""
    series = [
        {
            "name": translate(lang, COLOUR_NAMES[colour]), "role": colour,
            "values": [None if row.firms is None else row.firms[grade] for row in found.rows],
        }
        for colour, grade in _GRADES
    ]  # fmt: skip
    return {"categories": _months(found), "series": series, "unit": translate(lang, N_("户"))}


def shown(found: Trend, lang: str) -> Chart:
    """Enterprises per colour that people saw at the end of each month, stacked."""
    by_place = [(colour, [row.shown and row.shown[grade] for row in found.rows]) for colour, grade in _GRADES]
    return _stacked(found, by_place, translate(lang, N_("户")), lang)


def warnings(found: Trend, which: str, lang: str) -> Chart:
    """Warnings issued or closed a month, stacked by colour."""
    by_place = [
        (colour, [(row.issued if which == "issued" else row.closed)[place] for row in found.rows])
        for place, colour in enumerate(COLOURS)
    ]
    return _stacked(found, by_place, translate(lang, N_("条")), lang)


def _stacked(found: Trend, values: Sequence[tuple[str, Sequence[Any]]], unit: str, lang: str) -> Chart:
    series = [
        {"name": translate(lang, COLOUR_NAMES[colour]), "role": colour, "values": numbers}
        for colour, numbers in values
    ]
    return {"categories": _months(found), "series": series, "stack": True, "unit": unit}


def moved(found: Trend, lang: str) -> dict[str, Chart]:
    """Both of them."""
    return {which: warnings(found, which, lang) for which in ("issued", "closed")}


def means(found: RegionalIndex, lang: str) -> Chart:
    """Mean score of each group, highest first; what it was three months before beside it."""
    series = [
        {"name": month_name(found.month), "role": "accent", "values": [one.mean for one in found.groups]},
        {
            "name": translate(lang, N_("三个月前")),
            "role": "none",
            "values": [one.before for one in found.groups],
        },
    ]
    names = [group_name(found, one.group, lang) for one in found.groups]
    return {"categories": names, "series": series, "horizontal": True}


def mean_line(found: RegionalIndex, lang: str) -> Chart:
    """Mean score of the whole by month."""
    series = [{"name": translate(lang, N_("平均得分")), "values": [mean for _month, mean in found.line]}]
    return {"categories": [month_name(month) for month, _mean in found.line], "series": series}


def funnel(found: Funnel, lang: str) -> Chart:
    """Cases that reached each step."""
    reached = [found.reached(step) for step in Step]
    series = [{"name": translate(lang, N_("处置漏斗")), "values": reached}]
    steps = [translate(lang, STEP_NAMES[step]) for step in Step]
    told = [ntranslate(lang, "%(num)s 件", "%(num)s 件", count) for count in reached]
    return {"categories": steps, "series": series, "told": told}
