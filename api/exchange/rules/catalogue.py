"""The catalogue: one JSON file a dataset under `api/exchange/catalogue/`, read strictly, and its lint."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from api.exchange.model import Column, ColumnType, Dataset, Grain, Kind, Owner
from api.kernel.errors import not_found

FOLDER = Path(__file__).resolve().parents[1] / "catalogue"
_HEAD = {
    "code", "version", "zh", "en", "owner", "kind", "grain", "key", "date", "frequency", "interval_days", "grace_days",
    "sensitivity", "basis", "columns",
}  # fmt: skip
_COLUMN = {
    "name", "type", "zh", "en", "nullable", "min", "max", "max_length", "pattern", "values", "future", "not_before", "at_most",
    "mask", "since", "until",
}  # fmt: skip
FREQUENCIES = {"daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92}
MASKS = {"none", "partial", "hide"}
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}\Z")


class CatalogueError(ValueError):
    """A dataset's file does not have the form of the catalogue."""


def parse(data: Mapping[str, Any]) -> Dataset:
    """A dataset from its JSON object; unknown or missing keys raise CatalogueError."""
    if set(data) != _HEAD:
        raise CatalogueError(f"{data.get('code')}: keys {sorted(set(data) ^ _HEAD)}")
    for column in data["columns"]:
        if not set(column) <= _COLUMN or not {"name", "type", "zh", "en"} <= set(column):
            raise CatalogueError(f"{data['code']}: column {column.get('name')}")
    columns = [_column(column) for column in data["columns"]]
    return Dataset(
        code=data["code"],
        version=int(data["version"]),
        zh=data["zh"],
        en=data["en"],
        owner=Owner(**data["owner"]),
        kind=Kind(data["kind"]),
        grain=Grain(data["grain"]),
        key=tuple(data["key"]),
        date=data["date"],
        frequency=data["frequency"],
        interval_days=int(data["interval_days"]),
        grace_days=int(data["grace_days"]),
        sensitivity=int(data["sensitivity"]),
        basis_zh=data["basis"]["zh"],
        basis_en=data["basis"]["en"],
        columns=tuple(column for column in columns if not column.until),
        retired=tuple(column for column in columns if column.until),
    )


def _column(data: Mapping[str, Any]) -> Column:
    renamed = {"min": "minimum", "max": "maximum"}
    values = {renamed.get(name, name): value for name, value in data.items()}
    return Column(**{**values, "type": ColumnType(data["type"])})


def lint(datasets: Iterable[Dataset]) -> list[str]:
    """What is wrong with the catalogue, a line each; empty when nothing is."""
    found: list[str] = []
    seen: set[str] = set()
    for dataset in datasets:
        say = [f"{dataset.code}: {text}" for text in _faults(dataset)]
        if dataset.code in seen:
            say.append(f"{dataset.code}: twice")
        seen.add(dataset.code)
        found += say
    return found


def _faults(dataset: Dataset) -> Iterable[str]:
    names = dataset.names
    if not _NAME.match(dataset.code):
        yield "code is not lower-case snake case"
    if len(set(names)) != len(names) or not all(_NAME.match(name) for name in names):
        yield "column names are doubled or malformed"
    if names[:2] != ["uscc", "name"]:
        yield "the first two columns are uscc and name"
    if not dataset.key or not set(dataset.key) <= set(names):
        yield "key names unknown columns"
    yield from (f"key column {name} is nullable" for name in dataset.key if _open_key(dataset, name))
    wanted = {Grain.MONTH: ColumnType.MONTH, Grain.EVENT: ColumnType.DATE, Grain.SNAPSHOT: None}[
        dataset.grain
    ]
    actual = dataset.column(dataset.date).type if dataset.date in names else None
    if actual is not wanted:
        yield f"a {dataset.grain.value} dataset's date column is of the wrong type"
    if dataset.grain is Grain.EVENT and dataset.kind is not Kind.EVENT:
        yield "events are of kind event"
    if dataset.frequency not in FREQUENCIES or dataset.interval_days < FREQUENCIES[dataset.frequency]:
        yield "interval is shorter than the frequency promises"
    if dataset.grace_days < 0 or dataset.sensitivity not in {1, 2, 3, 4}:
        yield "grace or sensitivity is out of range"
    if "第" not in dataset.basis_zh or "art." not in dataset.basis_en:
        yield "the legal basis names no article"
    for column in dataset.columns:
        yield from (f"{column.name}: {text}" for text in _column_faults(dataset, column))
    yield from _version_faults(dataset)


def _version_faults(dataset: Dataset) -> Iterable[str]:
    every = [*dataset.columns, *dataset.retired]
    if len({column.name for column in every}) != len(every):
        yield "a column that was given up comes back: it needs another name"
    for column in every:
        if not 1 <= column.since <= dataset.version:
            yield f"{column.name}: comes with a version that there is not"
        if column.until and not column.since <= column.until < dataset.version:
            yield f"{column.name}: is given up with a version that there is not"
        if column.since > 1 and not column.until and not column.nullable:
            yield f"{column.name}: came later and is not nullable, so older files could not be taken"
    of_all = {"uscc", "name", *dataset.key, dataset.date} - {None}
    if any(column.since > 1 for column in dataset.columns if column.name in of_all):
        yield "identity, key or date came later: that is another dataset"


def _open_key(dataset: Dataset, name: str) -> bool:
    return name in dataset.names and name != "uscc" and dataset.column(name).nullable


def _column_faults(dataset: Dataset, column: Column) -> Iterable[str]:
    if not column.zh or not column.en:
        yield "has no name in both languages"
    if (column.type is ColumnType.ENUM) != bool(column.values):
        yield "an enumeration, and only it, lists values"
    if column.minimum > column.maximum:
        yield "range is empty"
    if column.mask not in MASKS:
        yield "mask is unknown"
    for other in (column.not_before, column.at_most):
        if other and (other not in dataset.names or dataset.column(other).type is not column.type):
            yield f"is compared with {other}"


@cache
def delivered() -> Mapping[str, Dataset]:
    """The catalogue by code. Raises CatalogueError when a file or the whole is wrong."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        dataset = parse(json.loads(path.read_text("utf-8")))
        if path.stem != dataset.code:
            raise CatalogueError(f"{path.name} describes {dataset.code}")
        found[dataset.code] = dataset
    faults = lint(found.values())
    if faults:
        raise CatalogueError("; ".join(faults))
    return found


def dataset_of(code: str) -> Dataset:
    """The dataset of that code. Raises not_found `exchange.dataset_unknown`."""
    found = delivered().get(code)
    if found is None:
        raise not_found("exchange.dataset_unknown")
    return found
