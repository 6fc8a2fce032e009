"""Whole rows: who, what is compared with what, doubles, keys, headers."""

from __future__ import annotations

from datetime import date

import polars as pl

from api.exchange.rules import validation
from api.exchange.rules.catalogue import dataset_of
from api.exchange.rules.headers import read_headers

TODAY = date(2026, 6, 20)


def raw(code: str, *rows: dict[str, str]) -> pl.DataFrame:
    names = dataset_of(code).names
    body = {name: [row.get(name) for row in rows] for name in names}
    return (
        pl.DataFrame(body, schema=dict.fromkeys(names, pl.String))
        .with_row_index("_row", offset=1)
        .cast({"_row": pl.Int64})
    )


def rules(code: str, *rows: dict[str, str]) -> list[tuple[int, str, str]]:
    found = validation.validate(dataset_of(code), raw(code, *rows), TODAY).findings
    return [(row, column, rule) for row, column, rule, _value, _severity in found.iter_rows()]


CLUE = {
    "uscc": "91500116559000837H",
    "clue_no": "1",
    "received_on": "2026-05-02",
    "channel": "12345",
    "persons": "3",
}


def test_code_or_name_must_say_who() -> None:
    nobody = {**CLUE, "uscc": " "}
    assert rules("arrears_clue", CLUE, {**nobody, "name": "甲"}, nobody) == [(3, "uscc", "no_identity")]


def test_dates_and_parts_are_compared() -> None:
    assert rules(
        "arrears_clue", {**CLUE, "closed_on": "2026-05-01"}, {**CLUE, "closed_on": "2026-05-02"}
    ) == [(1, "closed_on", "before_start")]
    check = {"uscc": CLUE["uscc"], "month": "2026-05", "new_contracts_12m": "2", "failing_contracts_12m": "3"}
    assert rules("contract_check", check) == [(1, "failing_contracts_12m", "more_than_whole")]


def test_blank_rows_are_left_out_and_keep_their_numbers() -> None:
    done = validation.validate(
        dataset_of("arrears_clue"), raw("arrears_clue", CLUE, {"name": "  "}, CLUE), TODAY
    )
    assert done.valid["_row"].to_list() == [1, 3]
    assert done.findings.is_empty()


def test_a_row_with_several_faults_is_rejected_once() -> None:
    bad = {**CLUE, "persons": "-1", "channel": "?"}
    done = validation.validate(dataset_of("arrears_clue"), raw("arrears_clue", bad), TODAY)
    assert done.rejected["_row"].to_list() == [1]
    assert done.findings.height == 2


def test_keys_speak_of_the_enterprise_where_it_is_known() -> None:
    frame = pl.DataFrame(
        {
            "uscc": ["A", "B", None],
            "name": ["x", "y", "z"],
            "month": [202605] * 3,
            "enterprise": [7, None, None],
        }
    )
    keyed = validation.with_keys(dataset_of("water"), frame)
    assert keyed["_key"].to_list() == ["e7|202605", "uB|202605", "nz|202605"]


def test_a_header_is_read_in_either_language_and_near_misses_are_named() -> None:
    water = dataset_of("water")
    zh = [column.zh for column in water.columns]
    assert read_headers(water, zh).usable
    assert read_headers(water, [*water.names, "_ref", "_reason"]).usable
    found = read_headers(
        water, ["uscc", "name", "month", "month", "有无计量表", "用水量", "arrears_month", "cut_off"]
    )
    assert not found.usable
    assert list(found.doubled) == ["month"]
    assert sorted(found.missing) == ["arrears_months", "usage"]
    assert found.nearest == {"用水量": "usage", "arrears_month": "arrears_months"}
