"""The quarantine desk as a report: how many rows wait where, and what is wrong with each. To repair rows, a batch's rejected
rows are downloaded instead: those are files to send again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from api.exchange.model import Dataset, Quarantined
from api.exchange.texts import ROW_STATE_NAMES, RULE_TEXTS
from api.infra.i18n import N_, translate
from api.infra.reports import UNKNOWN, Cell, Mark, Report, Table

Counts = Mapping[str, Mapping[str, int]]
"""Rows by dataset and state."""


def quarantine_report(
    found: Sequence[Quarantined],
    counts: Counts,
    datasets: Mapping[str, Dataset],
    state: str,
    mark: Mark,
    lang: str,
) -> Report:
    """found: the first rows under the page's conditions; counts: all rows of these datasets; state: empty for all."""

    def say(text: str, /, **values: object) -> str:
        return translate(lang, text, **values)

    def name(code: str) -> str:
        return datasets[code].en if lang == "en" else datasets[code].zh

    states = list(ROW_STATE_NAMES)
    counted: list[Sequence[Cell]] = [
        [name(code), *(by_state.get(one, 0) for one in states)] for code, by_state in sorted(counts.items())
    ]
    rows: list[Sequence[Cell]] = [
        [
            name(row.dataset), row.batch_id, row.row, row.cells.get("uscc") or UNKNOWN, row.cells.get("name") or UNKNOWN,
            _reasons(datasets[row.dataset], row, lang), say(ROW_STATE_NAMES[row.state.value]), row.reason or UNKNOWN,
        ]
        for row in found
    ]  # fmt: skip
    total = sum(n for by_state in counts.values() for one, n in by_state.items() if state in ("", one))
    note = ""
    if total > len(rows):
        note = say(
            N_("共 %(total)s 行，这里列出前 %(listed)s 行；其余请按数据集筛选，或下载批次的隔离文件。"),
            total=f"{total:,}", listed=f"{len(rows):,}",
        )  # fmt: skip
    heads = [
        say(N_("数据集")), say(N_("批次")), say(N_("行号")), say(N_("统一社会信用代码")), say(N_("企业名称")),
        say(N_("原因")), say(N_("状态")), say(N_("说明")),
    ]  # fmt: skip
    tables = [
        Table(
            say(N_("各数据集的隔离行")), [say(N_("数据集")), *(say(ROW_STATE_NAMES[one]) for one in states)], counted,
            (), (4, 1, 1, 1),
        ),
        Table(say(N_("隔离的行")), heads, rows, (1, 3, 4, 5, 6, 7), (4, 5, 2, 5, 6, 9, 2, 3), note),
    ]  # fmt: skip
    lead = say(N_("没有通过检查的行。下载批次的隔离文件，改好后重新发送，对应的行会自动标为已修正。"))
    return Report("quarantine", lang, say(N_("隔离区")), lead, mark.text(lang), mark.day, tables)


def _reasons(dataset: Dataset, row: Quarantined, lang: str) -> str:
    return ("; " if lang == "en" else "；").join(_each(dataset, row, lang == "en")) or UNKNOWN


def _each(dataset: Dataset, row: Quarantined, english: bool) -> Iterable[str]:
    for finding in row.findings:
        pair = RULE_TEXTS.get(finding["rule"], (finding["rule"], finding["rule"]))
        name = finding["column"]
        title, value = dataset.title(name)[english], row.cells.get(name) or UNKNOWN
        yield (
            f"{title} ({name}) = {value}: {pair[1]}" if english else f"{title}（{name}）= {value}：{pair[0]}"
        )
