"""Any of the known formats by the name's ending and by the first bytes; the header against the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from api.exchange.model import Dataset
from api.exchange.rules.headers import REFERENCE, Headers, read_headers
from api.exchange.rules.validation import ROW
from api.exchange.service.readers.columnar import read_json_lines, read_parquet
from api.exchange.service.readers.sheets import read_sheets
from api.exchange.service.readers.text import read_text
from api.kernel.errors import DomainError, invalid

FORMATS: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": read_text,
    ".txt": read_text,
    ".xlsx": read_sheets,
    ".parquet": read_parquet,
    ".ndjson": read_json_lines,
}
_MAGIC = {b"PK\x03\x04": ".xlsx", b"PAR1": ".parquet"}
_GUARD = r"^'([ \u3000]*[=+\-@\t\r\n|%])"
MAX_ROWS = 5_000_000


@dataclass(frozen=True)
class RawFile:
    """`frame`: all schema columns as String, `_row` and, in files that came from us, `_ref`.

    `version`: of the schema that the file follows; columns that came later are null.
    """

    frame: pl.DataFrame
    rows: int
    version: int = 1


def format_of(name: str) -> str:
    """The ending that says how a file is read. Raises invalid `exchange.file_format_unknown`."""
    ending = Path(name).suffix.lower()
    if ending not in FORMATS:
        raise invalid("exchange.file_format_unknown", known=" ".join(FORMATS))
    return ending


def read_file(dataset: Dataset, path: Path, name: str) -> RawFile:
    """Read the landed file `path` that was called `name`. Raises invalid `exchange.file_*` or `exchange.columns_wrong`."""
    ending = format_of(name)
    with path.open("rb") as handle:
        actual = _MAGIC.get(handle.read(4))
    if actual is not None and actual != ending:
        raise invalid("exchange.file_other_format", actual=actual, name=ending)
    found = FORMATS[ending](path)
    if found.height > MAX_ROWS:
        raise invalid("exchange.file_too_many_rows", limit=MAX_ROWS)
    headers = read_headers(dataset, [_bare(name) for name in found.columns])
    if not headers.usable:
        raise columns_wrong(headers)
    chosen = [found.columns[index] for index in headers.columns]
    frame = found.select(chosen).rename(dict(zip(chosen, headers.columns.values(), strict=True)))
    later = [name for name in dataset.names if name not in frame.columns]
    if later:
        frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in later)
    if REFERENCE in frame.columns:  # our own download: the apostrophes before risky beginnings are ours, too
        frame = frame.with_columns(pl.col(dataset.names).str.replace(_GUARD, "$1"))
    numbered = frame.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    return RawFile(numbered, frame.height, headers.version)


def _bare(name: str) -> str:
    return name.split("_duplicated_", 1)[0] if "_duplicated_" in name else name


def columns_wrong(headers: Headers) -> DomainError:
    """Which columns are missing, doubled or unknown, and what an unknown one may have meant."""
    near = [f"{text} → {name}" for text, name in headers.nearest.items()]
    return invalid(
        "exchange.columns_wrong",
        missing=_listed(headers.missing),
        unknown=_listed(headers.unknown),
        doubled=_listed(headers.doubled),
        nearest=_listed(near),
    )


def _listed(names: Sequence[str]) -> str:
    return "、".join(name[:60] for name in names[:20]) or "—"
