"""Facts of a month as a Parquet file, and what has to be computed again when rows change.

A file counts only when a row of the database names it with its digest: it is written to a temporary name, synced and renamed
before that row is committed, so that a killed run leaves an orphan and never half a file.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from api.risk.facts.datasets import DATASETS
from api.risk.facts.lexicon import dictionary
from api.risk.facts.window import month_index

LATE_MONTHS = 3
"""So many months may a month dataset lie behind the month that reads it and still be fresh."""


GROUP_ROWS = 4_096
"""Rows of a group: one enterprise is read without its district."""


@dataclass(frozen=True)
class FactFile:
    """A written file: path, SHA-256 (hex), number of enterprises."""

    path: Path
    sha256: str
    enterprises: int


def write_month(frame: pl.DataFrame, folder: Path) -> FactFile:
    """Write the facts of one month, whole or not at all. The name carries the digest: the same facts are the same file."""
    months = frame["month"].unique().to_list()
    if len(months) != 1:
        raise ValueError("facts of exactly one month belong into a file")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid.uuid4().hex}.part"
    try:
        frame.sort("enterprise").write_parquet(
            temporary, compression="zstd", statistics=True, row_group_size=GROUP_ROWS
        )
        digest = _synced_digest(temporary)
        path = folder / f"{months[0]}-{digest[:16]}.parquet"
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(folder)
    return FactFile(path, digest, frame.height)


def merge_month(whole: pl.DataFrame, again: pl.DataFrame) -> pl.DataFrame:
    """The month's facts with some enterprises' rows computed again; new enterprises are added. Sorted by enterprise."""
    kept = whole.join(again, on="enterprise", how="anti")
    return pl.concat([kept, again]).sort("enterprise")


def affected_months(
    dataset: str, pairs: Iterable[tuple[int, int]], months: Iterable[int]
) -> dict[int, list[int]]:
    """Which enterprises have to be computed again in which of the given months, after their rows of `pairs` (enterprise,
    YYYYMM) changed.

    A row reaches from its own month as far as the longest window that reads it; a row of a status that lasts until it is
    ended reaches to the newest month. A register's row reaches every month: days before the first row of an enterprise
    read that one. KeyError for an unknown dataset.
    """
    reach = _reach(dataset)
    if DATASETS[dataset].grain == "snapshot":
        everyone = sorted({enterprise for enterprise, _ in pairs})
        return dict.fromkeys(sorted(set(months)), everyone) if everyone else {}
    found: dict[int, set[int]] = {}
    chosen = sorted((month_index(month), month) for month in set(months))
    for enterprise, changed in pairs:
        start = month_index(changed)
        for index, month in chosen:
            if index >= start and (reach is None or index <= start + reach):
                found.setdefault(month, set()).add(enterprise)
    return {month: sorted(found[month]) for month in sorted(found)}


def _reach(dataset: str) -> int | None:
    kind = DATASETS[dataset]
    if kind.grain == "month":
        return kind.months - 1 + LATE_MONTHS
    windows = [fact.window for fact in dictionary().values() if dataset in fact.datasets]
    if kind.grain == "snapshot" or not windows or "open" in windows:
        return None
    spans = [window.partition(":") for window in windows]
    # The day that a run speaks for lies in its month or after it, so n months reach no further than the n-th month.
    return max(int(size) if unit == "months" else -(-int(size) // 28) for unit, _, size in spans)


def _synced_digest(path: Path) -> str:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
