"""From a raw frame to what would be accepted: rules, enterprise, doubles, and what is known of each key already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from api.exchange.model import ERROR, WARN, Dataset, Grain, Mode, Stage
from api.exchange.ports import Matcher
from api.exchange.rules import validation
from api.exchange.rules.headers import REFERENCE
from api.exchange.rules.validation import ROW
from api.exchange.service.accepted import MARKS, schema_of
from api.exchange.service.readers import RawFile

STEP = 250_000
"""Rows that are validated at once: a large file says how far it is, and needs the room of one step beside its own."""
Tell = Callable[[Stage, int, int], None]
"""Is told the stage, and in it the rows done of all rows (0, 0: the stage has no figure)."""


def untold(_stage: Stage, _done: int, _of: int) -> None:
    """Nobody asks how far it is."""


@dataclass(frozen=True)
class Checked:
    """`fresh`: new and superseding rows; `ended`: versions whose key the file ends; both typed, keyed and matched.

    `findings`: all of them; `rejected`: raw cells of rejected rows with `_key` (as written) and `_row`; `pairs`: distinct
    enterprise and month that may look different once this counts; `right`: key columns of all rows that are right.
    """

    fresh: pl.DataFrame
    ended: pl.DataFrame
    findings: pl.DataFrame
    rejected: pl.DataFrame
    pairs: pl.DataFrame
    right: pl.DataFrame
    references: pl.Series
    period: tuple[date | None, date | None]
    months: tuple[int | None, int | None]
    doubts: pl.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)
    version: int | None = None

    @property
    def summary(self) -> list[dict[str, Any]]:
        """Findings counted by column, rule, value class and severity."""
        names = ["severity", "column", "rule", "value_class"]
        return self.findings.group_by(names).len("rows").sort(names).to_dicts()


@dataclass(frozen=True)
class Prepared:
    """The part of checking that asks nothing of what was accepted before."""

    rows: pl.DataFrame
    rejected: pl.DataFrame
    findings: pl.DataFrame
    doubts: pl.DataFrame


def prepare(dataset: Dataset, raw: RawFile, as_of: date, matcher: Matcher, tell: Tell = untold) -> Prepared:
    """Rules, matching and doubles inside the file. `rows` have `enterprise`, `_method`, `_probable` and `_key`."""
    checked = _validated(dataset, raw.frame, as_of, tell)
    tell(Stage.MATCHING, 0, 0)
    keyed, doubts = _matched(dataset, checked.valid, matcher)
    once, contradicting, doubles = validation.without_doubles(dataset, keyed)
    rejected = pl.concat([checked.rejected, contradicting.select(checked.rejected.columns)])
    return Prepared(once, rejected, pl.concat([checked.findings, doubles]), doubts)


def _validated(dataset: Dataset, frame: pl.DataFrame, as_of: date, tell: Tell) -> validation.Validated:
    """`validation.validate` in steps: what a row is worth depends on no other row."""
    parts = []
    for start in range(0, max(frame.height, 1), STEP):
        tell(Stage.VALIDATING, start, frame.height)
        parts.append(validation.validate(dataset, frame.slice(start, STEP), as_of))
    if len(parts) == 1:
        return parts[0]
    tell(Stage.VALIDATING, frame.height, frame.height)
    return validation.Validated(
        pl.concat([part.valid for part in parts]),
        pl.concat([part.findings for part in parts]),
        pl.concat([part.rejected for part in parts]),
    )


def _matched(dataset: Dataset, rows: pl.DataFrame, matcher: Matcher) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their enterprise and key, and the matcher's doubts."""
    address = pl.col("address") if "address" in dataset.names else pl.lit(None, pl.String).alias("address")
    found, doubts = matcher.match(rows.select("uscc", "name", address))
    linked = rows.with_columns(
        found["enterprise"].cast(pl.Int64),
        found["method"].alias("_method"),
        found["probable"].alias("_probable"),
    )
    return validation.with_keys(dataset, linked), doubts


