"""Options of the filters and heads of the tables in one language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.infra.i18n import N_, translate
from api.risk.board.model import COLOURS, DistrictMap, Funnel, RegionalIndex, Step
from api.risk.board.reports import month_name
from api.risk.board.rules import shifted
from api.risk.board.texts import COLOUR_NAMES, STEP_NAMES

Options = Sequence[tuple[str, str]]
SPANS = (6, 12, 24, 36)


def colours(lang: str) -> Options:
    """All colours, or one."""
    named = [(colour, translate(lang, COLOUR_NAMES[colour])) for colour in COLOURS]
    return [("", translate(lang, N_("全部颜色"))), *named]


def map_months(found: DistrictMap, lang: str) -> Options:
    """Now, and the ends of the months that have an index (and of the one that is shown)."""
    shown = [*found.months, *([found.month] if found.month and found.month not in found.months else [])]
    ends = [(str(one), translate(lang, N_("%(month)s 月末"), month=month_name(one))) for one in shown]
    return [("", translate(lang, N_("现在"))), *ends]


def index_months(found: RegionalIndex) -> Options:
    """Months that have an index."""
    return [(str(one), month_name(one)) for one in found.months]


def spans(shown: int, lang: str) -> Options:
    """How many months back."""
    known = SPANS if shown in SPANS else (*SPANS, shown)
    return [(str(one), translate(lang, N_("最近 %(count)s 个月"), count=one)) for one in known]


def towns(found: Iterable[tuple[str, str]], lang: str) -> Options:
    """Everything that is visible, or one town."""
    return [("", translate(lang, N_("全部可见地区"))), *found]


def funnel_months(found: Funnel, present: int) -> Options:
    """The last 36 months, newest first, and those that are shown."""
    known = [shifted(present, -back) for back in range(36)]
    shown = sorted({*known, found.first, found.last}, reverse=True)
    return [(str(one), month_name(one)) for one in shown]


def step_heads(first: str, lang: str) -> Sequence[str]:
    """The first head, the steps, what is late."""
    steps = [translate(lang, STEP_NAMES[step]) for step in Step]
    return [translate(lang, first), *steps, translate(lang, N_("超期未办"))]


COLOUR_HEAD = N_("颜色")
UNIT_HEAD = N_("承办单位")
