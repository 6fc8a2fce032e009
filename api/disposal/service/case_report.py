"""The caller's cases as a report: what stands in the list, with every deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from api.disposal.model import CaseView, Step, Unit
from api.disposal.texts import COLOURS, MEASURES, OUTCOMES, STAGES
from api.infra.i18n import N_, format_datetime, translate
from api.infra.reports import UNKNOWN, Cell, Mark, Report, Table

_WIDTHS = (4, 6, 6, 2, 3, 5, 5, 5, 5, 5, 3, 3, 3, 5)


def cases_report(
    cases: Sequence[CaseView],
    total: int,
    measures: Mapping[str, str],
    units: Mapping[str, Unit],
    mark: Mark,
    lang: str,
) -> Report:
    """cases: the first ones of `total`, newest first; measures: the gravest one of each case."""

    def say(text: str, /, **values: object) -> str:
        return translate(lang, text, **values)

    def at(moment: datetime | None) -> str:
        return format_datetime(moment, lang) if moment is not None else UNKNOWN

    def named(names: Mapping[str, str], code: str) -> str:
        return say(names[code]) if code in names else UNKNOWN

    def row(case: CaseView) -> Sequence[Cell]:
        unit = units[case.unit]
        return [
            case.number, case.subject.name if case.subject else str(case.enterprise),
            case.subject.uscc if case.subject else UNKNOWN, say(COLOURS[int(case.colour)]), say(STAGES[case.stage]),
            unit.name_en if lang == "en" else unit.name, at(case.issued_at),
            *(at(case.dues[step].at) for step in (Step.SIGN_IN, Step.VERIFY, Step.CLOSE)),
            named(OUTCOMES, case.finding), named(OUTCOMES, case.outcome),
            named(MEASURES, measures.get(case.case_id, "")), at(case.closed_at),
        ]  # fmt: skip

    heads = [
        say(N_("编号")), say(N_("企业名称")), say(N_("统一社会信用代码")), say(N_("颜色")), say(N_("阶段")),
        say(N_("承办单位")), say(N_("发出时间")), say(N_("签收时限")), say(N_("核查时限")), say(N_("销号时限")),
        say(N_("核查结论")), say(N_("销号结论")), say(N_("督促")), say(N_("销号时间")),
    ]  # fmt: skip
    note = ""
    if total > len(cases):
        note = say(
            N_("共 %(total)s 件，这里列出最新的 %(listed)s 件。"),
            total=f"{total:,}", listed=f"{len(cases):,}",
        )  # fmt: skip
    table = Table(
        say(N_("预警处置")), heads, [row(case) for case in cases], tuple(range(1, len(heads))), _WIDTHS, note
    )
    lead = say(N_("预警是核查线索，不是处罚。"))
    return Report("disposal", lang, say(N_("预警处置")), lead, mark.text(lang), mark.day, [table])
