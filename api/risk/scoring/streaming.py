"""Scores any number of rows from Parquet files into Parquet files, in bounded memory, file by file; a killed run goes on.

What decides the memory is how many row groups of all columns a reader holds at once, not how many rows there are. Left to itself
the reader fetches several groups ahead. Here the rows are taken in slices that end where a row group ends, one after the
other: no group is decoded twice, and never more than one slice is on the way. Each result is written beside its place, synced
and renamed: a file that is there is whole, and what is there already is left.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

from api.risk.scoring import polars_executor
from api.risk.spec.model import RuleSet

SLICE_ROWS = 100_000
"""A slice takes whole row groups until it has so many rows."""
FILE_ROWS = 1_000_000
"""Rows of a file of decisions: 72 MB while it is made."""


def row_groups(path: Path) -> list[int]:
    """Rows of each row group of a Parquet file, in order."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(?) ORDER BY row_group_id",
            [str(path)],
        ).fetchall()
    return [int(rows) for _, rows in found]


def slices(groups: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Offset and length of slices that hold whole row groups, each at least one and no more rows than `most` beyond that."""
    start = length = 0
    for rows in groups:
        if length and length + rows > most:
            yield start, length
            start, length = start + length, 0
        length += rows
    if length:
        yield start, length


def score_files(
    ruleset: RuleSet, sources: Sequence[Path], folder: Path, told: Callable[[Path], None] = lambda _path: None
) -> list[Path]:
    """Decisions of every source in files `<source>-<first row>.parquet` of `folder`, about FILE_ROWS each, rows in order.

    `told` hears of each file that was made. What is there already is passed over: after a kill the same call goes on.
    Raises RuleSetError for a source that lacks a column or has facts of another type, ValueError for two of one name.
    """
    if len({source.stem for source in sources}) != len(sources):
        raise ValueError("two sources have one name")
    folder.mkdir(parents=True, exist_ok=True)
    score = polars_executor.compile(ruleset)
    made = []
    for source in sources:
        facts = pl.scan_parquet(source)
        score(facts)  # refuses what is no file of facts before anything is written
        groups = row_groups(source)
        for first, length in slices(groups, FILE_ROWS):
            target = folder / f"{source.stem}-{first:012d}.parquet"
            made.append(target)
            if target.exists():
                continue
            inside = [rows for at, rows in _starts(groups) if first <= at < first + length]
            parts = [
                score(facts.slice(first + offset, size)).collect(engine="streaming")
                for offset, size in slices(inside, SLICE_ROWS)
            ]
            _write(pl.concat(parts), target)
            told(target)
    return made


def _starts(groups: Sequence[int]) -> Iterator[tuple[int, int]]:
    at = 0
    for rows in groups:
        yield at, rows
        at += rows


def _write(frame: pl.DataFrame, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as file:
        frame.write_parquet(file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