def compare(
    dataset: Dataset,
    raw: RawFile,
    prepared: Prepared,
    known: pl.DataFrame,
    mode: Mode,
    stated: tuple[date | None, date | None],
    today: date,
    older: pl.DataFrame | None = None,
) -> Checked:
    """Against `known`, the newest accepted versions (all columns of a segment) of the file's months.

    `older`: versions that were superseded. A row that only repeats one of them is an old file sent again: it changes nothing.
    """
    months = _months(dataset, prepared.rows)
    period = _period(dataset, prepared.rows, stated, today)
    if mode is Mode.CORRECTION:
        known, early = _under_their_enterprise(dataset, prepared.rows, known)
    rows, seen = _with_versions(dataset, prepared.rows, known, older, raw.version)
    findings, rejected = prepared.findings, prepared.rejected
    if mode is Mode.CORRECTION:
        strange = rows.filter(pl.col("_change") == "new")
        findings = pl.concat(
            [findings, validation.findings_of(strange[ROW], dataset.key[0], "key_unknown", "key", ERROR)]
        )
        rejected = pl.concat([rejected, strange.select(rejected.columns)])
        rows = rows.filter(pl.col("_change") != "new")
    written = rejected.select(ROW, validation.plain_key(dataset).alias("_key"))
    fresh = rows if known.is_empty() and older is None else rows.filter(pl.col("_change") != "same")
    ended = known.clear()
    if mode is Mode.SNAPSHOT:
        ended = _ended(dataset, rows, written, known, period)
    if mode is Mode.CORRECTION:
        ended = early.join(fresh.select(pl.col("_key").alias("_now")), on="_now", how="semi").drop("_now")
    changed = seen.height
    references = _references(raw, rows)
    return Checked(
        fresh=fresh.drop("_change"),
        ended=ended,
        findings=findings.sort("row", maintain_order=True),
        rejected=_raw_cells(raw, written),
        pairs=_pairs(dataset, fresh, seen, ended, period[1] or today),
        right=rows.select(dataset.key),
        references=references,
        period=period,
        months=_widest(months, _months(dataset, ended)),
        doubts=prepared.doubts,
        counts={
            "rows": raw.rows,
            "new": fresh.height - changed,
            "changed": changed,
            "same": rows.height - fresh.height,
            "ended": ended.height if mode is Mode.SNAPSHOT else 0,
            "quarantined": written.height,
            "warned": findings.filter(pl.col("severity") == WARN)["row"].n_unique(),
            "unmatched": rows["enterprise"].null_count(),
        },
        version=raw.version,
    )


def rematched(dataset: Dataset, known: pl.DataFrame, origins: Sequence[str], matcher: Matcher) -> Checked:
    """Rows that count in `known`, came with one of the batches `origins` of a file, and have another enterprise now.

    Their old key ends; the new one is made unless something else counts under it already, or two rows of the file would
    contradict each other there: those stay as they are.
    """
    mine = known.filter(pl.col("_batch").is_in(pl.Series(list(origins), dtype=pl.String).implode()))
    keyed, doubts = _matched(dataset, mine.select(ROW, *dataset.names), matcher)
    rows, _, _ = validation.without_doubles(dataset, keyed)
    was = mine.select(
        ROW,
        pl.col("_key").alias("_old_key"),
        pl.col("enterprise").alias("_old_enterprise"),
        pl.col("_probable").alias("_old_probable"),
    )
    moved = rows.join(was, on=ROW, how="inner").filter(
        pl.col("enterprise").ne_missing(pl.col("_old_enterprise"))
        | pl.col("_probable").ne_missing(pl.col("_old_probable"))
    )
    left = moved.filter(pl.col("_key") != pl.col("_old_key"))
    ended = mine.join(left.select(ROW), on=ROW, how="semi")
    others = known.join(moved.select(pl.col("_old_key").alias("_key")), on="_key", how="anti")
    fresh = moved.join(others.select("_key"), on="_key", how="anti").select(rows.columns)
    return Checked(
        fresh=fresh,
        ended=ended,
        findings=validation.no_findings(),
        rejected=rows.clear(),
        pairs=_pairs(
            dataset, fresh, mine.join(moved.select(ROW), on=ROW, how="semi"), ended, _last_day(mine)
        ),
        right=fresh.select(dataset.key),
        references=pl.Series(REFERENCE, [], dtype=pl.Int64),
        period=(None, None),
        months=_widest(_months(dataset, fresh), _months(dataset, ended)),
        doubts=doubts,
        counts={
            "rows": moved.height,
            "changed": fresh.height,
            "ended": ended.height,
            "unmatched": fresh["enterprise"].null_count(),
        },
    )


