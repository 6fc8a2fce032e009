"""Words of the analyst's pages: states, units, outcomes, with the tone in which each is shown. Chinese message ids."""

from __future__ import annotations

from api.infra.i18n import N_
from api.risk.texts import GRADE_NAMES

GRADE_TONES = ("success", "info", "warning", "caution", "danger", "neutral", "neutral")
TIERS = {
    "none": (GRADE_NAMES[0], "success"),
    "blue": (GRADE_NAMES[1], "info"),
    "yellow": (GRADE_NAMES[2], "warning"),
    "orange": (GRADE_NAMES[3], "caution"),
    "red": (GRADE_NAMES[4], "danger"),
    "unknown": (N_("未知"), "neutral"),
    "not applicable": (N_("不适用"), "neutral"),
}
"""Name and tone of a control point's state as the explanation tree spells it."""
STATE_NAMES = {
    "": N_("需要处理的"),
    "waiting": N_("等待签发或确认"),
    "issued": N_("已签发"),
    "snoozed": N_("已暂缓提醒"),
}
JUDGEMENT_NAMES = {"override": N_("人工调整等级"), "snooze": N_("暂缓提醒")}
JUDGEMENT_STATES = {"holds": N_("有效"), "expired": N_("已到期"), "withdrawn": N_("已撤回")}
SOURCE_STATES = {
    "fresh": (N_("正常"), "success"),
    "due": (N_("应报未报"), "warning"),
    "stale": (N_("已过期"), "danger"),
    "never": (N_("从未报送"), "danger"),
}
UNIT_NAMES = {
    "persons": N_("人"),
    "days": N_("天"),
    "months": N_("个月"),
    "cases": N_("件"),
    "score": "",
    "fen": N_("元"),
    "flag": "",
    "units": "",
    "scaled": "",
}
OPERATORS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "eq": "="}
OUTCOME_NAMES = {
    "confirmed": N_("属实"),
    "partly_confirmed": N_("部分属实"),
    "no_such_enterprise": N_("查无此户"),
    "duplicate": N_("重复"),
    "transferred": N_("移送"),
    "unfounded": N_("不属实"),
    "wrong_data": N_("数据错误"),
    "resolved": N_("已化解"),
}
