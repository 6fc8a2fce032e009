"""The morning list and a backtest's result as reports: on paper the first rows of what the page lists, and a sentence says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from api.infra.i18n import N_, format_datetime, translate
from api.infra.reports import UNKNOWN, Cell, Mark, Report, Table
from api.kernel.clock import SHANGHAI
from api.risk.tables import BacktestRow
from api.risk.telling import grade_name, tier_name
from api.risk.views import Line, Morning, Wanted
from api.risk.wording import STATE_NAMES, TIERS

LEAD = N_("预警是线索，不是处罚。")
Towns = Mapping[str, tuple[str, str]]
_TIERS = tuple(TIERS)
"""States of a control point by number: none 0, blue 1 … red 4, unknown 5, not applicable 6."""


def morning_report(
    found: Morning, wanted: Wanted, towns: Towns, mark: Mark, lang: str, *, paper: bool
) -> Report:
    """Open warnings, what needs a person first. `found`: the first page of the list, as long as the file bears.

    paper: columns as on the page; a spreadsheet has more of them, each apart and written so that it can be sorted.
    """

    def say(text: str, /, **values: object) -> str:
        return translate(lang, text, **values)

    listed = _paper(found.rows, towns, lang) if paper else _sheet(found.rows, towns, lang)
    total = found.total if wanted.grade is None else found.counts.get(wanted.grade, 0)
    note = ""
    if found.next:
        note = say(
            N_("共 %(total)s 条，按轻重缓急列出前 %(listed)s 条；全部请导出 XLSX。"), total=f"{total:,}",
            listed=len(found.rows),
        )  # fmt: skip
    counted: list[Sequence[Cell]] = [
        [grade_name(grade, lang), found.counts.get(grade, 0)] for grade in (4, 3, 2, 1)
    ]
    counted.append([say(N_("合计")), found.total])
    conditions = [say(STATE_NAMES[wanted.state])]
    if wanted.grade is not None:
        conditions.append(grade_name(wanted.grade, lang))
    if wanted.town:
        conditions.append(_town(wanted.town, towns, lang))
    if wanted.text:
        conditions.append(say(N_("名称或代码含“%(text)s”"), text=wanted.text))
    tables = [
        Table(say(N_("按颜色")), [say(N_("等级")), say(N_("预警数"))], counted),
        replace(listed, title=say(N_("待办预警")), note=note),
    ]
    notes = (
        [say(N_("其中 %(waiting)s 条等待签发或确认。"), waiting=f"{found.waiting:,}")]
        if found.waiting
        else []
    )
    return Report(
        "morning", lang, say(N_("今日风险清单")),
        f"{say(LEAD)}{' ' if lang == 'en' else ''}{say(N_('条件：%(text)s'), text=' · '.join(conditions))}",
        mark.text(lang), mark.day, tables, notes=notes,
    )  # fmt: skip


def _paper(lines: Sequence[Line], towns: Towns, lang: str) -> Table:
    heads = [
        N_("序号"), N_("企业"), N_("镇街"), N_("等级"), N_("得分"), N_("数据覆盖"), N_("状态"), N_("处置"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        [
            str(number), f"{line.name or line.standing.enterprise} · {line.uscc}".rstrip(" ·"),
            _town(line.standing.town, towns, lang), grade_name(line.displayed, lang), line.standing.score,
            f"{line.standing.coverage_bp // 100} %", _state(line, lang), _case(line, lang),
        ]
        for number, line in enumerate(lines, 1)
    ]  # fmt: skip
    return Table(
        "", [translate(lang, head) for head in heads], rows, (1, 2, 3, 6, 7), (1, 6, 3, 2, 2, 3, 6, 5)
    )


def _sheet(lines: Sequence[Line], towns: Towns, lang: str) -> Table:
    def say(text: str) -> str:
        return translate(lang, text)

    heads = [
        say(N_("序号")), say(N_("企业")), say(N_("统一社会信用代码")), say(N_("镇街")), say(N_("等级")), say(N_("显示等级")),
        say(N_("本次计算等级")), say(N_("得分")), f"{say(N_('数据覆盖'))} %", say(N_("等待签发")), say(N_("自动签发期限")),
        say(N_("签发时间")), say(N_("处置单号")), say(N_("处置阶段")), say(N_("期限")), say(N_("数据截至")),
    ]  # fmt: skip

    def at(moment: datetime | None) -> str:
        return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment else UNKNOWN

    rows: list[Sequence[Cell]] = [
        [
            number, line.name or str(line.standing.enterprise), line.uscc, _town(line.standing.town, towns, lang),
            *(grade_name(grade, lang) for grade in (line.displayed, line.standing.shown, line.standing.raw)),
            line.standing.score, line.standing.coverage_bp // 100,
            grade_name(line.warning.pending, lang) if line.warning.pending else UNKNOWN,
            at(line.warning.due_signoff), at(line.warning.issued_at),
            *(
                (line.case.number, translate(lang, line.case.stage), at(line.case.due)) if line.case else (UNKNOWN,) * 3
            ),
            line.standing.as_of.isoformat(),
        ]
        for number, line in enumerate(lines, 1)
    ]  # fmt: skip
    return Table("", heads, rows)


def _town(code: str, towns: Towns, lang: str) -> str:
    return towns.get(code, (code,) * 2)[lang == "en"] or UNKNOWN


def _state(line: Line, lang: str) -> str:
    warning = line.warning
    if warning.pending:
        text = translate(lang, N_("等待签发%(grade)s预警"), grade=grade_name(warning.pending, lang))
        if warning.due_signoff:
            due = format_datetime(warning.due_signoff, lang)
            text += f" · {translate(lang, N_('%(due)s 前无人签发将自动签发'), due=due)}"
        return text
    text = f"{translate(lang, N_('已签发'))} · {format_datetime(warning.issued_at, lang)}"
    return f"{text} · {translate(lang, N_('规则自动签发，待人工确认'))}" if warning.unconfirmed else text


def _case(line: Line, lang: str) -> str:
    case = line.case
    if case is None:
        return UNKNOWN
    parts = [case.number, translate(lang, case.stage)]
    if case.over:
        parts.append(translate(lang, N_("已逾期")))
    if case.due and not case.closed_at:
        parts.append(translate(lang, N_("期限 %(day)s"), day=format_datetime(case.due, lang)))
    return " · ".join(parts)


def backtest_report(
    row: BacktestRow, moved: pl.DataFrame, total: int, names: Mapping[int, tuple[str, str]],
    versions: Mapping[str, tuple[str, str]], towns: Towns, mark: Mark, lang: str,
) -> Report:  # fmt: skip
    """A finished backtest. moved: the first enterprise-months that differ, of `total`; versions: name and version by hash."""

    def say(text: str, /, **values: object) -> str:
        return translate(lang, text, **values)

    def town(code: str) -> str:
        return _town(code, towns, lang)

    result: Mapping[str, Any] = row.result
    grades = [grade_name(grade, lang) for grade in range(5)]
    matrix: list[Sequence[Cell]] = [[grades[place], *counts] for place, counts in enumerate(result["matrix"])]
    by_visits: list[Sequence[Cell]] = [
        [town(line["town"]), str(line["month"]), line["live"], line["candidate"]] for line in result["visits"]
    ]
    over: list[Sequence[Cell]] = [
        [town(line["town"]), str(line["month"]), line["live"], line["candidate"], row.capacity]
        for line in result["over"]
    ]
    listed: list[Sequence[Cell]] = [
        [
            name or str(line["enterprise"]), uscc or UNKNOWN, str(line["month"]), town(line["town"]), grades[line["live"]],
            grades[line["candidate"]], line["live_score"], line["candidate_score"], _reasons(line["reasons"], lang),
        ]
        for line in moved.iter_rows(named=True)
        for name, uscc in (names.get(line["enterprise"], ("", "")),)
    ]  # fmt: skip
    note = ""
    if total > len(listed):
        note = say(
            N_("共 %(total)s 行，这里列出前 %(listed)s 行；全部请导出 XLSX。"),
            total=f"{total:,}",
            listed=len(listed),
        )
    month, street = say(N_("月份")), say(N_("街镇"))
    live, candidate = say(N_("现行")), say(N_("候选规则"))
    tables = [
        Table(
            say(N_("等级怎样变化")), [say(N_("现行＼候选")), *grades], matrix, (), (),
            say(N_("行是现行规则的等级，列是候选规则的等级，数字是企业月数。")),
        ),
        Table(say(N_("超出能力的街镇月份")), [street, month, live, candidate, say(N_("能力"))], over, (1,)),
        Table(
            say(N_("街镇每月上门核查")), [street, month, live, candidate], by_visits, (1,), (),
            say(N_("企业的等级从黄色以下升到黄色，或在黄色以上再升，需要上门核查一次。")),
        ),
        Table(
            say(N_("等级不同的企业")),
            [
                say(N_("企业")), say(N_("统一社会信用代码")), month, street, live, candidate, say(N_("现行得分")),
                say(N_("候选得分")), say(N_("哪些控制点不同")),
            ],
            listed, (1, 2, 3, 4, 5, 8), (4, 4, 2, 3, 2, 2, 2, 2, 6), note,
        ),
    ]  # fmt: skip
    facts = [
        (candidate, " ".join(versions.get(row.candidate_hash, ("", "")))),
        (say(N_("现行规则集")), " ".join(versions.get(row.live_hash, ("", "")))),
        (month, f"{row.first_month} – {row.last_month}"),
        (say(N_("等级不同的企业月")), f"{result['moved']:,}"),
        (say(N_("上门核查变化")), f"{result['more_visits']:+,}".replace("-", "−")),
        (say(N_("每个街镇每月的核查能力")), f"{row.capacity:,}"),
        (say(N_("候选规则集摘要")), row.candidate_hash),
        (say(N_("现行规则集摘要")), row.live_hash),
        (say(N_("输入数据摘要")), row.input_hash),
        (say(N_("差异文件摘要")), row.sha256),
    ]
    return Report(
        "backtest", lang, say(N_("规则回测结果")), _verdict(row, lang), mark.text(lang), mark.day,
        [table for table in tables if table.rows], facts=facts,
    )  # fmt: skip


def _verdict(row: BacktestRow, lang: str) -> str:
    over = len(row.result["over"])
    if not row.over_capacity:
        return translate(lang, N_("没有街镇因候选规则而超过每月 %(capacity)s 户。"), capacity=row.capacity)
    if row.accepted_at:
        accepted = translate(lang, N_("超出核查能力，已由第二人复核同意"))
        return f"{accepted}{': ' if lang == 'en' else '：'}{row.acceptance}"
    return translate(
        lang, N_("有 %(n)s 个街镇月份需要的上门核查超过 %(capacity)s 户，须由第二人复核同意后才能发布。"), n=over,
        capacity=row.capacity,
    )  # fmt: skip


def _reasons(text: str, lang: str) -> str:
    """`GZ01:0>2 SB01:1>5` in words."""
    found = []
    for part in text.split():
        point, colon, tiers = part.partition(":")
        if colon:
            before, after = (tier_name(_TIERS[int(tier)], lang) for tier in tiers.split(">"))
            found.append(f"{point} {before} → {after}")
    return ("; " if lang == "en" else "；").join(found) or translate(lang, N_("颜色相同，计分或规则不同"))
