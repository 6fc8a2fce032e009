"""Runs a frame of facts through all three executors."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import polars as pl

from api.risk.scoring import duckdb_executor, polars_executor, python_executor
from api.risk.scoring.decision import OUTPUT, Decision
from api.risk.spec.model import RuleSet


def by_polars(ruleset: RuleSet, facts: pl.DataFrame) -> pl.DataFrame:
    return polars_executor.compile(ruleset)(facts.lazy()).collect()


def by_duckdb(ruleset: RuleSet, facts: pl.DataFrame) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        source, target = Path(name) / "facts.parquet", Path(name) / "decisions.parquet"
        facts.write_parquet(source)
        connection.execute("SET threads TO 2")
        connection.execute(f"CREATE VIEW facts AS SELECT * FROM read_parquet('{source}')")
        connection.execute(f"COPY ({duckdb_executor.sql(ruleset, 'facts')}) TO '{target}' (FORMAT parquet)")
        return pl.read_parquet(target)


def by_python(ruleset: RuleSet, facts: pl.DataFrame) -> pl.DataFrame:
    decide = python_executor.compile(ruleset)
    decisions = [decide(row) for row in facts.select(ruleset.facts).iter_rows(named=True)]
    made = pl.DataFrame(decisions, schema=dict.fromkeys(OUTPUT, pl.Int64), orient="row")
    return facts.select("enterprise", "month").hstack(made)


def one(ruleset: RuleSet, facts: dict[str, int | None]) -> Decision:
    """The decision on one enterprise, after all three executors have said the same."""
    schema = {"enterprise": pl.Int64, "month": pl.Int32, **dict.fromkeys(ruleset.facts, pl.Int64)}
    frame = pl.DataFrame([{"enterprise": 1, "month": 202_610, **facts}], schema=schema)
    made = [by(ruleset, frame) for by in (by_python, by_polars, by_duckdb)]
    rows = [tuple(frame.select(OUTPUT).row(0)) for frame in made]
    assert rows[0] == rows[1] == rows[2]
    return Decision(*rows[0])
