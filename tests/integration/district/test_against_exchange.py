"""Generated files against the exchange's own catalogue, readers and checks: nothing may be rejected but what was planted."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import polars as pl

from api.exchange.rules import catalogue, validation
from api.exchange.service import readers
from scripts.district.deliveries import Rhythm
from scripts.district.generate import Plan, generate
from scripts.district.schema import sources
from scripts.district.untidy import Rates

TODAY = dt.date(2026, 11, 23)
_TYPES = {
    "text": "text", "key": "text", "int": "count", "money": "yuan",
    "date": "date", "month": "month", "flag": "flag", "enum": "code",
}  # fmt: skip


def test_every_dataset_of_the_catalogue_is_generated_with_its_columns() -> None:
    made = {source.code: source for source in sources(with_optional=True)}
    delivered = catalogue.delivered()
    assert set(made) == set(delivered)
    for code, dataset in delivered.items():
        source = made[code]
        assert source.names == dataset.names, code
        assert source.key == tuple(dataset.key), code
        for mine, theirs in zip(source.columns[2:], dataset.columns[2:], strict=True):
            assert mine.kind == _TYPES[theirs.type.value], f"{code}.{mine.name}"
            assert mine.nullable == theirs.nullable, f"{code}.{mine.name}"


def test_quarantine_is_exactly_what_was_planted(tmp_path: Path) -> None:
    rates = Rates(
        error=150, conflict=40, duplicate=60, damaged_code=60, written_differently=60, not_registered=50
    )
    plan = Plan.until(
        "2026-10",
        enterprises=200,
        months=14,
        seed=8,
        rates=rates,
        optional=True,
        rhythm=Rhythm(recent=2, history=6),
    )
    manifest = generate(plan, tmp_path / "out")
    planted: dict[str, set[int]] = {}
    with (tmp_path / "out" / "labels" / "planted.csv").open(encoding="utf-8", newline="") as file:
        for item in csv.DictReader(file):
            if item["expected"] in ("quarantine", "conflict"):
                planted.setdefault(item["file"], set()).add(int(item["row"]))
    rejected = 0
    for file in manifest["files"]:
        dataset = catalogue.dataset_of(file["dataset"])
        raw = readers.read_file(dataset, tmp_path / "out" / file["path"], file["path"])
        assert raw.rows == file["rows"]
        checked = validation.validate(dataset, raw.frame, TODAY)
        nobody = pl.lit(None, dtype=pl.Int64)
        keyed = validation.with_keys(dataset, checked.valid.with_columns(enterprise=nobody))
        _, contradicting, found = validation.without_doubles(dataset, keyed)
        got = set(checked.rejected["_row"].to_list()) | set(contradicting["_row"].to_list())
        assert got == planted.get(file["path"], set()), file["path"]
        repeated = found.filter(pl.col("rule") == "key_repeated").height
        assert repeated == file["planted"].get("duplicate:sent_twice", 0), file["path"]
        rejected += len(got)
    assert rejected == sum(len(rows) for rows in planted.values()) > 100