def _last_day(rows: pl.DataFrame) -> date:
    last = rows["_known"].max()
    return last.date() if isinstance(last, datetime) else date.min


def _with_versions(
    dataset: Dataset, rows: pl.DataFrame, known: pl.DataFrame, older: pl.DataFrame | None, version: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`_change` (new, same, changed) a row, and the known versions that would be superseded.

    What a file of an older version of the schema can't say it leaves as it is known.
    """
    if known.is_empty() and older is None:
        return rows.with_columns(_change=pl.lit("new")), known
    content = validation.content_columns(dataset)
    old = known.select("_key", *(pl.col(name).alias(f"_was_{name}") for name in content), _there=True)
    joined = rows.join(old, on="_key", how="left", maintain_order="left")
    later = [column.name for column in dataset.columns if column.since > version]
    if later:
        joined = joined.with_columns(pl.coalesce(name, f"_was_{name}").alias(name) for name in later)
    equal = pl.all_horizontal([pl.col(name).eq_missing(pl.col(f"_was_{name}")) for name in content])
    change = (
        pl.when(pl.col("_there").is_null())
        .then(pl.lit("new"))
        .when(equal)
        .then(pl.lit("same"))
        .otherwise(pl.lit("changed"))
    )
    marked = joined.with_columns(_change=change).select(*rows.columns, "_change")
    if older is not None:
        places = ["_key", *content]
        repeated = marked.join(older.select(places), on=places, how="semi", nulls_equal=True)[ROW]
        stale = pl.col(ROW).is_in(repeated.implode())  # of a changed key, or of one that a snapshot ended
        marked = marked.with_columns(_change=pl.when(stale).then(pl.lit("same")).otherwise(pl.col("_change")))
    replaced = known.join(marked.filter(pl.col("_change") == "changed").select("_key"), on="_key", how="semi")
    return marked, replaced


def _under_their_enterprise(
    dataset: Dataset, rows: pl.DataFrame, known: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A correction may come after the register has brought a row's enterprise and before that row was matched again.

    Such rows of `known` under the key that they have by now; and as they are kept, with that key as `_now`.
    """
    linked = rows.filter(pl.col("enterprise").is_not_null())
    now = linked.select(pl.col("_key").alias("_now"), validation.unlinked_key(dataset).alias("_key"))
    now = now.join(known.select(pl.col("_key").alias("_now")), on="_now", how="anti")
    early = known.join(now, on="_key", how="inner")
    others = known.join(early.select("_key"), on="_key", how="anti")
    moved = early.with_columns(_key=pl.col("_now")).select(known.columns)
    return pl.concat([others, moved]), early


def _ended(
    dataset: Dataset,
    rows: pl.DataFrame,
    written: pl.DataFrame,
    known: pl.DataFrame,
    period: tuple[date | None, date | None],
) -> pl.DataFrame:
    """Known versions inside the file's period whose key neither an accepted nor a rejected row of the file names."""
    inside = known
    if dataset.grain is Grain.MONTH:
        inside = known.join(rows.select("month").unique(), on="month", how="semi")
    elif dataset.grain is Grain.EVENT:
        if dataset.date is None or period[0] is None or period[1] is None:
            return known.clear()
        inside = known.filter(pl.col(dataset.date).is_between(period[0], period[1]))
    left = inside.join(rows.select("_key"), on="_key", how="anti")
    left = left.with_columns(validation.plain_key(dataset).alias("_plain"))
    return left.join(
        written.select(pl.col("_key").alias("_plain")).drop_nulls(), on="_plain", how="anti"
    ).drop("_plain")


def _raw_cells(raw: RawFile, written: pl.DataFrame) -> pl.DataFrame:
    """Rejected rows with their cells as they stand in the file: its rows are numbered from 1 without a gap."""
    cells = raw.frame.select(pl.all().gather(written[ROW].cast(pl.UInt32) - 1))
    return cells.with_columns(written["_key"])


def _references(raw: RawFile, rows: pl.DataFrame) -> pl.Series:
    """Numbers of quarantined rows for which accepted rows of this file stand."""
    if REFERENCE not in raw.frame.columns:
        return pl.Series(REFERENCE, [], dtype=pl.Int64)
    cited = raw.frame.select(ROW, pl.col(REFERENCE).cast(pl.Int64, strict=False)).drop_nulls()
    return cited.join(rows.select(ROW), on=ROW, how="semi")[REFERENCE].unique()


def _month_of(dataset: Dataset, as_of: date) -> pl.Expr:
    if dataset.grain is Grain.MONTH:
        return pl.col("month")
    if dataset.date is None:
        return pl.lit(as_of.year * 100 + as_of.month, pl.Int32).alias("month")
    day = pl.col(dataset.date)
    return (day.dt.year() * 100 + day.dt.month().cast(pl.Int32)).alias("month")


def _pairs(
    dataset: Dataset, fresh: pl.DataFrame, seen: pl.DataFrame, ended: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    filled = [part for part in (fresh, seen, ended) if not part.is_empty()] or [fresh]
    pairs = pl.concat([part.select("enterprise", _month_of(dataset, as_of)) for part in filled]).drop_nulls()
    by_month = dataset.grain is Grain.MONTH and set(dataset.key) == {"uscc", "month"}
    return pairs if by_month and len(filled) == 1 else pairs.unique()  # a key is one enterprise and one month


def pairs_of(dataset: Dataset, rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Distinct enterprise and month of these rows; a snapshot's are of the month of `as_of`."""
    return _pairs(dataset, rows, rows.clear(), rows.clear(), as_of)


def _months(dataset: Dataset, rows: pl.DataFrame) -> tuple[int | None, int | None]:
    if dataset.grain is not Grain.MONTH or rows.is_empty():
        return None, None
    first, last = rows.select(pl.col("month").min().alias("a"), pl.col("month").max().alias("b")).row(0)
    return first, last


def _widest(
    one: tuple[int | None, int | None], other: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    firsts = [month for month in (one[0], other[0]) if month is not None]
    lasts = [month for month in (one[1], other[1]) if month is not None]
    return (min(firsts) if firsts else None), (max(lasts) if lasts else None)


def _period(
    dataset: Dataset, rows: pl.DataFrame, stated: tuple[date | None, date | None], today: date
) -> tuple[date | None, date | None]:
    """What the sender stated, else what the rows show: their months, their events' days, or today for a snapshot."""
    first, last = stated
    if dataset.grain is Grain.MONTH:
        months = _months(dataset, rows)
        if months[0] is not None and months[1] is not None:
            first = first or date(months[0] // 100, months[0] % 100, 1)
            last = last or min(_end_of_month(months[1]), today)
        return first, last
    if dataset.date is None:
        return first or today, last or today
    if not rows.is_empty():
        low, high = rows.select(
            pl.col(dataset.date).min().alias("a"), pl.col(dataset.date).max().alias("b")
        ).row(0)
        first, last = first or low, last or high
    return first, last


def _end_of_month(month: int) -> date:
    year, number = divmod(month, 100)
    following = date(year + 1, 1, 1) if number == 12 else date(year, number + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def segment_of(
    dataset: Dataset, checked: Checked, batch_id: str, seq: int, known_at: datetime
) -> pl.DataFrame:
    """The accepted segment: fresh rows, then the ends of keys."""
    parts = [checked.fresh.with_columns(_gone=pl.lit(False))]
    if not checked.ended.is_empty():
        parts.append(checked.ended.with_columns(_gone=pl.lit(True), _row=pl.lit(0, pl.Int64)))
    marked = [
        part.with_columns(
            _batch=pl.lit(batch_id),
            _seq=pl.lit(seq, pl.Int64),
            _known=pl.lit(known_at).cast(MARKS["_known"]),
        ).select([pl.col(name).cast(kind) for name, kind in schema_of(dataset).items()])
        for part in parts
    ]
    return pl.concat(marked)
