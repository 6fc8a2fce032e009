"""Files that go out: templates, and rejected rows with a reason a cell. No spreadsheet runs anything that a sender wrote."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import xlsxwriter

from api.exchange.model import Column, ColumnType, Dataset, Quarantined
from api.exchange.rules.headers import REASON, REFERENCE
from api.exchange.texts import RULE_TEXTS

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
BOM = "\ufeff"
_FORMS = {
    ColumnType.USCC: "18 位 / 18 characters",
    ColumnType.MONTH: "YYYY-MM",
    ColumnType.DATE: "YYYY-MM-DD",
    ColumnType.MONEY: "元，最多两位小数 / yuan, at most two decimals",
    ColumnType.INT: "整数 / whole number",
    ColumnType.FLAG: "是/否, 1/0, Y/N",
}


def safe_cell(value: str | None) -> str:
    """A CSV cell that a spreadsheet shows and never runs: risky beginnings get an apostrophe (a negative number does, too)."""
    text = (value or "").replace("\x00", "")
    return "'" + text if text.lstrip(" \u3000").startswith(_DANGEROUS) else text


def reason_of(dataset: Dataset, row: Quarantined) -> str:
    """Why a row was rejected, a clause a finding: the column's title and code, and the rule, in Chinese and English."""
    parts = []
    for finding in row.findings:
        zh, en = RULE_TEXTS.get(finding["rule"], (finding["rule"], finding["rule"]))
        title_zh, title_en = dataset.title(finding["column"])
        parts.append(f"{title_zh}（{finding['column']}）：{zh} / {title_en}: {en}")
    return "；".join(parts)


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def rejected_csv(dataset: Dataset, rows: Iterable[Quarantined]) -> Iterator[str]:
    """Header and rejected rows; the columns `_ref` and `_reason` may stay in the file that is sent again."""

    def table() -> Iterator[list[str]]:
        yield [*dataset.names, REFERENCE, REASON]
        for row in rows:
            cells = [safe_cell(row.cells.get(name)) for name in dataset.names]
            yield [*cells, str(row.id), safe_cell(reason_of(dataset, row))]

    yield BOM
    yield from _lines(table())


def _hint(column: Column) -> str:
    needed = "可空 / may be empty" if column.nullable else "必填 / required"
    values = "；".join(f"{code}={label}" for code, label in column.values.items())
    form = values or _FORMS.get(column.type, f"≤ {column.max_length}")
    return f"{column.zh} / {column.en}\n{needed}\n{form}"


def template_csv(dataset: Dataset) -> bytes:
    """The header alone, in UTF-8 with mark."""
    return (BOM + "".join(_lines([dataset.names]))).encode("utf-8")


def template_xlsx(dataset: Dataset) -> bytes:
    """One sheet: the header with a note per column."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(dataset.code[:31])
    head, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@"})
    for index, column in enumerate(dataset.columns):
        sheet.set_column(index, index, 18, text)
        sheet.write_string(0, index, column.name, head)
        sheet.write_comment(0, index, _hint(column), {"author": "", "x_scale": 2})
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def rejected_xlsx(dataset: Dataset, rows: Iterable[Quarantined]) -> bytes:
    """One sheet of texts: wrong cells are coloured and carry their reason as a note, heads what belongs below them."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("rejected")
    head, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@"})
    wrong = book.add_format({"num_format": "@", "bg_color": "#FFD9D2"})
    names = [*dataset.names, REFERENCE, REASON]
    sheet.set_column(0, len(names) - 2, 18, text)
    sheet.set_column(len(names) - 1, len(names) - 1, 60, text)
    for index, name in enumerate(names):
        sheet.write_string(0, index, name, head)
    for index, column in enumerate(dataset.columns):
        sheet.write_comment(0, index, _hint(column), {"author": "", "x_scale": 2})
    for line, row in enumerate(rows, 1):
        reasons = {finding["column"]: finding["rule"] for finding in row.findings}
        for index, name in enumerate(dataset.names):
            sheet.write_string(line, index, row.cells.get(name) or "", wrong if name in reasons else text)
            if name in reasons:
                zh, en = RULE_TEXTS.get(reasons[name], (reasons[name], reasons[name]))
                sheet.write_comment(line, index, f"{zh}\n{en}", {"author": ""})
        sheet.write_string(line, len(names) - 2, str(row.id), text)
        sheet.write_string(line, len(names) - 1, reason_of(dataset, row), text)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()
