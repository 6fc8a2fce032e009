"""Rows to facts to a file to decisions: all three executors say the same of facts that were computed, not made up."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from api.risk.facts import compute_facts, write_month
from api.risk.facts.datasets import DATASETS
from api.risk.scoring import polars_executor, python_executor
from api.risk.scoring.decision import OUTPUT
from api.risk.scoring.digest import digest
from api.risk.spec.delivered import delivered
from tests.unit.risk_facts.accepted import COLUMNS, DAY, PARAMETERS, District, subjects
from tests.unit.risk_scoring.agreement import by_duckdb

FIRMS = 400
WORDS: dict[str, list[Any]] = {
    "kind": [
        "injury",
        "street",
        "wages",
        "fled",
        "labour",
        "hazard",
        "shut",
        "abnormal",
        "grade_c",
        "debt",
        "missing",
    ],
    "state": ["late", "corrected", "police"],
    "status": ["open", "open", "open", "revoked"],
    "grade": ["A", "B", "B", "D"],
    "claim": ["wages", "overtime"],
    "unpaid_period": [202606, 202607],
}


def _value(chance: random.Random, name: str, kind: Any) -> Any:
    if kind == pl.Boolean:
        return chance.random() < 0.1
    if kind == pl.Date:
        return DAY - timedelta(days=chance.randrange(-20, 500)) if chance.random() < 0.8 else None
    if kind == pl.Int64:
        return int(chance.paretovariate(1.0)) % 5000 if chance.random() < 0.97 else None
    return chance.choice(WORDS.get(name, ["a", "b", "c"]))


def _district() -> District:
    chance = random.Random(6)
    district = District()
    for dataset, meta in DATASETS.items():
        for enterprise in range(1, FIRMS + 1):
            if meta.grain == "event" and chance.random() < 0.7:
                continue
            months = (202608, 202609, 202610) if meta.grain == "month" else (None,)
            for month in months:
                values = {name: _value(chance, name, kind) for name, kind in COLUMNS[dataset].items()}
                if dataset == "bank_payroll" and chance.random() < 0.9:
                    values |= {"due_amount": 9_000, "paid_amount": 9_000, "due_on": date(2026, 8, 15)}
                district.add(
                    dataset,
                    enterprise=enterprise,
                    probable=chance.random() < 0.02,
                    **values,
                    **({} if month is None else {"month": month}),
                )
    return district


def test_all_three_executors_agree_on_computed_facts(tmp_path: Path) -> None:
    frame = compute_facts(_district(), subjects(*range(1, FIRMS + 1)), 202610, DAY, PARAMETERS)
    file = write_month(frame, tmp_path)
    decided = polars_executor.compile(delivered())(pl.scan_parquet(file.path)).collect().sort("enterprise")
    oracle = python_executor.compile(delivered())
    expected = [tuple(oracle(row)) for row in frame.sort("enterprise").to_dicts()]
    assert decided.select(OUTPUT).rows() == expected
    assert digest(by_duckdb(delivered(), frame)) == digest(decided)
    assert len({row[5] for row in expected}) >= 4  # grades of all kinds, or the test says little
