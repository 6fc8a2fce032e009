"""Accepted rows as they would be without some of them: what a light rests on once the rows that were dealt with are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import polars as pl

from api.risk.facts.ports import AcceptedRows


class Without:
    """`AcceptedRows` of variants: each is an enterprise under a number of its own, without the rows that are left out of it.

    of: enterprise by variant. left: (variant, dataset, key). All variants are read in one scan of each dataset.
    """

    def __init__(
        self, rows: AcceptedRows, of: Mapping[int, int], left: Iterable[tuple[int, str, str]]
    ) -> None:
        self._rows, self._enterprises = rows, sorted(set(of.values()))
        numbers = {"_variant": pl.Int64, "enterprise": pl.Int64}
        self._of = pl.LazyFrame(list(of.items()), schema=numbers, orient="row")
        names = {"enterprise": pl.Int64, "_dataset": pl.String, "_key": pl.String}
        self._left = pl.DataFrame(list(left), schema=names, orient="row")

    def scan(
        self,
        dataset: str,
        *,
        first_month: int | None = None,
        last_month: int | None = None,
        known_at: datetime | None = None,
        enterprises: Sequence[int] | None = None,
    ) -> pl.LazyFrame:
        """As the port says, for all variants."""
        frame = self._rows.scan(
            dataset,
            first_month=first_month,
            last_month=last_month,
            known_at=known_at,
            enterprises=self._enterprises,
        )
        names = frame.collect_schema().names()
        varied = frame.join(self._of, on="enterprise").with_columns(pl.col("_variant").alias("enterprise"))
        gone = self._left.filter(pl.col("_dataset") == dataset)
        if gone.height:
            varied = varied.join(gone.lazy(), on=["enterprise", "_key"], how="anti")
        return varied.select(names)

    def covered(self, dataset: str, known_at: datetime | None = None) -> date | None:
        """A row that is left out was delivered all the same."""
        return self._rows.covered(dataset, known_at)

    def fresh(self, dataset: str, as_of: date, known_at: datetime | None = None) -> bool:
        """A row that is left out was delivered all the same."""
        return self._rows.fresh(dataset, as_of, known_at)

    def snapshot(self, datasets: Sequence[str], known_at: datetime | None = None) -> bytes:
        """Of the whole rows: variants are never a run's input."""
        return self._rows.snapshot(datasets, known_at)
