"""The freshness board as a report."""

from __future__ import annotations

from collections.abc import Sequence

from api.exchange.freshness.model import Board, Standing
from api.exchange.freshness.texts import KIND_NAMES, STATE_NAMES
from api.infra.i18n import N_, format_date, translate
from api.infra.reports import UNKNOWN, Cell, Mark, Report, Table


def freshness_report(board: Board, mark: Mark, lang: str) -> Report:
    """How many datasets are in which state, and every dataset, worst first."""

    def say(text: str, /, **values: object) -> str:
        return translate(lang, text, **values)

    counted: list[Sequence[Cell]] = [
        [say(label), sum(row.state.value == state for row in board.rows)]
        for state, label in STATE_NAMES.items()
    ]
    heads = [
        say(N_("数据集")), say(N_("责任部门")), say(N_("没有记录时")), say(N_("最新数据期间")), say(N_("承诺到")),
        say(N_("状态")), say(N_("影响的控制点")),
    ]  # fmt: skip
    rows = [_row(row, lang) for row in board.rows]
    tables = [
        Table(say(N_("按状态")), [say(N_("状态")), say(N_("数据集数"))], counted),
        Table(say(N_("各数据集")), heads, rows, (1, 2, 3, 4, 5, 6), (5, 4, 5, 4, 4, 6, 5)),
    ]
    notes = []
    if board.unknown:
        points = (", " if lang == "en" else "、").join(board.unknown)
        notes.append(f"{say(N_('因数据过期而未知的控制点'))}{': ' if lang == 'en' else '：'}{points}")
    lead = say(
        N_("按数据所属期间计算，与上传时间无关。过期的数据源会使相关控制点显示为未知，而不是没有风险。")
    )
    day = say(N_("%(day)s 的情况"), day=format_date(board.as_of, lang))
    return Report(
        "freshness",
        lang,
        say(N_("数据时效")),
        f"{day} · {lead}",
        mark.text(lang),
        mark.day,
        tables,
        notes=notes,
    )


def _row(row: Standing, lang: str) -> Sequence[Cell]:
    promise, english = row.promise, lang == "en"
    state = translate(lang, STATE_NAMES[row.state.value])
    if row.since:
        since = translate(
            lang, N_("自 %(day)s 起，%(count)s 天"), day=format_date(row.since, lang), count=row.days_stale
        )
        state += f" · {since}"
    return [
        promise.en if english else promise.zh, promise.owner_en if english else promise.owner_zh,
        translate(lang, KIND_NAMES[promise.kind.value]),
        format_date(row.covered_end, lang), format_date(row.promised_until, lang), state,
        " ".join(row.points) or UNKNOWN,
    ]  # fmt: skip
