"""Bad input and bad days, each through the API that departments use: what is said, and that nothing else happened."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from fastapi.testclient import TestClient

from api.exchange.rules.catalogue import dataset_of
from tests.integration.exchange.conftest import World, code, water
from tests.integration.exchange.test_exchange_api import manager, officer, post, upload
from tests.support.slice_application import SliceApplication

__all__ = ["manager", "officer"]
NAMES = dataset_of("water").names


def sheet(write: Callable[[Any, Any], None]) -> bytes:
    """A workbook whose first sheet has the header and one right row, and what `write` adds."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("数据")
    page.write_row(0, 0, NAMES)
    page.write_row(1, 0, [str(water(1).get(name, "")) for name in NAMES])
    write(book, page)
    book.close()
    return out.getvalue()


def parquet(world: World) -> bytes:
    out = io.BytesIO()
    pl.read_csv(world.csv("water", [water(1), water(2)]), infer_schema=False).write_parquet(out)
    return out.getvalue()


def second_sheet(book: Any, _page: Any) -> None:
    book.add_worksheet("附表").write(0, 0, "x")


REFUSED: dict[str, tuple[str, Callable[[World], bytes], str, str]] = {
    "UTF-16": ("a.csv", lambda w: w.csv("water", [water(1)]).decode().encode("utf-16"), "file_encoding", "UTF-8"),
    "a byte that is of no encoding": (
        "a.csv",
        lambda w: w.csv("water", [water(1), water(2)]).replace("企业2".encode(), b"\xff\xff\xff"),
        "file_encoding",
        "字节",
    ),
    "a renamed column": (
        "a.csv", lambda w: w.csv("water", [water(1)]).replace(b"usage", b"usages", 1), "columns_wrong", "usages → usage"
    ),
    "a missing column": (
        "a.csv",
        lambda w: b"\n".join(line.rsplit(b",", 1)[0] for line in w.csv("water", [water(1)]).split(b"\n")),
        "columns_wrong",
        "缺少：cut_off",
    ),
    "a column twice": (
        "a.csv",
        lambda w: b"\n".join(line + b"," + line.split(b",")[-1] for line in w.csv("water", [water(1)]).split(b"\n")[:-1]),
        "columns_wrong",
        "重复：cut_off",
    ),
    "two sheets": ("a.xlsx", lambda w: sheet(second_sheet), "file_sheets", "附表"),
    "merged cells": ("a.xlsx", lambda w: sheet(lambda _b, p: p.merge_range("A3:A4", "x")), "file_merged", "A3"),
    "a formula": ("a.xlsx", lambda w: sheet(lambda _b, p: p.write_formula("E3", "=1+1")), "file_formula", "E3"),
    "a CSV cut in the middle": ("a.csv", lambda w: w.csv("water", [water(1), water(2)])[:-20], "file_cut", "不完整"),
    "an XLSX cut in the middle": ("a.xlsx", lambda w: sheet(lambda _b, _p: None)[:-700], "file_cut", "不完整"),
    "a Parquet cut in the middle": ("a.parquet", lambda w: parquet(w)[:-50], "file_cut", "不完整"),
    "an open quotation mark": (
        "a.csv", lambda w: w.csv("water", [water(1, name='"试样'), water(2)]), "file_", "重新"
    ),
    "a workbook named CSV": ("a.csv", lambda w: sheet(lambda _b, _p: None), "file_other_format", "文件名"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_by_name(officer: TestClient, world: World, what: str) -> None:
    name, made, problem, text = REFUSED[what]
    batch = upload(officer, "water", made(world), name=name).json()
    assert batch["state"] == "refused", batch
    assert problem in batch["problem"]["code"]
    assert text in batch["problem"]["zh"]
    assert batch["problem"]["en"]
    assert world.rows("water") == []
    assert officer.get("/api/v1/exchange/rows").json()["rows"] == []
    page = officer.get(f"/exchange/batches/{batch['id']}").text
    assert "改好后重新发送" in page


def test_a_right_gb18030_file_is_read_as_it_is(officer: TestClient, world: World) -> None:
    batch = upload(officer, "water", world.csv("water", [water(1, name="試樣企業①")], "gb18030")).json()
    assert (batch["new"], batch["quarantined"]) == (1, 0)
    assert world.rows("water")[0]["name"] == "試樣企業①"


WRONG: dict[str, tuple[str, dict[str, object], str]] = {
    "1970": ("market_penalty", {"decided_on": "1970-01-01"}, "empty_date"),
    "1970 as a time": ("market_penalty", {"decided_on": "1970-01-01 08:00:00"}, "empty_date"),
    "1900 as a spreadsheet's zero": ("market_penalty", {"decided_on": "1900-01-01"}, "empty_date"),
    "a day to come": ("market_penalty", {"decided_on": "2026-06-21"}, "in_the_future"),
    "2.4e13": ("market_penalty", {"amount": "2.4e13"}, "scientific_notation"),
    "24 trillion": ("market_penalty", {"amount": "24000000000000"}, "too_large"),
    "a negative amount": ("market_penalty", {"amount": "-0.01"}, "negative"),
    "a third decimal": ("market_penalty", {"amount": "1.005"}, "not_amount"),
    "a month to come": ("water", {"month": "2026-07"}, "in_the_future"),
    "a negative usage": ("water", {"usage": "-1"}, "negative"),
    "negative headcount": ("si_month", {"insured_persons": "-3"}, "negative"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_cell_rejects_its_row_and_no_other(manager: TestClient, world: World, what: str) -> None:
    dataset, wrong, rule = WRONG[what]
    right: dict[str, dict[str, object]] = {
        "market_penalty": {"decided_on": "2026-05-02", "amount": "10.50", "reason": "x"},
        "water": {"month": "2026-05", "has_meter": 1, "usage": 1, "arrears_months": 0},
        "si_month": {"month": "2026-05", "insured_persons": 3},
    }
    rows = [
        {
            "uscc": code(number),
            "name": "x",
            "penalty_no": f"罚{number}",
            **right[dataset],
            **(wrong if number == 2 else {}),
        }
        for number in (1, 2, 3)
    ]
    if dataset == "si_month":
        needed = [c.name for c in dataset_of(dataset).columns if c.type.value in {"int", "money"}]
        rows = [{**dict.fromkeys(needed, 3), **row} for row in rows]
    batch = upload(manager, dataset, world.csv(dataset, rows)).json()
    assert batch["state"] == "committed", batch
    assert [(item["rule"], item["rows"]) for item in batch["findings"] if item["severity"] == "error"] == [
        (rule, 1)
    ]
    assert (batch["new"], batch["quarantined"]) == (2, 1)
    [row] = manager.get("/api/v1/exchange/rows").json()["rows"]
    assert row["row"] == 2
    assert [finding["rule"] for finding in row["findings"]] == [rule]


def test_one_key_with_other_values_is_nobodys(officer: TestClient, world: World) -> None:
    batch = upload(
        officer, "water", world.csv("water", [water(1), water(1, usage=7), water(2), water(2)])
    ).json()
    assert (batch["new"], batch["quarantined"], batch["warned"]) == (1, 2, 1)
    assert [row["enterprise"] for row in world.rows("water")] == [2]


def test_yesterdays_file_again_changes_nothing_and_tells_nobody(officer: TestClient, world: World) -> None:
    yesterday = world.csv("water", [water(1), water(2)])
    upload(officer, "water", yesterday)
    upload(officer, "water", world.csv("water", [water(1, usage=5)]))
    told, before = len(world.heard.calls), world.rows("water")
    again = upload(officer, "water", yesterday).json()
    assert (again["new"], again["changed"], again["same"]) == (0, 0, 2)
    assert [{**row, "_known": 0} for row in world.rows("water")] == [{**row, "_known": 0} for row in before]
    assert len(world.heard.calls) == told


def test_a_file_of_two_gigabytes_is_refused_before_it_is_read(officer: TestClient) -> None:
    """By what the request says of itself; not a byte of it is taken."""
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1_000_000

    headers = {
        "Idempotency-Key": "big",
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(2 << 30),
    }
    answer = officer.post("/api/v1/exchange/datasets/water/files", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert read <= 1
    assert "20100000" in answer.json()["detail_zh"].replace(",", "")
    assert answer.json()["detail_en"]


def test_a_file_that_hides_its_size_is_stopped_at_the_limit(officer: TestClient, world: World) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(2_000):
            yield b"x" * 1_000_000

    landed = sorted((world.store.folder / "landing").rglob("*"))
    headers = {"Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}
    answer = officer.put("/api/v1/exchange/datasets/water/files/a.csv", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["facts"]["limit"] == 60_000_000
    assert sorted((world.store.folder / "landing").rglob("*")) == landed


def test_a_file_over_the_limit_of_other_uploads_is_taken_as_a_body(officer: TestClient, world: World) -> None:
    """Whatever type it says; beside the form of 20 MB, which holds it in memory."""
    world.store.max_file_bytes = 60_000_000
    out = io.BytesIO()
    frame = pl.read_csv(world.csv("water", [water(1), water(2)]), infer_schema=False)
    frame.write_parquet(out, metadata={"padding": "x" * 21_000_000})
    body = out.getvalue()
    assert len(body) > 20_100_000
    path = "/api/v1/exchange/datasets/water/files/water.parquet"
    for kind in ("text/csv", "application/octet-stream"):
        sent = officer.put(
            path,
            params={"period_from": "2026-05-01", "period_to": "2026-05-31"},
            content=body,
            headers={"Content-Type": kind},
        )
        assert sent.status_code == 201, sent.text
    batch = sent.json()
    assert (batch["state"], batch["same"]) == ("committed", 2)
    assert batch["period_from"] == "2026-05-01"


def test_another_departments_body_is_refused_before_it_is_read(officer: TestClient) -> None:
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            assert read < 100, "the body was read"
            yield b"x" * 1_000_000

    headers = {"Content-Type": "text/csv", "Content-Length": "50000000"}
    path = "/api/v1/exchange/datasets/tax_month/files/a.csv"
    answer = officer.put(path, content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "exchange.dataset_unknown")


def test_a_workbook_that_unpacks_to_gigabytes_is_not_unpacked(officer: TestClient) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", "<workbook/>")
        with bomb.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as entry:
            for _ in range(120):
                entry.write(bytes(1 << 20))
    batch = upload(officer, "water", out.getvalue(), name="a.xlsx").json()
    assert batch["problem"]["code"] == "exchange.file_too_large_unpacked"


def test_what_was_sent_runs_in_no_spreadsheet(officer: TestClient, world: World) -> None:
    risky = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "|x", "%x"]
    rows = [water(1, usage="x", name=f'"{text}"', month=f"2026-0{n % 5 + 1}") for n, text in enumerate(risky)]
    batch = upload(officer, "water", world.csv("water", rows)).json()
    assert batch["quarantined"] == len(risky)
    text = officer.get(f"/api/v1/exchange/batches/{batch['id']}/rejected.csv").content.decode("utf-8-sig")
    for line in csv.reader(io.StringIO(text)):
        assert not [
            cell for cell in line if cell.lstrip(" \u3000").startswith(("=", "+", "-", "@", "\t", "|", "%"))
        ]
    book = officer.get(f"/api/v1/exchange/batches/{batch['id']}/rejected.xlsx").content
    with zipfile.ZipFile(io.BytesIO(book)) as container:
        assert b"<f>" not in container.read("xl/worksheets/sheet1.xml")


def test_the_senders_clock_is_nothing_to_us(officer: TestClient, world: World) -> None:
    """Known time is our clock's and never goes back; what lies ahead of it is rejected, however new the file."""
    first = upload(officer, "water", world.csv("water", [water(1)])).json()
    world.clock.advance(-timedelta(days=400))
    second = upload(officer, "water", world.csv("water", [water(1, "2025-04", usage=2)])).json()
    known = [datetime.fromisoformat(batch["known_at"]) for batch in (first, second)]
    assert known[1] > known[0]
    ahead = upload(officer, "water", world.csv("water", [water(1, "2026-05", usage=3)])).json()
    assert [item["rule"] for item in ahead["findings"]] == ["in_the_future"]
    assert [(row["month"], row["usage"]) for row in world.rows("water")] == [(202504, 2), (202605, 120)]


def test_more_wrong_rows_than_errors_are_another_file(
    officer: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.exchange.service.intake.MAX_REJECTED", 2)
    batch = upload(officer, "water", world.csv("water", [water(n, usage="x") for n in range(1, 5)])).json()
    assert (batch["state"], batch["problem"]["code"]) == ("refused", "exchange.file_mostly_wrong")


def test_the_pages_say_the_same(officer: TestClient, world: World, site: SliceApplication) -> None:
    data = sheet(second_sheet)
    answer = officer.post("/exchange", files={"file": ("a.xlsx", data)}, data={"dataset": "water"})
    page = officer.get(answer.headers["location"]).text
    assert "文件已退回" in page
    assert "附表" in page


def test_a_row_is_repaired_on_the_page(officer: TestClient, world: World) -> None:
    upload(officer, "water", world.csv("water", [water(1, usage="-4"), water(2, usage="x")]))
    numbers = [row["id"] for row in officer.get("/api/v1/exchange/rows").json()["rows"]]
    page = officer.get(f"/exchange/quarantine/{numbers[0]}").text
    assert 'value="-4"' in page
    assert "不能为负数" in page
    cells = {f"c_{name}": str(value) for name, value in water(1, usage="-5").items()}
    wrong = officer.post(f"/exchange/quarantine/{numbers[0]}/repair", data=cells)
    assert wrong.status_code == 422
    assert 'value="-5"' in wrong.text
    assert world.rows("water") == []
    right = officer.post(f"/exchange/quarantine/{numbers[0]}/repair", data={**cells, "c_usage": "5"})
    assert right.status_code == 303
    assert [row["usage"] for row in world.rows("water")] == [5]
    states = {row["id"]: row["state"] for row in officer.get("/api/v1/exchange/rows?state=").json()["rows"]}
    assert states == {numbers[0]: "fixed", numbers[1]: "open"}
    assert officer.post(f"/exchange/quarantine/{numbers[0]}/repair", data=cells).status_code == 409


def test_another_departments_row_cannot_be_opened(
    officer: TestClient, manager: TestClient, world: World
) -> None:
    upload(manager, "power", world.csv("power", [water(1, usage="-4")]))
    [row] = manager.get("/api/v1/exchange/rows").json()["rows"]
    assert officer.get(f"/exchange/quarantine/{row['id']}").status_code == 404
    assert officer.post(f"/exchange/quarantine/{row['id']}/repair", data={}).status_code == 404
    assert post(officer, f"/rows/{row['id']}/waiver", json={"reason": "x"}).status_code == 404
