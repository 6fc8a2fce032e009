"""Lists as XLSX: a visible line with the export's number first, every cell plain text or a number, nothing that runs."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

from api.kernel.clock import SHANGHAI
from api.risk.texts import GRADE_NAMES
from api.risk.views import Line

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MORNING_HEADS = (
    "序号 No.", "企业 Enterprise", "统一社会信用代码 USCC", "镇街 Town", "等级 Grade", "显示等级 Shown", "计算等级 Computed",
    "得分 Score", "覆盖% Covered %", "等待签发 Waiting", "自动签发期限 Issues itself at", "签发时间 Issued at",
    "处置单号 Case", "处置阶段 Stage", "期限 Due", "数据截至 Data as of",
)  # fmt: skip
Cell = str | int | date | datetime | None


@dataclass(frozen=True)
class Sheet:
    """A file to be saved."""

    name: str
    content: bytes


def watermark(export_id: str, who: str, purpose: str, at: datetime) -> str:
    """The visible line of an export: number, who, what for, when. It hides nothing and proves nothing by itself."""
    when = f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return (
        f"导出编号 {export_id} · 导出人：{who or '—'} · 目的：{purpose} · {when} · 预警是线索不是处罚，仅限本目的使用，不得转交"
        f" / Export {export_id}, for the stated purpose only; a warning is a lead and no penalty; do not pass on"
    )


def as_xlsx(
    mark: str, export_id: str, sheet: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> bytes:
    """One sheet; the line stands in the first row, on every printed page and in the file's properties.

    Texts are written as strings, so that no name can become a formula or a link; moments in Shanghai time.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"comments": mark, "subject": export_id})
    page = book.add_worksheet(sheet)
    page.set_header(f"&L&8{export_id.replace('&', '&&')}")
    page.repeat_rows(0, 1)
    page.freeze_panes(2, 0)
    page.set_column(0, len(heads) - 1, 16)
    page.write_string(0, 0, mark, book.add_format({"bold": True, "font_color": "#9C0006"}))
    bold = book.add_format({"bold": True, "bottom": 1})
    for place, head in enumerate(heads):
        page.write_string(1, place, head, bold)
    for number, row in enumerate(rows, 2):
        for place, cell in enumerate(row):
            match cell:
                case None:
                    continue
                case int():
                    page.write_number(number, place, cell)
                case datetime():
                    page.write_string(number, place, f"{cell.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
                case _:
                    page.write_string(number, place, str(cell))
    book.close()
    return out.getvalue()


def morning_rows(lines: Iterable[Line], towns: Mapping[str, tuple[str, str]]) -> Iterable[Sequence[Cell]]:
    """Rows under `MORNING_HEADS`."""
    for number, line in enumerate(lines, 1):
        warning, standing, case = line.warning, line.standing, line.case
        yield (
            number,
            line.name,
            line.uscc,
            towns.get(standing.town, (standing.town, ""))[0],
            GRADE_NAMES[line.displayed],
            GRADE_NAMES[standing.shown],
            GRADE_NAMES[standing.raw],
            standing.score,
            standing.coverage_bp // 100,
            GRADE_NAMES[warning.pending] if warning.pending else None,
            warning.due_signoff,
            warning.issued_at,
            None if case is None else case.number,
            None if case is None else case.stage,
            None if case is None else case.due,
            standing.as_of,
        )
