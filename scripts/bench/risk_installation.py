"""A temporary installation with an invented district: real database by its migrations, accepted segments as the intake leaves
them, the services that the container wires. What `risk-nightly`, `risk-backtest` and `risk-correction` measure on.

The rows are made column by column without stories, but calm: most enterprises have no colour, a few per cent have one in one
source or another, as a district has. Segments: one per dataset and month, as departments deliver.
"""

from __future__ import annotations

import calendar
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import insert, select

from api.bootstrap import risk as risk_wiring
from api.bootstrap.container import Container
from api.exchange.rules.catalogue import dataset_of
from api.exchange.service.accepted import schema_of
from api.exchange.service.store import Store
from api.exchange.tables import ExchangeBatchRow, ExchangeLandingRow, ExchangeSubjectRow
from api.infra.settings import Settings
from api.kernel.clock import FixedClock
from api.kernel.events import RowsChanged
from api.kernel.ids import new_id
from api.migrations.run import upgrade
from api.risk.facts.datasets import DATASETS, Dataset
from api.risk.facts.window import month_index, month_of

DISTRICT = 35_834
EVENTS = 1_500
"""Rows of an event dataset in three years."""
TOWNS = 22
LAST = 202610
HISTORY = 17
"""Months before the first one that its facts reach back to."""
KNOWN = datetime(2026, 11, 1, tzinfo=UTC)
_TRUE = frozenset({"has_meter", "wage_account", "guarantee", "has_union", "congress", "mediation_committee",
                   "rules_published"})  # fmt: skip
_STAFF = frozenset({
    "paid_persons", "full_time_persons", "insured_persons", "staff_start", "due_persons", "roster_persons",
    "tenure30_persons", "valid_contracts", "staff", "own_staff", "workers",
})  # fmt: skip
_WAGES = frozenset({"payroll_total", "due_amount", "paid_amount", "base_declared_total", "base_due_total"})
_WORDS = {
    "status": "open", "grade": "B", "claim": "wages", "stage": "mediation", "channel": "12345",
    "state": "corrected",
}  # fmt: skip
_KINDS = {
    "market_abnormal": "abnormal", "si_injury": "injury", "court_event": "labour", "inspection_act": "wages",
    "group_event": "petition", "credit_list": "grade_a", "safety_penalty": "penalty",
    "environment_penalty": "penalty",
}  # fmt: skip


def _draw(seed: int, size: int) -> pl.Expr:
    return (pl.col("enterprise").hash(seed) + pl.int_range(pl.len()).hash(seed + 1)).hash(seed) % size


def _value(name: str, code: str, month: int | None, seed: int) -> pl.Expr:
    """A column's value: what is usual, and in a few rows of a hundred something that a rule reads."""
    staff = (pl.col("enterprise").hash(7) % 60 + 5).cast(pl.Int64)
    rare = _draw(seed, 100) == 0
    if name == "arrears_months" or name == "overdue_days":
        return pl.when(rare).then(_draw(seed + 2, 3) + 1).otherwise(0)
    if name == "paid_amount":
        return staff * 600_000 * pl.when(rare).then(4).otherwise(10) // 10
    if name in _STAFF:
        return staff
    if name in _WAGES:
        return staff * 600_000
    if name == "usage":
        return 1_000 + staff * 10 + (_draw(seed, 40)).cast(pl.Int64)
    if name == "new_contracts_12m":
        return staff // 4
    if name == "month" and month is not None:
        return pl.lit(month)
    if name == "unpaid_period":
        return pl.lit(LAST)
    if name == "persons":
        return pl.lit(1)
    if name == "kind":
        return pl.lit(_KINDS[code])
    if name in _WORDS:
        return pl.lit(_WORDS[name])
    return pl.lit(0)


