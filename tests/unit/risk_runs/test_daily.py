"""Rates keep the month's tier in a daily run; events and what is unknown today do not."""

from __future__ import annotations

import json

import polars as pl
import pytest

from api.bootstrap.risk_rules import RulesScorer, rates
from api.risk.runs.daily import hold_rates
from api.risk.spec.delivered import delivered, delivered_document
from api.risk.spec.document import canonical_bytes
from tests.support.risk_story import GRADING, tiers

RATES = ("QY01", "LY01")  # one in each packed word


def frame(*texts: str, first: int = 1) -> pl.DataFrame:
    rows = []
    for number, text in enumerate(texts, first):
        given = tiers(text)
        rows.append((number, 202610, *GRADING.pack(given)))
    types = {"enterprise": pl.Int64, "month": pl.Int32, "tiers_a": pl.Int64, "tiers_b": pl.Int64}
    return pl.DataFrame(rows, schema=types, orient="row")


@pytest.mark.parametrize(
    ("today", "month", "held"),
    [
        ("QY01 O", "QY01 B", "QY01 B"),
        ("QY01 B", "QY01 O", "QY01 O"),
        ("LY01 R, GZ01 R", "LY01 Y, GZ01 B", "LY01 Y, GZ01 R"),
        ("QY01 ?", "QY01 O", "QY01 ?"),
        ("QY01 O", "QY01 ?", "QY01 O"),
        ("QY01 -", "QY01 O", "QY01 -"),
        ("ZZ02 O, QY01 Y", "", "ZZ02 O"),
    ],
)
def test_what_is_held(today: str, month: str, held: str) -> None:
    found = hold_rates(frame(today), frame(month), GRADING.points, RATES)
    assert found.equals(frame(held))


def test_an_enterprise_that_the_month_did_not_have_keeps_today() -> None:
    found = hold_rates(frame("QY01 O", "QY01 O"), frame("QY01 B"), GRADING.points, RATES)
    assert found.equals(frame("QY01 B", "QY01 O"))


def test_rates_of_the_delivered_rules() -> None:
    found = rates(delivered())
    assert {"QY01", "LY01", "SB02", "ZZ01"} <= found  # ZZ01 reads QY01's tier
    assert (
        not {"GZ01", "GZ04", "QY02", "AQ01", "AQ03", "JY03"} & found
    )  # AQ03: three cases are red at any rate


def test_grades_follow_the_held_tiers() -> None:

    document = json.loads(canonical_bytes(delivered_document()))
    zero = [pl.lit(0, pl.Int64).alias(n) for n in ("missing", "score", "coverage_bp", "raw_grade", "size")]
    decisions = frame("GZ01 R", "QY01 Y", "").with_columns(zero)
    again = RulesScorer().regraded(document, decisions)
    assert again.select("score", "raw_grade").rows() == [(1400, 4), (200, 1), (0, 0)]
    assert again.columns == decisions.columns
