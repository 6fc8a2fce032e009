"""Files of a month's facts, and which months a changed row reaches."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import polars as pl
import pytest

from api.risk.facts import affected_months, compute_facts, merge_month, write_month
from tests.unit.risk_facts.accepted import DAY, PARAMETERS, District, subjects

MONTHS = [202508, 202509, 202510, 202511, 202609, 202610]


def _facts() -> pl.DataFrame:
    return compute_facts(District().staff(3), subjects(2, 1), 202610, DAY, PARAMETERS)


def test_a_file_is_named_after_what_it_holds(tmp_path: Path) -> None:
    file = write_month(_facts(), tmp_path / "facts")
    assert file.enterprises == 2
    assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
    assert file.path.name == f"202610-{file.sha256[:16]}.parquet"
    assert pl.read_parquet(file.path).equals(_facts().sort("enterprise"))
    assert write_month(_facts(), tmp_path / "facts") == file
    assert [path.name for path in (tmp_path / "facts").iterdir()] == [file.path.name]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_month(_facts(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_months_are_no_file(tmp_path: Path) -> None:
    frame = _facts()
    other = frame.with_columns(pl.lit(202609, pl.Int32).alias("month"))
    with pytest.raises(ValueError, match="exactly one month"):
        write_month(pl.concat([frame, other]), tmp_path)


def test_merging_replaces_and_adds() -> None:
    district = District().staff(3).staff(5, enterprise=3)
    whole = compute_facts(district, subjects(1, 2), 202610, DAY, PARAMETERS)
    district.change("si_month", insured_persons=7)
    again = compute_facts(district, subjects(3, 1), 202610, DAY, PARAMETERS)
    merged = merge_month(whole, again)
    assert merged["enterprise"].to_list() == [1, 2, 3]
    assert merged["staff"].to_list() == [7, 0, 5]


@pytest.mark.parametrize(
    ("dataset", "months"),
    [
        ("si_month", [202509, 202510, 202511]),  # two months read, three late
        ("bank_payroll", [202509, 202510, 202511, 202609, 202610]),
        ("group_event", [202509, 202510, 202511, 202609]),  # twelve months touch thirteen
        ("credit_list", [202509, 202510, 202511, 202609, 202610]),  # lasts until it is removed
        ("union_state", list(MONTHS)),  # before an enterprise's first row, days read that one
        ("arrears_clue", [202509, 202510, 202511]),
    ],
)
def test_how_far_a_row_reaches(dataset: str, months: list[int]) -> None:
    assert affected_months(dataset, [(5, 202509), (4, 202509)], MONTHS) == {month: [4, 5] for month in months}


def test_no_such_dataset() -> None:
    with pytest.raises(KeyError):
        affected_months("horoscope", [(1, 202610)], MONTHS)