def frame_of(dataset: Dataset, enterprises: int, month: int | None) -> pl.DataFrame:
    """The rows of a segment in the schema of the intake."""
    schema = schema_of(dataset_of(dataset.code))
    if dataset.grain == "event":
        number = pl.int_range(EVENTS * enterprises // DISTRICT + 1)
        firms = pl.select(number.alias("n")).select(
            (pl.col("n").hash(sum(map(ord, dataset.code))) % enterprises + 1)
            .cast(pl.Int64)
            .alias("enterprise")
        )
    else:
        firms = pl.DataFrame({"enterprise": range(1, enterprises + 1)}, schema={"enterprise": pl.Int64})
    epoch = (date(2023, 11, 1) - date(1970, 1, 1)).days
    columns: list[pl.Expr] = []
    for seed, (name, kind) in enumerate(schema.items(), (month or 0) + 11):
        if name == "enterprise":
            continue
        if name == "_key":
            value = pl.format("{}-{}-{}", pl.col("enterprise"), pl.lit(month or 0), pl.int_range(pl.len()))
        elif name in ("_method", "_batch"):
            value = pl.lit("uscc")
        elif name == "_row":
            value = pl.int_range(1, pl.len() + 1)
        elif name == "_known":
            value = pl.lit(datetime(2026, 11, 1, tzinfo=UTC))
        elif name == "_seq":
            value = pl.lit(1)
        elif kind == pl.Boolean():
            value = pl.lit(name in _TRUE) if name not in ("late_filing",) else _draw(seed, 200) == 0
        elif kind == pl.Date():
            day = (month or LAST) // 100, (month or LAST) % 100, 15
            if name in ("due_on", "paid_on") and dataset.grain == "month":
                value = pl.lit(date(*day))
            elif name == dataset.dated:
                value = (_draw(seed, 1_090) + epoch).cast(pl.Int32).cast(pl.Date)
            elif name == "collective_contract_until":
                value = pl.lit(date(2030, 1, 1))
            else:
                value = pl.lit(None, pl.Date)
        elif kind == pl.String() and name not in _WORDS and name != "kind":
            value = pl.lit("C18") if name == "industry" else pl.lit("x")
        else:
            value = _value(name, dataset.code, month, seed)
        columns.append(value.cast(kind).alias(name))
    return firms.select("enterprise", *columns).select(list(schema))


def _batch(
    container: Container, code: str, landing: str, frame: pl.DataFrame, month: int | None, seq: int,
    known: datetime, changed: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """A segment on disk and the row that names it. Event and snapshot datasets are covered past every day measured."""
    store = Store(container.settings.data_dir / "exchange", 10**9)
    batch = new_id()
    stored = store.write(frame, f"accepted/{code}/{batch}.parquet")
    year, number = divmod(month or LAST, 100)
    end = date(year, number, calendar.monthrange(year, number)[1]) if month else date(2026, 12, 31)
    return {
        "id": batch, "dataset": code, "schema_version": 1, "landing_id": landing, "mode": "append",
        "trial": False, "state": "committed", "period_from": date(year, number, 1), "period_to": end,
        "first_month": month, "last_month": month, "rows": frame.height, "new": frame.height - changed,
        "changed": changed, "created_at": known, "seq": seq, "known_at": known, "segment": stored.path,
        "segment_sha256": stored.sha256, "summary": [],
    }  # fmt: skip


def deliver(
    container: Container, code: str, frame: pl.DataFrame, month: int | None, known: datetime, changed: int = 0
) -> None:
    """One more segment, as a committed file leaves it, and what the exchange announces with it."""
    with container.uow() as session:
        last = session.scalars(
            select(ExchangeBatchRow)
            .where(ExchangeBatchRow.dataset == code)
            .order_by(ExchangeBatchRow.seq.desc())
        ).first()
        if last is None or last.seq is None:
            raise ValueError("nothing was delivered yet")
        later = frame.with_columns(pl.lit(last.seq + 1).alias("_seq"), pl.lit(known).alias("_known"))
        later = later.cast(dict(schema_of(dataset_of(code))))  # type: ignore[arg-type]
        row = _batch(container, code, last.landing_id, later, month, last.seq + 1, known, changed)
        session.execute(insert(ExchangeBatchRow), [row])
        pairs = [(n, month or LAST) for n in frame["enterprise"].to_list()]
        container.bus.publish(session, RowsChanged(code, pairs))


def _deliver(container: Container, enterprises: int, months: Sequence[int]) -> int:
    """Write and name all segments; how many rows."""
    landings: list[dict[str, Any]] = []
    batches: list[dict[str, Any]] = []
    rows = 0
    for code, dataset in DATASETS.items():
        landing = new_id()
        landings.append({
            "id": landing, "dataset": code, "sha256": "0" * 64, "size": 1, "name": "bench.csv",
            "path": f"landing/{code}", "channel": "folder", "received_at": KNOWN, "received_by": "bench",
        })  # fmt: skip
        for seq, month in enumerate(months if dataset.grain == "month" else [None], 1):
            frame = frame_of(dataset, enterprises, month)
            rows += frame.height
            batches.append(_batch(container, code, landing, frame, month, seq, KNOWN))
    with container.uow() as session:
        session.execute(insert(ExchangeLandingRow), landings)
        session.execute(insert(ExchangeBatchRow), batches)
        session.execute(
            insert(ExchangeSubjectRow),
            [
                {
                    "id": n, "uscc": f"91500107BENCH{n:05d}", "name": f"基准企业{n}号",
                    "town": f"500107{n % TOWNS + 1:03d}", "industry": ("C18", "F51", "E48", "H62")[n % 4],
                    "status": "open", "batch_id": "b" * 26, "known_at": KNOWN,
                }
                for n in range(1, enterprises + 1)
            ],
        )  # fmt: skip
    return rows


@contextmanager
def installation(enterprises: int, months: int, now: datetime) -> Iterator[tuple[Container, list[int], int]]:
    """The container of a district whose rows reach back far enough for the last `months` months, those, and the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "field").write_text("01" * 32, "ascii")
        url = f"sqlite:///{folder / 'bench.db'}"
        upgrade(url)
        settings = Settings(
            data_dir=folder, database_url=url, field_key_file=folder / "field", log_origin="bench.test/log"
        )
        container = Container(settings, FixedClock(now))
        risk_wiring.subscribe(container)
        chosen = [month_of(month_index(LAST) - n) for n in range(months - 1, -1, -1)]
        span = [month_of(month_index(chosen[0]) - n) for n in range(HISTORY, 0, -1)] + chosen
        try:
            yield container, chosen, _deliver(container, enterprises, span)
        finally:
            container.close()


def bare(container: Container, month: int, known_at: datetime) -> None:
    """The baseline: read the rows that the month's facts read, from the same files, one maximum of every column by enterprise.

    The segments are found beforehand by SQL, as the run finds them; nothing is kept.
    """
    rows: Any = container.exchange.accepted
    plans = []
    for code, dataset in DATASETS.items():
        first = month_of(month_index(month) - dataset.months + 1) if dataset.months else None
        frame = rows.scan(code, first_month=first, last_month=month if first else None, known_at=known_at)
        names = [n for n in frame.collect_schema().names() if n != "enterprise" and not n.startswith("_")]
        plans.append(frame.group_by("enterprise").agg(pl.col(names).max()))
    pl.collect_all(plans)
