"""Facts of all enterprises in one month: parts of each family joined once, facts over several parts, milder twins.

A row that was matched by a name only may not raise a red light. Red conditions therefore read twins `<fact>_sure`: of the
value with and the value without the merely probable rows, the milder one (ADR 0085). The certain rows are computed first;
only enterprises that have others are computed again with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from api.risk.facts import disputes, employment, insurance, operation, safety, utilities, wages
from api.risk.facts.datasets import DATASETS
from api.risk.facts.lexicon import SURE, Fact, dictionary
from api.risk.facts.parameters import FactParameters
from api.risk.facts.ports import AcceptedRows
from api.risk.facts.window import Part, Window

PICKED_MAX = 5_000
"""Up to so many subjects are named to the scan; above, it reads the district and the join picks."""
_FAMILIES = (employment, insurance, wages, disputes, safety, operation, utilities)


def compute_facts(
    rows: AcceptedRows, subjects: pl.DataFrame, month: int, as_of: date, parameters: FactParameters
) -> pl.DataFrame:
    """One row per subject, in the order given: `enterprise` Int64, `month` Int32, then every fact of the dictionary and the
    twins `<fact>_sure`, all Int64 (flags 0/1, money fen), null = unknown.

    `subjects` has `enterprise` Int64 and `industry` String and may be any part of the district: a subject's facts depend on
    its own rows and on `parameters` alone. `as_of` is the day that the run speaks for; later events do not exist.
    """
    window = Window(rows, month, as_of, parameters, enterprises=_chosen(subjects))
    facts, doubtful = _collect(window, subjects)
    if doubtful:
        firms = pl.concat(list(doubtful.values())).unique().to_series()
        some = subjects.filter(pl.col("enterprise").is_in(firms.implode()))
        wider = Window(
            rows, month, as_of, parameters, enterprises=_chosen(some), probable=frozenset(doubtful)
        )
        facts = _with_probable(facts, _collect(wider, some)[0])
    return facts.with_columns(pl.lit(month, pl.Int32).alias("month")).select(
        "enterprise", "month", *_columns()
    )


def _with_probable(certain: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """For the enterprises of `every`: its facts, and twins as the milder of its facts and of the certain rows' alone."""
    twins = [fact for fact in dictionary().values() if fact.sure]
    alone = certain.select("enterprise", *[pl.col(fact.name).alias(f"{fact.name}{SURE}") for fact in twins])
    both = every.drop([f"{fact.name}{SURE}" for fact in twins]).join(
        alone, on="enterprise", how="left", maintain_order="left"
    )
    both = both.with_columns([_milder(fact).alias(f"{fact.name}{SURE}") for fact in twins])
    return certain.update(both, on="enterprise", how="left", include_nulls=True)


def _milder(fact: Fact) -> pl.Expr:
    pair = [pl.col(fact.name), pl.col(f"{fact.name}{SURE}")]
    known = pair[0].is_not_null() & pair[1].is_not_null()
    milder = pl.max_horizontal(pair) if fact.worse == "down" else pl.min_horizontal(pair)
    return pl.when(known).then(milder)


def _collect(window: Window, subjects: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Facts with twins equal to them, and the enterprises with probable rows by dataset; one collection reads all."""
    parts = [part for family in _FAMILIES for part in family.parts(window)]
    marks = {
        code: mark for code in DATASETS if window.fresh(code) and (mark := window.probable(code)) is not None
    }
    plans = [part.frame for part in parts if part.frame is not None]
    frames = iter(pl.collect_all([*plans, *marks.values()]))
    joined = _joined(subjects, parts, frames)
    doubtful = {code: frame for code, frame in zip(marks, frames, strict=True) if frame.height}
    crossed = (
        employment.facts(), insurance.facts(), wages.facts(), safety.facts(window), utilities.facts(window),
    )  # fmt: skip
    for cross in crossed:
        joined = joined.with_columns(**{name: value.cast(pl.Int64) for name, value in cross.items()})
    twins = [pl.col(name).alias(f"{name}{SURE}") for name, fact in dictionary().items() if fact.sure]
    # The dictionary says which sources a fact needs: one that is stale makes it unknown, whatever the others say.
    shown = [
        pl.col(name) if window.fresh(*fact.datasets) else pl.lit(None, pl.Int64).alias(name)
        for name, fact in dictionary().items()
    ]
    return joined.select("enterprise", *shown).with_columns(twins), doubtful


def collect_parts(subjects: pl.DataFrame, parts: Sequence[Part]) -> pl.DataFrame:
    """`enterprise, industry` of the subjects with the columns of these parts."""
    plans = [part.frame for part in parts if part.frame is not None]
    return _joined(subjects, parts, iter(pl.collect_all(plans)))


def _joined(subjects: pl.DataFrame, parts: Sequence[Part], frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
    # One chunk: string functions of this Polars version fail over an empty one, which a filter may leave.
    joined = subjects.select("enterprise", "industry").rechunk()
    for part in parts:
        joined = _join(joined, part, None if part.frame is None else next(frames))
    return joined


def _join(joined: pl.DataFrame, part: Part, frame: pl.DataFrame | None) -> pl.DataFrame:
    if frame is None:
        return joined.with_columns([pl.lit(None, pl.Int64).alias(name) for name in part.columns])
    found = frame.select(
        "enterprise",
        *[pl.col(name).cast(pl.Int64) for name in part.columns],
        pl.lit(value=True).alias("_here"),
    )
    joined = joined.join(found, on="enterprise", how="left", maintain_order="left", validate="m:1")
    if part.absent is not None:
        here = pl.col("_here").is_not_null()
        joined = joined.with_columns(
            [pl.when(here).then(pl.col(name)).otherwise(part.absent).alias(name) for name in part.columns]
        )
    return joined.drop("_here")


def _chosen(subjects: pl.DataFrame) -> Sequence[int] | None:
    return subjects["enterprise"].to_list() if subjects.height <= PICKED_MAX else None


def _columns() -> list[str]:
    return [*dictionary(), *(f"{name}{SURE}" for name, fact in dictionary().items() if fact.sure)]
