"""Comparison of two scorings: matrix, reasons, site visits by street and month."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from api.kernel.errors import DomainError
from api.risk.runs.backtest import Compared, Pair, Tally, compare
from api.risk.runs.engine import default_as_of, due_month
from api.risk.service.backtests import cut, months_between
from tests.support.risk_story import GRADING, tiers

SUBJECTS = pl.DataFrame(
    {"enterprise": [1, 2, 3], "town": ["a", "a", "b"]}, schema_overrides={"enterprise": pl.Int64}
)


def decisions(month: int, **said: str) -> pl.DataFrame:
    """`e1="GZ01 R"`: decisions of three enterprises."""
    rows = []
    for enterprise in (1, 2, 3):
        given = tiers(said.get(f"e{enterprise}", ""))
        first, second = GRADING.pack(given)
        graded = GRADING.grade(given)
        rows.append((enterprise, month, first, second, graded.score, graded.grade))
    names = ["enterprise", "month", "tiers_a", "tiers_b", "score", "raw_grade"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64) | {"month": pl.Int32}, orient="row")


MONTHS = [
    Pair(decisions(202601), decisions(202601, e3="SB01 Y")),
    Pair(decisions(202602, e1="SB01 O"), decisions(202602, e1="SB01 R, ZZ02 B", e2="GZ01 O", e3="SB01 O")),
    Pair(decisions(202603, e1="SB01 O"), decisions(202603, e1="SB01 R, ZZ02 B", e2="GZ01 R", e3="SB01 O")),
]


def compared() -> list[Compared]:
    before = [None, *MONTHS]
    return [compare(month, before[n], SUBJECTS, GRADING, GRADING) for n, month in enumerate(MONTHS)]


def tally() -> Tally:
    made = Tally()
    for number, found in enumerate(compared()):
        made.add(202601 + number, found, "aa", (f"{number}.parquet", "bb"))
    return made


def test_every_moved_enterprise_month_has_its_reasons() -> None:
    matrix = tally().matrix
    assert sum(map(sum, matrix)) == 9
    assert (matrix[2][4], matrix[0][4], matrix[0][2], matrix[0][1]) == (2, 1, 3, 1)
    moved = pl.concat([found.moved for found in compared()])
    reasons = {(row["enterprise"], row["month"]): row["reasons"] for row in moved.to_dicts()}
    assert reasons[1, 202602] == "SB01:3>4 ZZ02:0>1"
    assert reasons[3, 202601] == "SB01:0>2"


def test_a_visit_is_due_when_yellow_is_reached_or_left_upwards() -> None:
    visits = [tuple(row.values()) for found in compared() for row in found.visits]
    assert visits == [("a", 202602, 1, 2), ("b", 202602, 0, 1), ("a", 202603, 0, 1)]


def test_streets_above_the_capacity_are_named() -> None:
    made = tally()
    assert made.result(1)["over"] == [{"town": "a", "month": 202602, "live": 1, "candidate": 2}]
    assert made.result(2)["over"] == []
    assert made.result(2)["more_visits"] == 3
    assert made.result(2)["moved"] == made.moved == 7


def test_a_tally_is_kept_as_json_and_goes_on_from_it() -> None:
    half = Tally()
    first, *rest = compared()
    half.add(202601, first, "aa", ("0.parquet", "bb"))
    again = Tally(**json.loads(json.dumps(vars(half))))
    for number, found in enumerate(rest, 1):
        again.add(202601 + number, found, "aa", (f"{number}.parquet", "bb"))
    assert vars(again) == vars(tally())


def test_differences_are_cut_by_what_is_asked_for() -> None:
    moved = pl.concat([found.moved for found in compared()])

    def firms(**chosen: Any) -> list[tuple[int, int]]:
        return list(cut(moved, **chosen).select("enterprise", "month").iter_rows())

    assert firms(town="b") == [(3, 202601), (3, 202602), (3, 202603)]
    assert firms(month=202601) == [(3, 202601)]
    assert firms(point="ZZ02") == [(1, 202602), (1, 202603)]
    assert firms(direction="down") == []
    assert len(firms(direction="up")) == moved.height
    assert firms(enterprise=2) == [(2, 202602), (2, 202603)]


def test_months_in_a_row() -> None:
    assert months_between(202511, 202602) == [202511, 202512, 202601, 202602]
    for first, last in ((202602, 202601), (202600, 202601), (202501, 202513), (201001, 202601)):
        with pytest.raises(DomainError, match=r"risk\.period_malformed"):
            months_between(first, last)


def test_days_of_past_months() -> None:
    assert [default_as_of(month).isoformat() for month in (202601, 202612)] == ["2026-02-05", "2027-01-05"]
    assert due_month(default_as_of(202612)) == 202612
