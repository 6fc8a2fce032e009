"""`concord bench risk-intake`: what the whole intake costs beside bare reading and checking, and whether it finds every error.

One file of `tax_month`: every row another enterprise and month, codes with right check characters, and planted errors of
every kind at known rows. Baseline of the same run: `polars.read_csv` into text columns and the same checks of every cell
incl. the check character, nothing kept. The intake lands (SHA-256, fsync), finds the encoding, reads, checks, matches against
the register by the whole cascade, builds keys, looks for doubles, writes the segment, and commits with the quarantine.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console

from api.bootstrap.exchange import RegisterSource
from api.exchange.matching.service import Matching
from api.exchange.model import Batch, Channel, Dataset, Mode, Request
from api.exchange.ports import Matcher
from api.exchange.rules.catalogue import dataset_of
from api.exchange.rules.uscc import ALPHABET, check_character
from api.exchange.rules.validation import ROW, validate
from api.exchange.service import quarantine
from api.exchange.service.accepted import AcceptedRows
from api.exchange.service.intake import Intake
from api.exchange.service.store import Store
from api.exchange.service.subjects import REGISTER, RegisterMatcher, Subjects
from api.infra.db import Base, Database, UnitOfWork
from api.infra.process import settle
from api.infra.sealing import FieldKey
from api.kernel.clock import FixedClock
from scripts.bench import report

DATASET = "tax_month"
TODAY = date(2026, 6, 20)
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
MUST = 0.5
LIMIT = 2_000_000_000
ERRORS: list[tuple[str, str, str]] = [
    ("payroll_total", "2.4e13", "scientific_notation"),
    ("payroll_total", "24000000000000", "too_large"),
    ("payroll_total", "-5.00", "negative"),
    ("payroll_total", "1.234", "not_amount"),
    ("paid_persons", "-3", "negative"),
    ("full_time_persons", "twelve", "not_integer"),
    ("month", "1970-01", "empty_date"),
    ("month", "2027-01", "in_the_future"),
    ("month", "2024-13", "not_a_month"),
    ("grade", "E", "not_in_list"),
    ("late_filing", "perhaps", "not_a_flag"),
    ("arrears_months", "", "required"),
]


class _Silent:
    def rows_changed(self, _session: Any, _dataset: str, _batch_id: str, _pairs: pl.DataFrame) -> None:
        """Nobody is told here: re-scoring is measured by its own benchmark."""


def _nobody(session: Any, change: Any) -> None:
    """Nobody decides about a link here."""


def _codes(count: int, seed: random.Random) -> list[str]:
    stems = {f"91500107{''.join(seed.choices(ALPHABET, k=9))}" for _ in range(count)}
    return sorted(stem + check_character(stem) for stem in stems)


def _rows(dataset: Dataset, codes: list[str], rows: int, seed: random.Random) -> pl.DataFrame:
    """`rows` right rows: each enterprise with the months in turn."""
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    frame = pl.select(pl.int_range(rows, dtype=pl.Int64).alias("i")).with_columns(number.alias("n"))
    own, months = pl.Series(codes), pl.Series(MONTHS)
    enterprise = pl.col("i") // len(MONTHS)
    persons = pl.col("i") % 97 + 3
    made = frame.select(
        own.gather(frame["i"] // len(MONTHS)).alias("uscc"),
        (pl.lit("试样企业") + enterprise.cast(pl.String) + "有限公司").alias("name"),
        months.gather(frame["i"] % len(MONTHS)).alias("month"),
        pl.when(pl.col("i") % 50 == 0).then(pl.lit("是")).otherwise(pl.lit("否")).alias("late_filing"),
        (pl.col("i") % 4).cast(pl.String).alias("arrears_months"),
        pl.lit("A").alias("grade"),
        pl.lit("0").alias("non_normal"),
        ((persons * 6321).cast(pl.String) + "." + (pl.col("i") % 90 + 10).cast(pl.String)).alias(
            "payroll_total"
        ),
        persons.cast(pl.String).alias("paid_persons"),
        pl.lit("0").alias("below_min_persons"),
        persons.cast(pl.String).alias("full_time_persons"),
        pl.lit("1").alias("has_outsourcing"),
    )
    seed.random()
    return made.select(dataset.names)


def _planted(
    frame: pl.DataFrame, errors: int, seed: random.Random
) -> tuple[pl.DataFrame, dict[int, tuple[str, str]]]:
    """The frame with so many errors; row (1 = first) → column and rule."""
    places = sorted(seed.sample(range(frame.height), errors))
    expected: dict[int, tuple[str, str]] = {}
    columns = {name: frame[name].to_list() for name in {column for column, _, _ in ERRORS}}
    for count, place in enumerate(places):
        column, text, rule = ERRORS[count % len(ERRORS)]
        columns[column][place] = text
        expected[place + 1] = (column, rule)
    return frame.with_columns([pl.Series(name, values) for name, values in columns.items()]), expected


def _bare(dataset: Dataset, path: Path) -> float:
    """Seconds for reading and the checks of every cell and row; nothing is landed, matched, keyed or kept."""
    begin = time.perf_counter()
    raw = pl.read_csv(path, infer_schema=False, row_index_name=ROW, row_index_offset=1)
    if not validate(dataset, raw.with_columns(pl.col(ROW).cast(pl.Int64)), TODAY).rejected.height:
        raise typer.Exit(1)
    return time.perf_counter() - begin


def _platform(folder: Path) -> tuple[Intake, UnitOfWork]:
    database = Database(f"sqlite:///{folder / 'bench.db'}", FieldKey(bytes(32)))
    Base.metadata.create_all(database.engine)
    uow, store = UnitOfWork(database), Store(folder / "exchange", LIMIT)
    accepted, subjects = AcceptedRows(uow, store), Subjects(uow)
    clock, register = FixedClock(datetime(2026, 6, 20, 2, tzinfo=UTC)), RegisterMatcher(subjects)
    matching = Matching(uow, clock, RegisterSource(subjects), _nobody)

    def matcher(dataset: Dataset) -> Matcher:
        return register if dataset.code == REGISTER else matching

    return Intake(uow, clock, store, accepted, matcher, _Silent()), uow


def _send(intake: Intake, dataset: str, path: Path) -> tuple[Batch, float]:
    def pieces() -> Any:
        with path.open("rb") as handle:
            while chunk := handle.read(1 << 20):
                yield chunk

    begin = time.perf_counter()
    batch = intake.receive(
        Request(dataset, Mode.APPEND, False, Channel.COMMAND, path.name), pieces(), "bench"
    )
    return batch, time.perf_counter() - begin


def _judged(uow: UnitOfWork, batch: Batch, expected: dict[int, tuple[str, str]]) -> tuple[int, int]:
    """How many planted errors were found with column and rule, and how many rows were rejected without cause."""
    found = wrong = 0
    with uow.read() as session:
        for row in quarantine.each(session, batch.id):
            named = {(finding["column"], finding["rule"]) for finding in row.findings}
            if row.row not in expected:
                wrong += 1
            elif expected[row.row] in named:
                found += 1
    return found, wrong


def run(
    rows: Annotated[int, typer.Option(help="行数 / rows")] = 1_000_000,
    errors: Annotated[int, typer.Option(help="埋入的错误 / planted errors")] = 10_000,
    rounds: Annotated[
        int, typer.Option(help="次数，取各自最快的一次 / rounds; the fastest of each counts")
    ] = 3,
    keep: Annotated[bool, typer.Option("--keep/--no-keep", help="写入 / write docs/benchmarks.md")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="print facts only; no must decides")] = False,
) -> None:
    """数据接入：百万行全部检查与埋入错误 / intake of a million rows beside bare Polars; planted errors found exactly."""
    settle()  # as the API's processes do at their start
    console, seed, dataset = Console(stderr=as_json), random.Random(20261123), dataset_of(DATASET)
    times: list[tuple[float, float]] = []
    table: list[list[object]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        codes = _codes(rows // len(MONTHS) + 1, seed)
        frame, expected = _planted(_rows(dataset, codes, rows, seed), errors, seed)
        path, register = folder / "tax.csv", folder / "register.csv"
        frame.write_csv(path)
        _register(codes).write_csv(register)
        for number in range(rounds):
            own = folder / str(number)
            own.mkdir()
            intake, uow = _platform(own)
            _send(intake, REGISTER, register)
            bare = _bare(dataset, path)
            batch, seconds = _send(intake, DATASET, path)
            found, wrong = _judged(uow, batch, expected)
            again, repeat = _send(intake, DATASET, path)
            times.append((bare, seconds))
            table.append(
                [number + 1, f"{bare:.2f} s", f"{seconds:.2f} s", f"{bare / seconds:.2f}", f"{found} / {errors}", wrong,
                 batch.unmatched, f"{again.same} same, {again.new} new, {repeat:.2f} s"]
            )  # fmt: skip
            console.print(*table[-1], sep=" · ")
            if not as_json and (found, wrong, again.new, again.changed) != (errors, 0, 0, 0):
                console.print("[red]✗[/red] planted errors were not found exactly, or a repeat was doubled")
                raise typer.Exit(1)
    ratio = min(bare for bare, _ in times) / min(seconds for _, seconds in times)
    console.print(f"ratio {ratio:.2f} (must be at least {MUST})")
    if as_json:
        print(json.dumps({"ratio": round(ratio, 2), "missed": errors - found, "false": wrong}))
        return
    if keep:
        heads = [
            "round",
            "bare",
            "intake",
            "ratio",
            "errors found",
            "false",
            "unmatched",
            "the same file again",
        ]
        notes = f"{rows:,} rows; ratio of the best rounds **{ratio:.2f}** (at least {MUST}). Bare: read and check, keep nothing."
        report.write("risk-intake", f"concord bench risk-intake --rows {rows}", heads, table, notes)
    if ratio < MUST:
        raise typer.Exit(1)


def _register(codes: list[str]) -> pl.DataFrame:
    names = dataset_of(REGISTER).names
    frame = pl.DataFrame({"uscc": codes}).with_row_index("i")
    frame = frame.with_columns(
        name=pl.lit("试样企业") + pl.col("i").cast(pl.String) + "有限公司",
        status=pl.lit("open"),
        town=pl.lit("500107001"),
    )
    missing = [name for name in names if name not in frame.columns]
    return frame.with_columns([pl.lit(None, pl.String).alias(name) for name in missing]).select(names)
