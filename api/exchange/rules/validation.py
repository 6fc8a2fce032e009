"""A raw frame (all String) → valid typed rows and the exact list of findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from api.exchange.model import ERROR, WARN, Column, ColumnType, Dataset
from api.exchange.rules.cells import Fault, Read, read_column

ROW = "_row"
_TEXTS = frozenset({ColumnType.USCC, ColumnType.NAME, ColumnType.KEY, ColumnType.TEXT})
FINDINGS = {
    "row": pl.Int64,
    "column": pl.String,
    "rule": pl.String,
    "value_class": pl.String,
    "severity": pl.String,
}


@dataclass(frozen=True)
class Validated:
    """`valid`: typed rows with `_row` (1 = first data row); `findings`: row, column, rule, value_class, severity;
    `rejected`: the other rows, typed as far as they could be read."""

    valid: pl.DataFrame
    findings: pl.DataFrame
    rejected: pl.DataFrame


def no_findings() -> pl.DataFrame:
    """An empty list of findings."""
    return pl.DataFrame(schema=FINDINGS)


def validate(dataset: Dataset, raw: pl.DataFrame, as_of: date) -> Validated:
    """`raw`: the dataset's columns as String and `_row`; rows that are blank altogether are left out silently.

    A row is rejected by any finding of severity error. `as_of` counts as today.
    """
    trimmed = _without_blank_rows(dataset, raw.with_columns(_stripped(raw[name]) for name in _texts(dataset)))
    typed: list[pl.Series] = []
    faults: list[Fault] = []
    for column in dataset.columns:
        read = _read(trimmed[column.name], column, as_of)
        typed.append(read.values)
        faults += read.faults
    frame = pl.DataFrame([trimmed[ROW], *typed])
    faults += _across(dataset, frame)
    return _sorted_out(frame, faults)


def _texts(dataset: Dataset) -> list[str]:
    return [column.name for column in dataset.columns if column.type in _TEXTS]


def _stripped(raw: pl.Series) -> pl.Series:
    """Without white space around (ideographic, too); what is left empty is null."""
    bare = raw.str.strip_chars()
    return bare.replace("", None) if bare.str.len_bytes().min() == 0 else bare


def _read(raw: pl.Series, column: Column, as_of: date) -> Read:
    """Numbers and dates rarely have white space around them: it is looked for only where something is wrong."""
    read = read_column(raw, column, as_of)
    if read.faults and column.type not in _TEXTS:
        bare = _stripped(raw)
        if bare.ne_missing(raw).any():
            return read_column(bare, column, as_of)
    return read


def _without_blank_rows(dataset: Dataset, raw: pl.DataFrame) -> pl.DataFrame:
    nobody = raw["uscc"].is_null() & raw["name"].is_null()
    if not nobody.any():
        return raw
    cells = raw.filter(nobody).with_columns(_stripped(raw[name].filter(nobody)) for name in dataset.names)
    blank = cells.filter(pl.all_horizontal(pl.col(dataset.names).is_null()))[ROW]
    return raw.filter(~pl.col(ROW).is_in(blank.implode()))


def _across(dataset: Dataset, frame: pl.DataFrame) -> list[Fault]:
    faults: list[Fault] = []
    if "uscc" not in dataset.key or dataset.column("uscc").nullable:
        nobody = frame["uscc"].is_null() & frame["name"].is_null()
        if nobody.any():
            faults.append(Fault("uscc", "no_identity", "empty", ERROR, nobody))
    for column in dataset.columns:
        if column.not_before:
            mask = (frame[column.name] < frame[column.not_before]).fill_null(False)
            if mask.any():
                faults.append(Fault(column.name, "before_start", "date", ERROR, mask))
        if column.at_most:
            mask = (frame[column.name] > frame[column.at_most]).fill_null(False)
            if mask.any():
                faults.append(Fault(column.name, "more_than_whole", "number", ERROR, mask))
    return faults


def _sorted_out(frame: pl.DataFrame, faults: Sequence[Fault]) -> Validated:
    if not faults:
        return Validated(frame, no_findings(), frame.clear())
    parts = [
        findings_of(
            frame[ROW].filter(fault.mask), fault.column, fault.rule, fault.value_class, fault.severity
        )
        for fault in faults
    ]
    findings = pl.concat(parts).sort("row", maintain_order=True)
    bad = pl.Series([False]).new_from_index(0, frame.height)
    for fault in faults:
        if fault.severity == ERROR:
            bad = bad | fault.mask
    return Validated(frame.filter(~bad), findings, frame.filter(bad))


def is_register(dataset: Dataset) -> bool:
    """The register of enterprises itself: a snapshot keyed by a code that can't be missing. Its content is about who."""
    return not dataset.column("uscc").nullable


