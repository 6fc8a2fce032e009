"""Masks by column kind and level, and what an export carries."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from api.exchange.sharing import files, rules
from api.exchange.sharing.masking import STARS, shown, treatment
from api.exchange.sharing.model import (
    Asked,
    ColumnKind,
    Mask,
    Share,
    SharedColumn,
    SharedDataset,
    State,
    Treatment,
)
from api.kernel.errors import DomainError

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def column(kind: ColumnKind, mask: Mask = Mask.NONE, name: str = "c") -> SharedColumn:
    return SharedColumn(name, kind, mask, "列", "column")


def masked(kind: ColumnKind, values: list[Any], how: Treatment, dtype: Any = None) -> list[Any]:
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    return frame.with_columns(shown(column(kind), how)).get_column("c").to_list()


@pytest.mark.parametrize(
    ("kind", "values", "dtype", "partial", "plain"),
    [
        (ColumnKind.USCC, ["91500116559000837H"], pl.String, ["91500116***"], ["91500116559000837H"]),
        (ColumnKind.NAME, ["重庆星河科技有限公司", "王"], pl.String, ["重***", "王***"], ["重庆星河科技有限公司", "王"]),
        (ColumnKind.KEY, ["(2026)渝0107民初12号", "12345"], pl.String, ["***2号", "***"], ["(2026)渝0107民初12号", "12345"]),
        (ColumnKind.TEXT, ["科园一路12号", "短"], pl.String, ["科园一***", "***"], ["科园一路12号", "短"]),
        (ColumnKind.INT, [-1, 0, 1, 9, 10, 10_000], pl.Int64,
         ["<0", "<1", "1–<10", "1–<10", "10–<50", "≥10000"], ["-1", "0", "1", "9", "10", "10000"]),
        (ColumnKind.MONEY, [-1, 99, 100, 123_456_789], pl.Int64,
         ["<0", "<1", "1–<10000", "1000000–<10000000"], ["-0.01", "0.99", "1.00", "1234567.89"]),
        (ColumnKind.DATE, [date(2026, 3, 5)], pl.Date, ["2026-03"], ["2026-03-05"]),
        (ColumnKind.MONTH, [202603], pl.Int32, ["2026"], ["2026-03"]),
        (ColumnKind.FLAG, [True, False], pl.Boolean, [STARS, STARS], ["1", "0"]),
        (ColumnKind.ENUM, ["red"], pl.String, [STARS], ["red"]),
    ],
)  # fmt: skip
def test_masks_by_kind(
    kind: ColumnKind, values: list[Any], dtype: Any, partial: list[str], plain: list[str]
) -> None:
    assert masked(kind, values, Treatment.PARTIAL, dtype) == partial
    assert masked(kind, values, Treatment.PLAIN, dtype) == plain
    assert masked(kind, values, Treatment.HIDDEN, dtype) == [STARS] * len(values)


def test_every_kind_is_masked_and_null_stays_null() -> None:
    types: dict[ColumnKind, Any] = {
        ColumnKind.INT: pl.Int64,
        ColumnKind.MONEY: pl.Int64,
        ColumnKind.DATE: pl.Date,
    }
    types |= {ColumnKind.MONTH: pl.Int32, ColumnKind.FLAG: pl.Boolean}
    for kind in ColumnKind:
        dtype = types.get(kind, pl.String)
        assert masked(kind, [None], Treatment.PLAIN, dtype) == [None]
        hidden = kind in (ColumnKind.FLAG, ColumnKind.ENUM)
        assert masked(kind, [None], Treatment.PARTIAL, dtype) == [STARS if hidden else None]
        assert masked(kind, [None], Treatment.HIDDEN, dtype) == [STARS]


def test_treatments_by_level() -> None:
    def how(mask: Mask, clearance: int, sensitivity: int = 3) -> Treatment:
        return treatment(column(ColumnKind.NAME, mask), sensitivity, clearance)

    assert [how(Mask.NONE, level) for level in (1, 2, 3, 4)] == [
        Treatment.PARTIAL, Treatment.PARTIAL, Treatment.PLAIN, Treatment.PLAIN,
    ]  # fmt: skip
    assert [how(Mask.PARTIAL, level) for level in (2, 3, 4)] == [
        Treatment.HIDDEN, Treatment.PARTIAL, Treatment.PLAIN,
    ]  # fmt: skip
    assert [how(Mask.HIDE, level) for level in (2, 3, 4)] == [
        Treatment.HIDDEN, Treatment.HIDDEN, Treatment.PARTIAL,
    ]  # fmt: skip


def test_a_higher_clearance_never_gives_less() -> None:
    order = [Treatment.HIDDEN, Treatment.PARTIAL, Treatment.PLAIN]
    for mask in Mask:
        for sensitivity in (1, 2, 3, 4):
            given = [
                order.index(treatment(column(ColumnKind.INT, mask), sensitivity, c)) for c in (1, 2, 3, 4)
            ]
            assert given == sorted(given)


COLUMNS = [column(ColumnKind.NAME, name="name"), column(ColumnKind.TEXT, name="note")]
DATASET = SharedDataset("x", "数据", "data", 2, COLUMNS)
ASKED = Asked("x", ("note",), 1, "核对欠薪线索的处理情况", "条例第三十八条", "某某街道", 30)
SHARE = Share(
    "a" * 26, ASKED, State.APPROVED, 2, "p1", NOW, "p2", NOW, "ok", NOW + timedelta(days=30), None, None, None
)
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "|cmd",
    "%0A",
    "＝1+1",
    "＠SUM(A1)",
    "\u3000=1",
    "\u00a0+1",
    "\ufeff=1",
    "\u200b-1",
    '=HYPERLINK("http://x","y")',
    None,
    "正常",
]


def test_no_cell_of_an_export_is_a_formula_and_the_first_line_names_it() -> None:
    rows = [{"name": value, "note": value} for value in FORMULAS]
    mark = rules.watermark(SHARE, "exportid", NOW)
    lines = list(csv.reader(io.StringIO(files.as_csv(mark, COLUMNS, rows).decode("utf-8-sig"))))
    assert "exportid" in lines[0][0]
    assert "某某街道" in lines[0][0]
    assert "2026-11-23 10:00" in lines[0][0]
    assert lines[1] == ["列 name", "列 note"]
    for line in lines[2:]:
        assert line[0] in ("", "正常") or line[0].startswith("'")
    book = files.as_xlsx(mark, "exportid", COLUMNS, rows)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet.lower()
        assert "exportid" in parts.read("docProps/core.xml").decode()
    found = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert "exportid" in found[0][0]
    assert [row[0] for row in found[2:]] == [value or "" for value in FORMULAS]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fields": ()}, "exchange.share_fields"),
        ({"fields": ("note", "note")}, "exchange.share_fields"),
        ({"fields": ("other",)}, "exchange.share_fields"),
        ({"clearance": 5}, "exchange.share_clearance"),
        ({"days": 0}, "exchange.share_days"),
        ({"days": 367}, "exchange.share_days"),
        ({"purpose": "查数据"}, "exchange.share_text_missing"),
        ({"purpose": "核对欠薪线索\x00的处理情况"}, "exchange.share_text_missing"),
        ({"basis": " "}, "exchange.share_text_missing"),
        ({"recipient": "x" * 101}, "exchange.share_text_missing"),
    ],
)
def test_requests_that_say_too_little_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        rules.checked(replace(ASKED, **change), DATASET)
    assert refused.value.code == code
    assert rules.checked(ASKED, DATASET) == ASKED


def test_when_a_share_is_closed() -> None:
    assert rules.closed(SHARE, NOW + timedelta(days=30, microseconds=-1)) is None
    cases = [
        (SHARE, NOW + timedelta(days=30), "exchange.share_expired"),
        (replace(SHARE, state=State.REVOKED), NOW, "exchange.share_revoked"),
        (replace(SHARE, state=State.REQUESTED), NOW, "exchange.share_not_approved"),
        (replace(SHARE, state=State.REFUSED), NOW, "exchange.share_not_approved"),
    ]
    for share, at, code in cases:
        found = rules.closed(share, at)
        assert found is not None
        assert found.code == code
