"""Files as departments send them: encodings told apart, cut and crooked files refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from api.exchange.rules.catalogue import dataset_of
from api.exchange.service.readers import read_file
from api.kernel.errors import DomainError

UNION = dataset_of("union_state")
HEAD = ",".join(column.zh for column in UNION.columns)
ROW = "91500116559000837H,试样企业有限公司,是,2027-01-01,1,0,1"


def read(folder: Path, data: bytes | Path, name: str = "file.csv") -> list[dict[str, Any]]:
    path = folder / "landed"
    if isinstance(data, Path):
        path = data
    else:
        path.write_bytes(data)
    return read_file(UNION, path, name).frame.to_dicts()


def refusal(folder: Path, data: bytes | Path, name: str = "file.csv") -> tuple[str, dict[str, Any]]:
    with pytest.raises(DomainError) as caught:
        read(folder, data, name)
    return caught.value.code.removeprefix("exchange."), caught.value.facts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_text_in_every_known_encoding(tmp_path: Path, encoding: str, ending: str) -> None:
    rows = read(tmp_path, f"{HEAD}{ending}{ROW}{ending}{ROW}".encode(encoding))
    assert [(row["_row"], row["name"], row["rules_published"]) for row in rows] == [
        (1, "试样企业有限公司", "1"),
        (2, "试样企业有限公司", "1"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (f"{HEAD}\n{ROW}\n".encode("utf-16"), "file_encoding"),
        (f"{HEAD}\n{ROW}\n".encode().replace("试".encode(), b"\xe8\xaf"), "file_encoding"),
        (f"{HEAD}\n{ROW}\n".encode("gb18030") + b"\xff\xff,1,1,1,1,1,1\n", "file_encoding"),
        (f"{HEAD}\n{ROW}\n91500116559000837H,试样".encode(), "file_cut"),
        (f"{HEAD}\n{ROW}\n91500116559000837H,试样".encode()[:-1], "file_cut"),
        (f"{HEAD}\n{ROW}\n91500116559000837H,试样".encode("gb18030")[:-1], "file_cut"),
        (f"{HEAD}\n{ROW},1\n".encode(), "file_ragged"),
        (f'{HEAD}\n"{ROW}\n{ROW}\n'.encode(), "file_not_csv"),
        (f"{HEAD},{UNION.columns[2].zh}\n{ROW},1\n".encode(), "columns_wrong"),
    ],
)
def test_crooked_text_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    assert refusal(tmp_path, data)[0] == code


def test_a_short_line_in_the_middle_is_named(tmp_path: Path) -> None:
    short = ROW.rsplit(",", 1)[0]
    assert refusal(tmp_path, f"{HEAD}\n{ROW}\n{short}\n{ROW}\n".encode()) == ("file_short_line", {"line": 3})
    empty_last = f"{short},"
    assert len(read(tmp_path, f"{HEAD}\n{ROW}\n{empty_last}\n\n{ROW}\n".encode())) == 4


def test_renamed_columns_come_with_their_nearest_names(tmp_path: Path) -> None:
    code, facts = refusal(tmp_path, f"{HEAD.replace('是否建会', '是否建工会')}\n{ROW}\n".encode())
    assert (code, facts["missing"], facts["nearest"]) == (
        "columns_wrong",
        "has_union",
        "是否建工会 → has_union",
    )


def book(path: Path, fill: Callable[[Any, Any], None] | None = None) -> Path:
    made = xlsxwriter.Workbook(path)
    sheet = made.add_worksheet("数据")
    for index, column in enumerate(UNION.columns):
        sheet.write_string(0, index, column.name)
    sheet.write_string(1, 0, "91500116559000837H")
    sheet.write_string(1, 1, "试样企业")
    sheet.write_boolean(1, 2, True)
    sheet.write_datetime(1, 3, date(2027, 1, 1), made.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write_number(1, 4, 1)
    if fill is not None:
        fill(made, sheet)
    made.close()
    return path


def test_a_sheet_of_values_is_read(tmp_path: Path) -> None:
    [row] = read(tmp_path, book(tmp_path / "a.xlsx"), "a.xlsx")
    assert (row["has_union"], row["collective_contract_until"], row["congress"]) == ("1", "2027-01-01", "1")


@pytest.mark.parametrize(
    ("fill", "code", "facts"),
    [
        (
            lambda made, _s: made.add_worksheet("另一张").write(0, 0, "x"),
            "file_sheets",
            {"sheets": "数据、另一张"},
        ),
        (lambda _m, sheet: sheet.merge_range("B3:C4", "x"), "file_merged", {"cell": "B3"}),
        (lambda _m, sheet: sheet.write_formula("E3", "=1+1", None, 2), "file_formula", {"cell": "E3"}),
    ],
)
def test_what_a_sheet_must_not_have(
    tmp_path: Path, fill: Callable[[Any, Any], None], code: str, facts: dict[str, Any]
) -> None:
    assert refusal(tmp_path, book(tmp_path / "a.xlsx", fill), "a.xlsx") == (code, facts)


def test_an_empty_second_sheet_does_no_harm(tmp_path: Path) -> None:
    assert (
        len(
            read(tmp_path, book(tmp_path / "a.xlsx", lambda made, _s: made.add_worksheet("Sheet2")), "a.xlsx")
        )
        == 1
    )


def test_cut_containers_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx")
    path.write_bytes(path.read_bytes()[:-200])
    assert refusal(tmp_path, path, "a.xlsx")[0] == "file_cut"
    pl.DataFrame({name: ["x"] for name in UNION.names}).write_parquet(path)
    assert refusal(tmp_path, path.read_bytes()[:-20], "a.parquet")[0] == "file_cut"
    assert refusal(tmp_path, path.read_bytes(), "a.csv") == (
        "file_other_format",
        {"actual": ".parquet", "name": ".csv"},
    )


def test_a_sheet_that_unpacks_to_far_more_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.exchange.service.readers.sheets.MAX_UNPACKED", 100)
    assert refusal(tmp_path, book(tmp_path / "a.xlsx"), "a.xlsx")[0] == "file_too_large_unpacked"


def test_parquet_keeps_its_values_and_refuses_strange_types(tmp_path: Path) -> None:
    values: dict[str, Any] = dict.fromkeys(UNION.names, None) | {
        "uscc": "91500116559000837H", "has_union": True, "collective_contract_until": date(2027, 1, 1), "congress": 1.0,
    }  # fmt: skip
    path = tmp_path / "a.parquet"
    pl.DataFrame([values]).write_parquet(path)
    [row] = read(tmp_path, path, "a.parquet")
    assert (row["has_union"], row["collective_contract_until"], row["congress"]) == ("1", "2027-01-01", "1")
    pl.DataFrame([values | {"name": [1]}]).write_parquet(path)
    assert refusal(tmp_path, path, "a.parquet")[0] == "file_column_type"


@pytest.mark.parametrize("line", ["[1]", "{", '{"uscc": {"a": 1}}', '"text"'])
def test_pushed_lines_are_objects_of_plain_values(tmp_path: Path, line: str) -> None:
    assert refusal(tmp_path, line.encode(), "rows.ndjson")[0] == "file_not_json"


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"x", "file.xls")[0] == "file_format_unknown"