def with_keys(dataset: Dataset, frame: pl.DataFrame) -> pl.DataFrame:
    """`_key`: the business key. In place of the code stands the matched enterprise (`e12`), else code (`u…`) or name (`n…`).

    So a damaged and a right code of one enterprise are one key.
    """
    linked = pl.when(pl.col("enterprise").is_not_null())
    who = linked.then(pl.lit("e") + pl.col("enterprise").cast(pl.String)).otherwise(_unlinked())
    if is_register(dataset):
        who = pl.lit("u") + pl.col("uscc")
    return frame.with_columns(_key_with(dataset, who).alias("_key"))


def _unlinked() -> pl.Expr:
    coded = pl.when(pl.col("uscc").is_not_null())
    return coded.then(pl.lit("u") + pl.col("uscc")).otherwise(pl.lit("n") + pl.col("name"))


def _key_with(dataset: Dataset, who: pl.Expr) -> pl.Expr:
    parts = [who if name == "uscc" else pl.col(name).cast(pl.String) for name in dataset.key]
    return pl.concat_str(parts, separator="|")


def unlinked_key(dataset: Dataset) -> pl.Expr:
    """The `_key` that a row has while its enterprise is not known."""
    return _key_with(dataset, _unlinked())


def plain_key(dataset: Dataset) -> pl.Expr:
    """The business key as the sender wrote it, without matching: what a repaired row has in common with the rejected one."""
    return pl.concat_str([pl.col(name).cast(pl.String) for name in dataset.key], separator="|")


def content_columns(dataset: Dataset) -> list[str]:
    """What two rows of one key are compared by.

    Another spelling of the same enterprise changes nothing; where the key is a number of its own, another enterprise does.
    """
    if is_register(dataset):
        return dataset.names
    rest = [name for name in dataset.names if name not in {"uscc", "name"}]
    return rest if "uscc" in dataset.key else ["enterprise", *rest]


def without_doubles(dataset: Dataset, keyed: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Rows whose key stands once; the rejected ones; findings.

    Equal rows are kept once (a warning), keys that come with different values are rejected wherever they stand.
    """
    if keyed["_key"].hash().n_unique() == keyed.height:  # different digests, different keys
        return keyed, keyed.clear(), no_findings()
    doubled = keyed["_key"].is_duplicated()
    several = keyed.filter(doubled)
    kinds = (
        several.select("_key", pl.struct(content_columns(dataset)).alias("what"))
        .unique()
        .group_by("_key")
        .len("kinds")
    )
    several = several.join(kinds, on="_key", how="left", maintain_order="left")
    contradicting = several.filter(pl.col("kinds") > 1).drop("kinds")
    repeated = several.filter((pl.col("kinds") == 1) & ~pl.col("_key").is_first_distinct())
    key = next(name for name in dataset.key if dataset.column(name).type is not ColumnType.MONTH)
    findings = pl.concat(
        [
            findings_of(contradicting[ROW], key, "key_contradicts", "key", ERROR),
            findings_of(repeated[ROW], key, "key_repeated", "key", WARN),
        ]
    )
    kept = keyed.join(findings.select(pl.col("row").alias(ROW)), on=ROW, how="anti", maintain_order="left")
    return kept, contradicting, findings


def findings_of(rows: pl.Series, column: str, rule: str, value_class: str, severity: str) -> pl.DataFrame:
    """One finding for each of these rows."""
    return pl.DataFrame({"row": rows}, schema={"row": pl.Int64}).with_columns(
        column=pl.lit(column),
        rule=pl.lit(rule),
        value_class=pl.lit(value_class),
        severity=pl.lit(severity),
    )
