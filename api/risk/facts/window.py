"""One month's view of the accepted rows: which month is the newest, what is inside a window, what an absence means.

The rules, for every fact alike:

* A dataset that is not fresh as of the day gives null, whatever rows it holds: unknown, never zero.
* A month dataset is read at its *reference month*: the newest covered one, not after the month that is asked for.
* An enterprise without a row in an exhaustive dataset is zero or has ended. One missing month after a reported one is
  *unknown*: such a gap is more often a rejected row than an end (ADR 0085).
* Days are counted to the end of what the data can know, min(as of, covered end); events after `as_of` do not exist.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from api.kernel.clock import SHANGHAI
from api.risk.facts.datasets import DATASETS
from api.risk.facts.parameters import FactParameters
from api.risk.facts.ports import AcceptedRows

Columns = dict[str, pl.Expr]
COMPARED = ("tax_month", "si_month")  # read at one month when they are compared with each other


def month_index(month: int) -> int:
    """Months since year 0 of a YYYYMM; ValueError when there is no such month."""
    if not 1 <= month % 100 <= 12:
        raise ValueError(f"not a month: {month}")
    return month // 100 * 12 + month % 100 - 1


def month_of(index: int) -> int:
    """The YYYYMM of a month index."""
    return index // 12 * 100 + index % 12 + 1


def back(day: date, months: int) -> date:
    """The day so many calendar months before, moved to the month's last day where there is none."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Part:
    """Columns of one or more datasets, one row per enterprise that has rows.

    `frame` None: a dataset is stale, every column is null. `absent`: the value of enterprises without a row; None =
    unknown (partial datasets).
    """

    datasets: tuple[str, ...]
    columns: tuple[str, ...]
    frame: pl.LazyFrame | None
    absent: int | None = 0


