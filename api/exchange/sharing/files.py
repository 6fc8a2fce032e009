"""Exports as CSV and XLSX: a visible line with the export's number first, every cell plain text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from api.exchange.sharing.model import SharedColumn
from api.exchange.sharing.rules import head, safe_cell

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(mark: str, columns: Sequence[SharedColumn], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """UTF-8 with byte order mark (spreadsheets need it for Chinese); no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe_cell(mark)])
    writer.writerow(head(columns))
    writer.writerows([safe_cell(row[column.name]) for column in columns] for row in rows)
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(
    mark: str, export_id: str, columns: Sequence[SharedColumn], rows: Sequence[Mapping[str, Any]]
) -> bytes:
    """One sheet of text cells; the line stands in the first row, on every printed page and in the file's properties."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"comments": mark, "subject": export_id})
    sheet = book.add_worksheet("export")
    sheet.set_header(f"&L&8{export_id.replace('&', '&&')}")
    sheet.repeat_rows(0, 1)
    sheet.freeze_panes(2, 0)
    sheet.write_string(0, 0, mark, book.add_format({"bold": True, "font_color": "#9C0006"}))
    bold = book.add_format({"bold": True})
    for place, title in enumerate(head(columns)):
        sheet.write_string(1, place, title, bold)
    for number, row in enumerate(rows, 2):
        for place, column in enumerate(columns):
            if row[column.name] is not None:
                sheet.write_string(number, place, str(row[column.name]))
    book.close()
    return out.getvalue()
