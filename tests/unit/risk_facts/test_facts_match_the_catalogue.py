"""The facts' table of datasets says what the exchange's catalogue says."""

from __future__ import annotations

import polars as pl

from api.exchange.rules.catalogue import dataset_of
from api.exchange.service.accepted import schema_of
from api.risk.facts.datasets import DATASETS
from tests.unit.risk_facts.accepted import COLUMNS


def test_kind_grain_and_columns_agree() -> None:
    for code, dataset in DATASETS.items():
        entry = dataset_of(code)
        assert (entry.kind.value, entry.grain.value) == (dataset.kind, dataset.grain), code
        schema = schema_of(entry)
        for name, kind in COLUMNS[code].items():
            assert schema[name] == kind, (code, name)
        if dataset.dated and dataset.grain != "month":
            assert schema[dataset.dated] == pl.Date, code