class Window:
    """The rows of one month as of a day.

    `enterprises` None reads the whole district. `probable` None leaves out rows whose link is merely probable; else it
    names the datasets that hold such rows, where a certain row of the same month goes first.
    """

    def __init__(
        self,
        rows: AcceptedRows,
        month: int,
        as_of: date,
        parameters: FactParameters,
        *,
        enterprises: Sequence[int] | None = None,
        probable: frozenset[str] | None = None,
    ) -> None:
        self.month = month
        self.as_of = as_of
        self.parameters = parameters
        self._rows = rows
        self._enterprises = enterprises
        self._probable = probable
        self._plans: dict[str, pl.LazyFrame] = {}
        self._covered = {code: rows.covered(code, parameters.known_at) for code in DATASETS}
        self._fresh = {
            code: end is not None and rows.fresh(code, as_of, parameters.known_at)
            for code, end in self._covered.items()
        }

    def fresh(self, *datasets: str) -> bool:
        """Whether every one of them is fresh as of the day."""
        return all(self._fresh[dataset] for dataset in datasets)

    def end(self, *datasets: str) -> date:
        """The last day that these fresh datasets can know of, not after the day that is asked for."""
        ends = [end for dataset in datasets if (end := self._covered[dataset]) is not None]
        return min([self.as_of, *ends])

    def reference(self, *datasets: str) -> int:
        """The newest month (index) that all of these fresh datasets cover completely, at most the month asked for."""
        newest = [month_index(self.month)]
        for dataset in datasets:
            end = self._covered[dataset]
            if end is not None:
                after = end + timedelta(days=1)
                newest.append(after.year * 12 + after.month - 2)
        return min(newest)

    def months(
        self, dataset: str, columns: Iterable[str], last: int, count: int, *, single: bool = True
    ) -> pl.LazyFrame:
        """`enterprise, k, columns…` of the `count` months up to month index `last`; k = 0 is `last`, 1 the month before.

        `single`: one row per enterprise and month is the rule of the dataset; where a probable link makes two, the certain
        row stays, and of two probable ones the larger value of each column.
        """
        names = list(columns)
        # By the column itself, so that the statistics of a segment tell whether it must be read at all.
        inside = pl.col("month").is_between(month_of(last - count + 1), month_of(last))
        frame = self._scan(dataset).filter(inside)
        k = (last - (pl.col("month") // 100 * 12 + pl.col("month") % 100 - 1)).cast(pl.Int64).alias("k")
        if dataset not in (self._probable or ()) or not single:
            return frame.select("enterprise", k, *names)
        picked = frame.select("enterprise", k, *names, pl.col("_probable").fill_null(value=False))
        certain = pl.col("_probable") == pl.col("_probable").min().over("enterprise", "k")
        return picked.filter(certain).group_by("enterprise", "k").agg(pl.col(names).max())

    def events(self, dataset: str, columns: Iterable[str]) -> pl.LazyFrame:
        """`enterprise, columns…` of an event dataset, dated by its own column not after the day asked for."""
        return (
            self._scan(dataset)
            .filter(pl.col(DATASETS[dataset].dated) <= self.as_of)
            .select("enterprise", *columns)
        )

    def newest(self, dataset: str, columns: Iterable[str]) -> pl.LazyFrame:
        """`enterprise, columns…`: the newest row of each enterprise in a snapshot dataset that was known on the day asked for;
        of an enterprise that only later deliveries know, the newest of those."""
        frame = self._scan(dataset)
        order = [pl.col("_known"), pl.col("_batch"), pl.col("_row")]
        if dataset in (self._probable or ()):
            order.insert(0, pl.col("_probable").not_())
        return frame.sort(order).unique("enterprise", keep="last").select("enterprise", *columns)

    def since(self, dated: str, *, months: int = 0, days: int = 0) -> pl.Expr:
        """Inside the rolling window that ends on the day asked for (the day included)."""
        start = back(self.as_of, months) - timedelta(days=days)
        return (pl.col(dated) > start) & (pl.col(dated) <= self.as_of)

    def open_until(self, ended: str) -> pl.Expr:
        """Not ended by the day asked for."""
        return pl.col(ended).is_null() | (pl.col(ended) > self.as_of)

    def latest(self, dataset: str, columns: Columns, *, last: int | None = None, carry: bool = False) -> Part:
        """The reference month's values of a month dataset.

        `columns` are expressions over its rows. Exhaustive: absent is 0, but a single missing month is null, or with
        `carry` the month before. Partial: absent is null.
        """
        names = tuple(columns)
        if not self.fresh(dataset):
            return Part((dataset,), names, None)
        index = self.reference(dataset) if last is None else last
        needed = sorted({name for expression in columns.values() for name in expression.meta.root_names()})
        values = [value.cast(pl.Int64).alias(name) for name, value in columns.items()]
        k = pl.col("k")
        if DATASETS[dataset].kind == "partial":
            rows = self.months(dataset, needed, index, 1).select("enterprise", *values)
            return Part((dataset,), names, rows, None)
        rows = self.months(dataset, needed, index, 2).select("enterprise", "k", *values)
        here = (k == 0).any()

        def shown(name: str) -> pl.Expr:
            now = pl.when(k == 0).then(pl.col(name)).max()
            before = pl.when(k == 1).then(pl.col(name)).max() if carry else None
            return pl.when(here).then(now).otherwise(before).alias(name)

        return Part((dataset,), names, rows.group_by("enterprise").agg([shown(name) for name in names]))

    def probable(self, dataset: str) -> pl.LazyFrame | None:
        """`enterprise` of the rows with a merely probable link; None where the dataset does not say."""
        frame = self._plan(dataset)
        if "_probable" not in frame.collect_schema():
            return None
        return frame.filter(pl.col("_probable")).select(pl.col("enterprise").unique())

    def _scan(self, dataset: str) -> pl.LazyFrame:
        frame = self._plan(dataset)
        if self._probable is None and "_probable" in frame.collect_schema():
            return frame.filter(pl.col("_probable").fill_null(value=False).not_())
        return frame

    def _plan(self, dataset: str) -> pl.LazyFrame:
        """One plan for each dataset, so that one collection reads it once."""
        if dataset not in self._plans:
            self._plans[dataset] = self._read(dataset)
        return self._plans[dataset]

    def _read(self, dataset: str) -> pl.LazyFrame:
        span = DATASETS[dataset].months
        if DATASETS[dataset].grain == "snapshot":
            return self._snapshot(dataset)
        oldest = self.reference(*[code for code in COMPARED if dataset in COMPARED], dataset) - span + 1
        return self._rows.scan(
            dataset,
            first_month=month_of(oldest) if span else None,
            last_month=month_of(self.reference(dataset)) if span else None,
            known_at=self.parameters.known_at,
            enterprises=self._enterprises,
        )

    def _snapshot(self, dataset: str) -> pl.LazyFrame:
        """A backtest asks for past days with what is known now; a register's later state has not happened then."""
        known = self.parameters.known_at
        rows = self._rows.scan(dataset, known_at=known, enterprises=self._enterprises)
        midnight = datetime.combine(self.as_of + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)
        if known is not None and known <= midnight:
            return rows
        then = self._rows.scan(dataset, known_at=midnight, enterprises=self._enterprises)
        later = rows.join(then.select("enterprise"), on="enterprise", how="anti")
        return pl.concat([then, later.select(then.collect_schema().names())])


def flag(column: str) -> pl.Expr:
    """A Boolean column as 0/1; null stays null."""
    return pl.col(column).cast(pl.Int64)


def median(values: pl.Expr) -> pl.Expr:
    """The median of a list of whole numbers: of an even count floor((a + b) / 2) of the two in the middle; nulls do not
    count, of none it is null."""
    ordered = values.list.drop_nulls().list.sort()
    count = ordered.list.len().cast(pl.Int64)
    middle = [ordered.list.get(at, null_on_oob=True) for at in ((count - 1) // 2, count // 2)]
    return (middle[0] + middle[1]) // 2


_SIX = (
    ((0, 5), (1, 3), (2, 4)),
    ((1, 2), (3, 4)),
    ((0, 3), (2, 5)),
    ((0, 1), (2, 3), (4, 5)),
    ((1, 2), (3, 4)),
)


def sorted_in_place(frame: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """Six columns without nulls, each row's values in rising order: a sorting network, many times faster than lists."""
    for stage in _SIX:
        frame = frame.with_columns(
            [pl.min_horizontal(columns[a], columns[b]).alias(columns[a]) for a, b in stage]
            + [pl.max_horizontal(columns[a], columns[b]).alias(columns[b]) for a, b in stage]
        )
    return frame
