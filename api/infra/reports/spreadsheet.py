"""A report as XLSX: every text is written as text, never as formula or link; the watermark stands below each table."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import xlsxwriter

from api.infra.i18n import N_, translate
from api.infra.reports.model import Report

_WIDEST = 40
_MEASURED = 1_000
"""Rows whose texts decide how wide a column is."""
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def write(report: Report) -> bytes:
    """One sheet a table; before them one with the report's facts and notes, where it has any."""
    out = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": report.title, "comments": report.mark})
        styles = _Styles(book)
        if report.sentence or report.facts or report.notes:
            _summary(book, report, styles)
        for place, table in enumerate(report.tables, 1):
            sheet = book.add_worksheet(f"{place} {table.title}".translate(_FORBIDDEN)[:31])
            sheet.write_string(0, 0, f"{report.title} · {table.title}", styles.title)
            sheet.write_string(1, 0, table.note or report.lead, styles.quiet)
            for column, head in enumerate(table.heads):
                sheet.write_string(3, column, head, styles.head)
                cells = [str(row[column]) for row in table.rows[:_MEASURED]]
                wide = max((_width(text) for text in [head, *cells]), default=8)
                sheet.set_column(column, column, min(_WIDEST, max(8, wide + 2)))
            for line, row in enumerate(table.rows, 4):
                for column, value in enumerate(row):
                    if isinstance(value, int):
                        sheet.write_number(line, column, value, styles.number)
                    else:
                        sheet.write_string(line, column, value)
            sheet.write_string(len(table.rows) + 5, 0, report.mark, styles.quiet)
            sheet.freeze_panes(4, 1)
            sheet.set_landscape()
            _paper(sheet, report)
    return out.getvalue()


class _Styles:
    def __init__(self, book: Any) -> None:
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.quiet = book.add_format({"font_color": "#42535b"})
        self.number = book.add_format({"num_format": "#,##0"})
        self.name = book.add_format({"bold": True, "valign": "top"})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})


def _summary(book: Any, report: Report, styles: _Styles) -> None:
    sheet = book.add_worksheet(translate(report.lang, N_("概要")))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, report.title, styles.title)
    sheet.write_string(1, 0, report.lead, styles.quiet)
    lines = [("", report.sentence)] if report.sentence else []
    lines += [*report.facts, *(("", note) for note in report.notes)]
    for line, (name, value) in enumerate(lines, 3):
        sheet.write_string(line, 0, name, styles.name)
        sheet.write_string(line, 1, value, styles.text)
    sheet.write_string(len(lines) + 4, 0, report.mark, styles.quiet)
    _paper(sheet, report)


def _paper(sheet: Any, report: Report) -> None:
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{report.mark.replace('&', '&&')[:200]}&R&P / &N")


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
